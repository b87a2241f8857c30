/** The payroll files that were made: what each paid, and the same file again. It pays nobody twice. */

import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { Button } from "#shared/parts/button.js";
import { money } from "#staff/lib/figures.js";
import { payrollOf } from "#staff/lib/statement.js";

/** @typedef {{staff_no: string, name: string} | null} Who */
/** @typedef {{staff: Who, currency: string, amount_minor: number, journal_no: number}} Paid */
/** @typedef {{no: number, at: string, made_by: Who, lines: Paid[]}} Exported */

/** Hand a payroll file to the browser's downloads. @param {{no: number, lines: Paid[]}} file */
export function save({ no, lines }) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([payrollOf(lines)], { type: "text/csv" }));
  link.download = `payroll-${no}.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** What it pays in each currency. @param {Paid[]} lines */
function totals(lines) {
  /** @type {Record<string, number>} */
  const sums = {};
  for (const { currency, amount_minor } of lines) sums[currency] = (sums[currency] ?? 0) + amount_minor;
  return Object.entries(sums)
    .map(([currency, minor]) => `${money(minor)} ${currency}`)
    .join(t("join.list"));
}

/** @param {{files: Exported[]}} sent */
export function PayrollFiles({ files }) {
  if (files.length === 0) return html`<p class="quiet-text">${t("pay.no_files")}</p>`;
  return html`<section class="office-card"><ul class="facts-rows">${files.map(
    (each) => html`<li key=${each.no}>
      <span>${t("pay.file", { no: each.no, day: each.at.slice(0, 10), who: each.made_by?.name ?? "" })}</span>
      <b>${totals(each.lines)}</b>
      <${Button} size="small" onPress=${() => save(each)}>${t("pay.save_again", { n: each.lines.length })}<//>
    </li>`,
  )}</ul></section>`;
}
