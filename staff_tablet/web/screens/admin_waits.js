/** Whether the waits that we announced came true: each series and week, in words that a branch head can act on. */

import { minutes } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { nameOf, t } from "#shared/lib/words.js";
import { CASES_MIN, daysOf, missesOf, verdictOf } from "#staff/lib/honest.js";
import { useAsked } from "#staff/lib/office.js";
import { AdminPage } from "#staff/parts/admin_page.js";
import { DataTable } from "#staff/parts/data_table.js";

/** @import { Coverage } from "#staff/lib/honest.js" */
/** @import { Office } from "#staff/lib/office.js" */

/** Enough to know a series by. */
const NAMES_MAX = 2;
const number = /** @type {const} */ ("number");

/** Of fewer than five no rate is told. @param {Coverage} of @param {number} share */
const share = ({ n }, share) => (n < CASES_MIN ? t("waits.no_rate") : `${Math.round(share * 100)}%`);

function weekText(/** @type {Coverage} */ { week }) {
  const [from, to] = daysOf(week);
  return t("admin.days", { from, to });
}

/** @param {{office: Office}} sent */
export function Waits({ office }) {
  const asked = useAsked(office, "/expected-wait/coverage");
  const types = useAsked(office, "/settings/service-types").content?.service_types ?? [];
  const servicesOf = (/** @type {Coverage} */ { ticket_class }) => {
    const named = types.filter((/** @type {any} */ type) => type.ticket_class === ticket_class && type.is_offered);
    const names = named.slice(0, NAMES_MAX).map((/** @type {any} */ { names }) => nameOf(names));
    const more = named.length > NAMES_MAX ? " …" : "";
    return ticket_class + t("join.dot") + names.join(t("join.list")) + more;
  };
  /** @type {import("#staff/parts/data_table.js").Column[]} */
  const columns = [
    { words: "waits.week", show: weekText },
    { words: "waits.series", kind: "words", show: servicesOf },
    { words: "waits.says", kind: "words", show: (of) => t(`waits.is_${verdictOf(of)}`) },
    { words: "waits.people", kind: number, show: ({ n }) => n },
    { words: "waits.within", kind: number, show: (of) => share(of, of.within_p10_p90) },
    { words: "waits.longer", kind: number, show: (of) => share(of, missesOf(of).longer) },
    { words: "waits.shorter", kind: number, show: (of) => share(of, missesOf(of).shorter) },
    { words: "waits.off_by", kind: number, show: ({ mae_s }) => t("queue.minutes", { n: minutes(mae_s) }) },
  ];
  const rows = asked.content?.weeks ?? [];
  return html`<${AdminPage} name="waits" asked=${asked}>
    ${
      rows.length === 0
        ? html`<p class="table-none">${t("waits.none")}</p>`
        : html`<${DataTable} ...${{ columns, rows }} caption=${t("waits.caption")}
          idOf=${(/** @type {Coverage} */ { week, ticket_class }) => week + ticket_class} />`
    }
  <//>`;
}
