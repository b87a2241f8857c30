/** Who gets how much: a line each. */

import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { money } from "#staff/lib/figures.js";

/** @typedef {{staff_no: string, name: string} | null} Who */
/** @typedef {{staff: Who, amount_minor: number}} Amount */

export const whoText = (/** @type {Who} */ who) => (who ? `${who.name} ${who.staff_no}` : t("pay.somebody"));

/** @param {{rows: Amount[]}} sent */
export const Amounts = ({ rows }) =>
  html`<ul class="facts-rows">${rows.map(
    (each, at) => html`<li key=${at}><span>${whoText(each.staff)}</span><b>${money(each.amount_minor)}</b></li>`,
  )}</ul>`;
