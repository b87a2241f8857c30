/** Service types: what the bank's branches do, how long it takes, and where it can be done. To be read. */

import { html } from "#shared/lib/html.js";
import { minutes } from "#shared/lib/format.js";
import { nameOf, t } from "#shared/lib/words.js";
import { useAsked } from "#staff/lib/office.js";
import { AdminPage } from "#staff/parts/admin_page.js";
import { DataTable } from "#staff/parts/data_table.js";

/** @import { Names } from "#shared/lib/shapes.js" */
/** @import { Office } from "#staff/lib/office.js" */
/**
 * @typedef {{code: string, names: Names, ticket_class: string, typical_s: number, self_service: Record<string, string>,
 *   by: string, is_offered: boolean}} Type
 */

const machinesText = (/** @type {Type} */ { self_service }) =>
  Object.entries(self_service)
    .map(([kind, leave]) => t(`point.${kind}`) + (leave === "none" ? "" : t("admin.with_leave")))
    .join(t("join.list"));

const COLUMNS = [
  { words: "admin.name", show: (/** @type {Type} */ { names }) => nameOf(names) },
  { words: "admin.letter", show: (/** @type {Type} */ { ticket_class }) => ticket_class },
  {
    words: "admin.typical",
    kind: /** @type {const} */ ("number"),
    show: (/** @type {Type} */ { typical_s }) => minutes(typical_s),
  },
  { words: "admin.by", show: (/** @type {Type} */ { by }) => t(`admin.by_${by}`) },
  { words: "admin.machines", show: machinesText },
  { words: "admin.offered", show: (/** @type {Type} */ { is_offered }) => t(is_offered ? "admin.yes" : "admin.no") },
  { words: "admin.code", show: (/** @type {Type} */ { code }) => code },
];

/** @param {{office: Office}} sent */
export function Services({ office }) {
  const asked = useAsked(office, "/settings/service-types");
  return html`<${AdminPage} name="services" asked=${asked}>
    <${DataTable} caption=${t("admin.services")} columns=${COLUMNS} rows=${asked.content?.service_types ?? []}
      idOf=${(/** @type {Type} */ { code }) => code} />
  <//>`;
}
