/** A small line for each colleague, all on one scale and in the order of their numbers: nobody is ranked. */

import { lineOf, rowOfPoints } from "#staff/lib/chart.js";
import { rateText } from "#staff/lib/figures.js";
import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { RowsLink } from "#staff/parts/rows_link.js";

/** @import { Share } from "#staff/lib/figures.js" */
/**
 * @typedef {object} Person
 * @property {{staff_no: string, name: string}} staff
 * @property {number} n
 * @property {number} before_n
 * @property {number[]} weeks
 * @property {Share} won
 * @property {boolean} is_mixed
 * @property {number | null} accept_p50_s
 * @property {number | null} contact_p50_s
 * @property {number} open_n
 */

const BOX = { left: 4, right: 196, top: 6, bottom: 44 };

/** @param {{people: Person[], rows: (staffNo: string) => string}} sent */
export function PeopleChart({ people, rows }) {
  const largest = Math.max(1, ...people.flatMap((each) => each.weeks));
  return html`<ul class="people-lines">${people.map((each) => {
    const points = rowOfPoints(each.weeks, BOX, largest);
    const last = points[points.length - 1];
    return html`<li key=${each.staff.staff_no} class="person-line">
      <p class="person-top"><span>${each.staff.name}</span>
        <b><${RowsLink} href=${rows(each.staff.staff_no)}>${each.n}<//></b></p>
      <svg viewBox="0 0 200 50" preserveAspectRatio="none" aria-hidden="true" focusable="false">
        <line class="grid" x1="0" x2="200" y1="48" y2="48" />
        <polyline class="line" points=${lineOf(points)} />
        ${last && html`<line class="last-dot" x1=${last.x} x2=${last.x} y1=${last.y} y2=${last.y} />`}
      </svg>
      <p class="person-note">${t("head.from_to", { before: each.before_n, now: each.n })}</p>
      <p class="person-note">
        ${each.won.rate === null && t("head.won_few", { n: each.won.n })}
        ${each.won.rate !== null && t("head.won_rate", { rate: rateText(each.won.rate) })}
        ${each.is_mixed && html`<span class="mixed">${t("head.is_mixed")}</span>`}
      </p>
    </li>`;
  })}</ul>`;
}
