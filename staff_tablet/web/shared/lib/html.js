/** Markup in the scripts: htm's tagged templates over Preact. Importing it also teaches Preact to follow signals. */

import "@preact/signals";
import htm from "htm";
import { h } from "preact";

/** @type {(strings: TemplateStringsArray, ...values: any[]) => any} */
export const html = htm.bind(h);
export { render } from "preact";
