/** Colleagues, each beside their own past. */

import { waited } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { intervalText, rateText } from "#staff/lib/figures.js";
import { PeopleChart } from "#staff/parts/chart_people.js";
import { headsOf, Panel } from "#staff/parts/head_panel.js";

const COLUMNS = "n before won rate interval shrunken expected accept contact open";
const orNothing = (/** @type {number | null} */ seconds) => (seconds === null ? "" : waited(seconds));

/** @import { RowsOf } from "#staff/lib/figures.js" */

/** @param {{people: any, csv: string, rows: RowsOf}} sent */
export function People({ people, csv, rows }) {
  const table = (/** @type {"referrers" | "receivers"} */ kind) => ({
    caption: t(`head.${kind}`),
    heads: headsOf("person", COLUMNS),
    rows: people[kind].map((/** @type {any} */ each) => [
      `${each.staff.name} ${each.staff.staff_no}`,
      each.n,
      each.before_n,
      each.won.n,
      rateText(each.won.rate),
      intervalText(each.won),
      rateText(each.shrunken_rate),
      each.expected_n ?? "",
      orNothing(each.accept_p50_s),
      orNothing(each.contact_p50_s),
      each.open_n,
    ]),
  });
  const isEmpty = people && people.referrers.length + people.receivers.length === 0;
  const tables = people ? [table("referrers"), table("receivers")] : [];
  return html`<${Panel} name="people" content=${people} csv=${csv} tables=${tables} isEmpty=${isEmpty}>
    ${people && html`
      <h4>${t("head.referrers")}</h4>
      <${PeopleChart} people=${people.referrers} rows=${(/** @type {string} */ no) => rows("referrer", no)} />
      <h4>${t("head.receivers")}</h4>
      <${PeopleChart} people=${people.receivers} rows=${(/** @type {string} */ no) => rows("receiver", no)} />`}
  <//>`;
}
