/** Bars from one zero line: how many came so far, pale what came so far before, and the part at the right. */

import { percent } from "#staff/lib/chart.js";
import { counted, intervalText, rateText } from "#staff/lib/figures.js";
import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { RowsLink } from "#staff/parts/rows_link.js";

/** @import { RowsOf, Step } from "#staff/lib/figures.js" */

/** @param {{steps: Step[], rows: RowsOf}} sent */
export function Funnel({ steps, rows }) {
  const all = steps[0]?.n ?? 0;
  return html`<ol class="funnel">${steps.map((each, at) => {
    const before = at ? steps[at - 1].n : each.n;
    const rate = each.share?.rate ?? null;
    return html`<li key=${each.step} class="funnel-step">
      <span class="funnel-name">${t(`head.step_${each.step}`)}</span>
      <svg class="funnel-bar" aria-hidden="true" focusable="false">
        <rect class="bar-before" width=${percent(before, all)} height="100%" rx="3" />
        <rect class="bar-now" width=${percent(each.n, all)} height="100%" rx="3" />
      </svg>
      <b class="funnel-n"><${RowsLink} href=${rows("step", each.step)}>${counted(each.n)}<//></b>
      <span class="funnel-rate">
        ${rate !== null && each.share
          ? html`${t("head.of_step_before")} <b>${rateText(rate)}</b><small>${intervalText(each.share)}</small>`
          : at > 0 && t("head.too_few")}
      </span>
    </li>`;
  })}</ol>`;
}
