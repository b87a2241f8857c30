/** The parts of the hall: what they are called, and which windows and machines stand in each. */

import { useState } from "preact/hooks";
import { html } from "#shared/lib/html.js";
import { nameOf, t } from "#shared/lib/words.js";
import { Button } from "#shared/parts/button.js";
import { useAsked } from "#staff/lib/office.js";
import { AdminPage, Beside, TextField } from "#staff/parts/admin_page.js";
import { DataTable } from "#staff/parts/data_table.js";

/** @import { Names } from "#shared/lib/shapes.js" */
/** @import { Office } from "#staff/lib/office.js" */
/** @typedef {{code: string, names: Names, standing: string}} Zone `standing`: the points in it, in words */

/** @type {Zone} */
const NEW = { code: "", names: {}, standing: "" };
const COLUMNS = [
  { words: "admin.name", show: (/** @type {Zone} */ { names }) => nameOf(names) },
  { words: "admin.zone_points", show: (/** @type {Zone} */ { standing }) => standing },
  { words: "admin.code", show: (/** @type {Zone} */ { code }) => code },
];

/** @param {{office: Office, mayChange: boolean}} sent */
export function Zones({ office, mayChange }) {
  const asked = useAsked(office, "/settings/service-points");
  const [open, choose] = useState(/** @type {Zone | null} */ (null));
  const { zones = {}, service_points = [], version } = asked.content ?? {};
  /** @type {Zone[]} */
  const rows = Object.entries(/** @type {Record<string, Names>} */ (zones)).map(([code, names]) => {
    const here = service_points.filter((/** @type {any} */ { zone }) => zone === code);
    return { code, names, standing: here.map((/** @type {any} */ of) => nameOf(of.names)).join(t("join.list")) };
  });
  const put = async (/** @type {Record<string, Names>} */ changed) => {
    const saved = await office.change("PUT", "/settings/zones", { zones: changed }, t("admin.saved"), version);
    asked.reload(); // also whoever was slower: they see what is in force now
    if (saved) choose(null);
  };
  const acts = mayChange && html`<${Button} kind="solid" onPress=${() => choose(NEW)}>${t("admin.new_zone")}<//>`;
  const given = { open, zones, put, onClose: () => choose(null) };
  return html`<${AdminPage} name="zones" asked=${asked} acts=${acts}
    beside=${open && html`<${ZoneForm} key=${open.code} ...${given} />`}>
    <${DataTable} caption=${t("admin.zones")} columns=${COLUMNS} rows=${rows}
      idOf=${(/** @type {Zone} */ { code }) => code} openId=${open?.code} onOpen=${mayChange ? choose : undefined} />
  <//>`;
}

/**
 * @param {object} sent
 * @param {Zone} sent.open
 * @param {Record<string, Names>} sent.zones
 * @param {(changed: Record<string, Names>) => void} sent.put
 * @param {() => void} sent.onClose
 */
function ZoneForm({ open, zones, put, onClose }) {
  const isNew = open === NEW;
  const save = (/** @type {FormData} */ form) => {
    const text = (/** @type {string} */ name) => String(form.get(name) ?? "").trim();
    put({ ...zones, [open.code || text("code")]: { "zh-CN": text("zh"), en: text("en") } });
  };
  const remove = () => put(Object.fromEntries(Object.entries(zones).filter(([code]) => code !== open.code)));
  const more = open.standing
    ? html`<p class="quiet-text">${t("admin.zone_held", { points: open.standing })}</p>`
    : html`<${Button} onPress=${remove}>${t("admin.remove")}<//>`;
  return html`<${Beside} title=${isNew ? t("admin.new_zone") : nameOf(open.names)} onClose=${onClose} onSave=${save}
    more=${!isNew && more}>
    ${isNew && html`<${TextField} name="code" words="admin.code" rest=${{ pattern: "[A-Za-z0-9_.\\-]{1,16}" }} />`}
    <${TextField} name="zh" words="admin.name_zh" value=${open.names["zh-CN"]} />
    <${TextField} name="en" words="admin.name_en" value=${open.names.en} />
  <//>`;
}
