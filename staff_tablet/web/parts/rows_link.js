/** A figure that opens what it was counted from. */

import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";

/** @param {{href: string, children: any}} sent */
export const RowsLink = ({ href, children }) =>
  html`<a class="rows-link" href=${href} title=${t("head.rows_open")}>${children}</a>`;
