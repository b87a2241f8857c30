/** Devices: a tile each with its last sign of life and what it says of itself; new ones get a one-time code. */

import { useState } from "preact/hooks";
import { html } from "#shared/lib/html.js";
import { has, nameOf, t } from "#shared/lib/words.js";
import { Button } from "#shared/parts/button.js";
import { Icon } from "#shared/parts/icon.js";
import { useAsked } from "#staff/lib/office.js";
import { AdminPage, Beside, SelectField } from "#staff/parts/admin_page.js";
import { filtered } from "#staff/lib/filter.js";
import { typeFilter } from "#staff/parts/data_table.js";

/** @import { Device } from "#shared/lib/shapes.js" */
/** @import { Office } from "#staff/lib/office.js" */

const EVERY_MS = 10_000;
/** More than this apart, and a customer's code seems too old or too new. */
const CLOCK_OFF_MS = 2000;
const KINDS = ["kiosk", "wall", "tablet", "machine"];
/** What a device says that somebody should look at. */
const BAD = new Set(["low", "out", "lost"]);

/** @param {{office: Office, mayChange: boolean, typed: string}} sent */
export function Devices({ office, mayChange, typed }) {
  const asked = useAsked(office, "/devices", EVERY_MS);
  const [isNew, ask] = useState(false);
  const points = useAsked(office, "/settings/service-points").content?.service_points ?? [];
  /** @type {Device[]} */
  const devices = filtered(asked.content?.devices ?? [], typed, ({ name, kind }) => `${name} ${t(`device.${kind}`)}`);
  const acts = mayChange && html`<${Button} kind="solid" onPress=${() => ask(true)}>${t("admin.new_device")}<//>`;
  const beside = isNew && html`<${NewDevice} ...${{ office, points }} onClose=${() => ask(false)} />`;
  return html`<${AdminPage} name="devices" asked=${asked} acts=${acts} beside=${beside}>
    <label class="table-filter"><span>${t("admin.filter")}</span>
      <input type="search" value=${typed} onInput=${(/** @type {any} */ event) => typeFilter(event.target.value)} />
    </label>
    <ul class="tiles">
      ${devices.map(
        (device) =>
          html`<${Tile} key=${device.id} ...${{ device, office, mayChange, points }} reload=${asked.reload} />`,
      )}
    </ul>
    ${devices.length === 0 && html`<p class="table-none">${t("admin.none_found")}</p>`}
  <//>`;
}

/** @param {{device: Device, office: Office, mayChange: boolean, points: any[], reload: () => void}} sent */
function Tile({ device, office, mayChange, points, reload }) {
  const [isSure, ask] = useState(false);
  const place = nameOf(points.find(({ code }) => code === device.service_point)?.names) || device.zone;
  const revoke = async () => {
    if (!isSure) return ask(true);
    await office.change("POST", `/devices/${device.id}/revoke`, {}, t("admin.revoked", { name: device.name }));
    reload();
  };
  return html`<li class="tile-card ${device.is_alive ? "alive" : "silent"}">
    <h3>${device.name}</h3>
    <p class="quiet-text">${t(`device.${device.kind}`)}${place && `${t("join.dot")}${place}`}</p>
    <p class="tile-life"><${Icon} name=${device.is_alive ? "check" : "wifi-off"} />${lifeText(device)}</p>
    <ul class="facts">${factsOf(device).map(
      ({ text, isBad }) => html`<li key=${text} class=${isBad ? "bad" : ""}>${text}</li>`,
    )}</ul>
    ${mayChange && html`<${Button} kind="quiet" size="small" says="${t("admin.revoke")} ${device.name}"
      onPress=${revoke}>${t(isSure ? "admin.revoke_sure" : "admin.revoke")}<//>`}
  </li>`;
}

/** @param {Device} device */
function lifeText({ seen_at, is_alive }) {
  if (!seen_at) return t("device.never");
  const at = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "short" }).format(Date.parse(seen_at));
  return is_alive ? t("device.alive") : t("device.silent", { at });
}

/** Its parts, in words; what we have no words for is shown as it came. @param {Device} device */
function factsOf({ health }) {
  return Object.entries(health).map(([name, value]) => {
    if (name === "clock_offset_ms") {
      const isBad = Math.abs(Number(value)) > CLOCK_OFF_MS;
      return { text: t("health.clock", { s: (Number(value) / 1000).toFixed(1).replace("-", "−") }), isBad };
    }
    const [key, state] = [`health.${name}`, `health.is_${value}`];
    const text = `${has(key) ? t(key) : name} ${has(state) ? t(state) : value}`;
    return { text, isBad: BAD.has(String(value)) };
  });
}

/** @param {{office: Office, points: any[], onClose: () => void}} sent */
function NewDevice({ office, points, onClose }) {
  const [made, tell] = useState(/** @type {{code: string, expires_in_s: number} | null} */ (null));
  const machines = points.filter(({ kind }) => kind === "machine");
  const save = async (/** @type {FormData} */ form) => {
    const [kind, service_point] = [String(form.get("kind")), String(form.get("service_point"))];
    const body = service_point ? { kind, service_point } : { kind };
    tell(await office.change("POST", "/devices/codes", body));
  };
  /** @type {[string, string][]} */
  const places = machines.map((point) => [point.code, nameOf(point.names)]);
  const more = made && html`<p>${t("admin.code_is", { n: Math.round(made.expires_in_s / 60) })}</p>
    <p class="one-time code">${made.code}</p>`;
  const title = t("admin.new_device");
  return html`<${Beside} ...${{ title, onClose, more }} words="admin.make_code" onSave=${save}>
    <${SelectField} name="kind" words="admin.device_kind" value="kiosk"
      choices=${KINDS.map((kind) => [kind, t(`device.${kind}`)])} />
    <${SelectField} name="service_point" words="admin.device_point" value=""
      choices=${[["", t("admin.no_point")], ...places]} />
  <//>`;
}
