/** What stands where nothing is: a sentence and the next useful thing; grey shapes while it is on its way. */

import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { Icon } from "#shared/parts/icon.js";

/** @param {{icon: string, title: string, hint?: string, children?: any}} sent */
export function Empty({ icon, title, hint, children }) {
  return html`<div class="empty">
    <${Icon} name=${icon} kind="huge" />
    <p class="empty-title">${title}</p>
    ${hint && html`<p class="empty-hint">${hint}</p>`}${children}
  </div>`;
}

/** Grey shapes that appear only after a moment, so that a quick answer never flickers. @param {{rows: number}} sent */
export function Shapes({ rows }) {
  return html`<div class="shapes" role="status" aria-label=${t("state.loading")}>
    ${Array.from({ length: rows }, (_, row) => html`<div class="shape" key=${row}></div>`)}
  </div>`;
}
