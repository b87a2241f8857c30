/** Staff: who works here, as what, with which sales licences; new ones and forgotten passwords. */

import { useState } from "preact/hooks";
import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { Button } from "#shared/parts/button.js";
import { useAsked } from "#staff/lib/office.js";
import { AdminPage, Beside, CheckField, TextField } from "#staff/parts/admin_page.js";
import { DataTable } from "#staff/parts/data_table.js";

/** @import { Office } from "#staff/lib/office.js" */
/** @typedef {{staff_no: string, name: string, roles: string[], licences: string[], is_disabled: boolean}} Person */

const ROLES = ["lobby_manager", "teller", "rm", "head", "admin"];
/** @type {Person} */
const NOBODY = { staff_no: "", name: "", roles: ["teller"], licences: [], is_disabled: false };

const rolesText = (/** @type {Person} */ { roles }) => roles.map((role) => t(`role.${role}`)).join(t("join.list"));
const stateText = (/** @type {Person} */ { is_disabled }) => t(is_disabled ? "admin.disabled" : "admin.active");
/** Codes as people type them, apart by anything that is not part of one. @param {FormDataEntryValue | null} typed */
const listOf = (typed) => String(typed ?? "").match(/[\w.-]+/g) ?? [];

const COLUMNS = [
  { words: "sign_in.staff_no", show: (/** @type {Person} */ { staff_no }) => staff_no },
  { words: "admin.person", show: (/** @type {Person} */ { name }) => name },
  { words: "admin.roles", show: rolesText },
  { words: "admin.licences", show: (/** @type {Person} */ { licences }) => licences.join(" ") },
  { words: "admin.state", show: stateText },
];

/** @param {{office: Office, mayChange: boolean}} sent */
export function StaffPage({ office, mayChange }) {
  const asked = useAsked(office, "/staff");
  const [open, choose] = useState(/** @type {Person | null} */ (null));
  const acts = mayChange && html`<${Button} kind="solid" onPress=${() => choose(NOBODY)}>${t("admin.new_staff")}<//>`;
  const close = () => choose(null);
  const beside =
    open && html`<${Person} key=${open.staff_no} ...${{ office, open }} reload=${asked.reload} onClose=${close} />`;
  return html`<${AdminPage} name="staff" asked=${asked} acts=${acts} beside=${beside}>
    <${DataTable} caption=${t("admin.staff")} columns=${COLUMNS} rows=${asked.content?.staff ?? []}
      idOf=${(/** @type {Person} */ { staff_no }) => staff_no} openId=${open?.staff_no}
      onOpen=${mayChange ? choose : undefined} />
  <//>`;
}

/** @param {{office: Office, open: Person, reload: () => void, onClose: () => void}} sent */
function Person({ office, open, reload, onClose }) {
  const [password, tell] = useState("");
  const isNew = open === NOBODY;
  const take = (/** @type {any} */ answer) => {
    if (!answer) return;
    reload();
    if (answer.password) tell(answer.password);
    else onClose();
  };
  const save = async (/** @type {FormData} */ form) => {
    const [name, roles] = [String(form.get("name")), form.getAll("roles")];
    const body = { name, roles, licences: listOf(form.get("licences")) };
    const done = t("admin.saved");
    if (!isNew) return take(await office.change("PATCH", `/staff/${open.staff_no}`, body, done));
    take(await office.change("POST", "/staff", { ...body, staff_no: String(form.get("staff_no")).trim() }, done));
  };
  const able = async () => {
    const body = { is_disabled: !open.is_disabled };
    take(await office.change("PATCH", `/staff/${open.staff_no}`, body, t("admin.saved")));
  };
  const reset = async () => {
    take(await office.change("POST", `/staff/${open.staff_no}/reset`, {}, t("admin.reset_done")));
  };
  const more = html`
    ${password && html`<p>${t("admin.password_is")}</p><p class="one-time">${password}</p>`}
    ${!isNew && html`<${Button} onPress=${reset}>${t("admin.reset")}<//>
      <${Button} onPress=${able}>${t(open.is_disabled ? "admin.enable" : "admin.disable")}<//>`}
  `;
  const title = isNew ? t("admin.new_staff") : `${open.staff_no} ${open.name}`;
  return html`<${Beside} title=${title} onClose=${onClose} onSave=${save} more=${more}>
    ${isNew && html`<${TextField} name="staff_no" words="sign_in.staff_no" />`}
    <${TextField} name="name" words="admin.person" value=${open.name} />
    <${CheckField} name="roles" words="admin.roles" values=${open.roles}
      choices=${ROLES.map((role) => [role, t(`role.${role}`)])} />
    <${TextField} name="licences" words="admin.licences" value=${open.licences.join(" ")} isRequired=${false} />
  <//>`;
}
