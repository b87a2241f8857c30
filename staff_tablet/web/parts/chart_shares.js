/** Rates with what they could as well be: a dot and its interval on one scale; below 5 cases only the count. */

import { percent } from "#staff/lib/chart.js";
import { counted, intervalText, rateText } from "#staff/lib/figures.js";
import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { RowsLink } from "#staff/parts/rows_link.js";

/** @import { Share } from "#staff/lib/figures.js" */

/** How many of how many, and where the rate may as well lie. @param {Share} share */
function said(share) {
  const counts = t("head.n_of", { n: counted(share.n), of: counted(share.of) });
  return share.rate === null ? counts : counts + t("join.dot") + intervalText(share);
}

/** @param {{rows: {key: string, name: string, share: Share, note?: string, href: string}[]}} sent */
export const Shares = ({ rows }) => html`<ul class="shares">${rows.map(
  ({ key, name, share, note, href }) => html`<li key=${key} class="share">
    <span class="share-name">${name}</span>
    <svg class="share-bar" aria-hidden="true" focusable="false">
      <line class="share-track" x1="0" x2="100%" y1="50%" y2="50%" />
      ${share.low !== null && html`<line class="share-interval" y1="50%" y2="50%"
        x1=${percent(share.low, 1)} x2=${percent(share.high ?? 0, 1)} />`}
      ${share.rate !== null && html`<circle class="share-dot" cx=${percent(share.rate, 1)} cy="50%" r="6" />`}
    </svg>
    <span class="share-text">
      ${share.rate === null ? t("head.too_few") : html`<b>${rateText(share.rate)}</b>`}
      <small><${RowsLink} href=${href}>${said(share)}<//></small>
      ${note && html`<small class="share-note">${note}</small>`}
    </span>
  </li>`,
)}</ul>`;
