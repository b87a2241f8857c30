/** Service points and their work profiles: which windows there are, and which numbers each calls. */

import { useState } from "preact/hooks";
import { html } from "#shared/lib/html.js";
import { nameOf, t } from "#shared/lib/words.js";
import { Button } from "#shared/parts/button.js";
import { useAsked } from "#staff/lib/office.js";
import { AdminPage, Beside, CheckField, SelectField, TextField } from "#staff/parts/admin_page.js";
import { DataTable } from "#staff/parts/data_table.js";

/** @import { Names } from "#shared/lib/shapes.js" */
/** @import { Office } from "#staff/lib/office.js" */
/**
 * @typedef {{code: string, kind: string, names: Names, serves: string[], zone: string | null,
 *   device_kind: string | null, is_open: boolean}} Point
 */

const KINDS = ["window", "desk", "machine"];
const DEVICE_KINDS = ["smart_counter", "atm", "printer"];
/** @type {Point} */
const NEW = { code: "", kind: "window", names: {}, serves: [], zone: null, device_kind: null, is_open: false };

/** @param {Record<string, Names>} zones */
const columnsOf = (zones) => [
  { words: "admin.code", show: (/** @type {Point} */ { code }) => code },
  { words: "admin.name", show: (/** @type {Point} */ { names }) => nameOf(names) },
  { words: "admin.kind", show: (/** @type {Point} */ { kind }) => t(`point.${kind}`) },
  { words: "admin.serves", show: (/** @type {Point} */ { serves }) => serves.join(" ") },
  { words: "admin.zone", show: (/** @type {Point} */ { zone }) => nameOf(zones[zone ?? ""]) },
  { words: "admin.state", show: (/** @type {Point} */ { is_open }) => t(is_open ? "point.open" : "point.closed") },
];

/** @param {{office: Office, mayChange: boolean}} sent */
export function Points({ office, mayChange }) {
  const asked = useAsked(office, "/settings/service-points");
  const types = useAsked(office, "/settings/service-types").content?.service_types ?? [];
  const letters = [...new Set(types.map((/** @type {any} */ type) => type.ticket_class))].sort();
  const [open, choose] = useState(/** @type {Point | null} */ (null));
  const zones = asked.content?.zones ?? {};
  const acts = mayChange && html`<${Button} kind="solid" onPress=${() => choose(NEW)}>${t("admin.new_point")}<//>`;
  const version = asked.content?.version;
  const given = { office, open, zones, letters, version, reload: asked.reload, onClose: () => choose(null) };
  const beside = open && html`<${PointForm} key=${open.code} ...${given} />`;
  return html`<${AdminPage} name="points" asked=${asked} acts=${acts} beside=${beside}>
    <${DataTable} caption=${t("admin.points")} columns=${columnsOf(zones)} rows=${asked.content?.service_points ?? []}
      idOf=${(/** @type {Point} */ { code }) => code} openId=${open?.code} onOpen=${mayChange ? choose : undefined} />
  <//>`;
}

/**
 * @param {object} sent
 * @param {Office} sent.office
 * @param {Point} sent.open
 * @param {Record<string, Names>} sent.zones
 * @param {string[]} sent.letters
 * @param {number} [sent.version]
 * @param {() => void} sent.reload
 * @param {() => void} sent.onClose
 */
function PointForm({ office, open, zones, letters, version, reload, onClose }) {
  const [kind, choose] = useState(open.kind);
  const isMachine = kind === "machine";
  const save = async (/** @type {FormData} */ form) => {
    const text = (/** @type {string} */ name) => String(form.get(name) ?? "").trim();
    const names = { "zh-CN": text("zh"), en: text("en") };
    const device_kind = isMachine ? text("device_kind") : null;
    const body = { kind, names, serves: form.getAll("serves"), zone: text("zone") || null, device_kind };
    const code = open.code || text("code");
    const saved = await office.change("PUT", `/settings/service-points/${code}`, body, t("admin.saved"), version);
    reload();
    if (saved) onClose();
  };
  const pick = (/** @type {any} */ event) => event.target.name === "kind" && choose(event.target.value);
  const kinds = KINDS.map((each) => [each, t(`point.${each}`)]);
  const places = [["", t("admin.no_zone")], ...Object.entries(zones).map(([code, names]) => [code, nameOf(names)])];
  return html`<div class="beside-place" onChange=${pick}>
    <${Beside} title=${open.code ? nameOf(open.names) : t("admin.new_point")} onClose=${onClose} onSave=${save}>
      ${!open.code && html`<${TextField} name="code" words="admin.code" rest=${{ pattern: "[A-Z][0-9]{1,2}" }} />`}
      <${TextField} name="zh" words="admin.name_zh" value=${open.names["zh-CN"]} />
      <${TextField} name="en" words="admin.name_en" value=${open.names.en} />
      <${SelectField} name="kind" words="admin.kind" value=${kind} choices=${kinds} />
      ${
        isMachine
          ? html`<${SelectField} name="device_kind" words="admin.machine_kind" value=${open.device_kind ?? ""}
            choices=${DEVICE_KINDS.map((each) => [each, t(`point.${each}`)])} />`
          : html`<${CheckField} name="serves" words="admin.serves" values=${open.serves}
            choices=${letters.map((letter) => [letter, letter])} />`
      }
      <${SelectField} name="zone" words="admin.zone" value=${open.zone ?? ""} choices=${places} />
    <//>
  </div>`;
}
