/** A symbol of the sprite. It never stands without words, so it is silent. */

import { html } from "#shared/lib/html.js";
import { page } from "#shared/lib/page.js";

/** @param {{name: string, kind?: string}} sent `kind` adds a size: "large", "huge" */
export function Icon({ name, kind = "" }) {
  return html`<svg class="icon ${kind}" aria-hidden="true" focusable="false">
    <use href="${page.icons}#${name}" />
  </svg>`;
}
