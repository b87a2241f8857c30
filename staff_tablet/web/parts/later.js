/** A part that is fetched when it is first needed, so that the first page stays light. */

import { useEffect, useState } from "preact/hooks";
import { html } from "#shared/lib/html.js";
import { Shapes } from "#shared/parts/empty.js";

/**
 * @param {() => Promise<any>} load gives the part itself
 * @returns {(sent: any) => any}
 */
export function later(load) {
  /** @type {any} */
  let part = null;
  return function Later(sent) {
    const [, tell] = useState(part !== null);
    useEffect(() => {
      if (!part) void load().then((loaded) => tell(Boolean((part = loaded))));
    }, []);
    return part ? html`<${part} ...${sent} />` : html`<${Shapes} rows=${3} />`;
  };
}
