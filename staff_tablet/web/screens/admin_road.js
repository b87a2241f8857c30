/** The road to head office's CRM: what waits, since when, what it will not take, and trying it again. */

import { useState } from "preact/hooks";
import { monthDay, timeOfDay } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { has, t } from "#shared/lib/words.js";
import { Button } from "#shared/parts/button.js";
import { useAsked } from "#staff/lib/office.js";
import { AdminPage } from "#staff/parts/admin_page.js";
import { DataTable } from "#staff/parts/data_table.js";

/** @import { Office } from "#staff/lib/office.js" */
/** @typedef {{id: string, referral_id: string, seq: number, type: string, reason: string, attempts: number, at: string,
 *   waiting: number}} Parked */
/** @typedef {{connector: string | null, paused_reason: string | null, paused_at: string | null, pending: number,
 *   oldest_at: string | null, compared_at: string | null, repaired: number, unknown: number, parked: Parked[],
 *   latest: Confirmed[]}} Road */
/** @typedef {{referral_id: string, seq: number, type: string, at: string, remote_id: string | null,
 *   url: string | null}} Confirmed */

const EVERY_MS = 10_000;

/** Why a step is laid aside: our own reasons in words, head office's codes as they are. @param {string} reason */
function reasonText(reason) {
  const [code, what] = reason.split(":");
  return has(`road.because.${code}`) ? t(`road.because.${code}`, { what: what ?? "" }) : reason;
}

/** @param {string} at */
const momentText = (at) => `${monthDay(at)} ${timeOfDay(Date.parse(at))}`;

/** How it stands, in one sentence. @param {Road} road */
function stateText({ connector, paused_reason, pending }) {
  if (!connector) return t("road.none", { n: pending });
  if (paused_reason) return t("road.paused", { why: paused_reason });
  return pending ? t("road.waiting", { n: pending }) : t("road.open");
}

/** @param {{office: Office, mayChange: boolean}} sent */
export function RoadPage({ office }) {
  const asked = useAsked(office, "/head-office/road", EVERY_MS);
  /** @type {Road | null} */
  const road = asked.content;
  const [busy, keepBusy] = useState("");
  const act = async (/** @type {string} */ path, /** @type {string} */ done) => {
    if (busy) return;
    keepBusy(path);
    if (await office.change("POST", path, {}, done)) asked.reload();
    keepBusy("");
  };
  return html`<${AdminPage} name="road" asked=${asked}>
    ${road && html`<${Standing} road=${road} busy=${busy} act=${act} />`}
    ${road && road.latest.length > 0 && html`<${Latest} rows=${road.latest} />`}
    ${road && road.parked.length > 0 && html`<${Parked} rows=${road.parked} busy=${busy} act=${act} />`}
  <//>`;
}

/** @typedef {(path: string, done: string) => void} Act */

/** @param {{road: Road, busy: string, act: Act}} sent */
function Standing({ road, busy, act }) {
  const path = "/head-office/compare";
  const isBad = Boolean(road.paused_reason) || road.parked.length > 0;
  return html`<div class="office-cards"><section class="office-card">
    <h3>${stateText(road)}</h3>
    <ul class="facts-rows">
      <li><span>${t("road.connector")}</span><b>${road.connector ?? t("road.no_connector")}</b></li>
      <li><span>${t("road.oldest")}</span><b>${road.oldest_at ? momentText(road.oldest_at) : t("road.nothing")}</b></li>
      <li><span>${t("road.parked_count")}</span><b class=${isBad ? "bad" : ""}>${road.parked.length}</b></li>
      <li><span>${t("road.compared")}</span>
        <b>${road.compared_at ? momentText(road.compared_at) : t("road.not_compared")}</b></li>
      <li><span>${t("road.found")}</span>
        <b>${t("road.found_n", { repaired: road.repaired, unknown: road.unknown })}</b></li>
    </ul>
    ${
      road.connector &&
      html`<${Button} isBusy=${busy === path} onPress=${() => act(path, t("road.comparing"))}>${t("road.compare")}<//>`
    }
  </section></div>`;
}

/** @param {Confirmed} row */
function stateOf({ type }) {
  const state = type.slice(type.indexOf(".") + 1);
  return has(`referral_state.${state}`) ? t(`referral_state.${state}`) : state;
}

/** What was confirmed last, and where it stands there. @param {{rows: Confirmed[]}} sent */
function Latest({ rows }) {
  const place = (/** @type {Confirmed} */ { remote_id, url }) => url ?? remote_id ?? "";
  return html`<section class="office-card">
    <h3>${t("road.latest")}</h3>
    <ul class="facts-rows">${rows.map(
      (row) => html`<li key=${`${row.referral_id}/${row.seq}`}>
        <span>${momentText(row.at)} ${stateOf(row)}</span>
        <small class="wrap">${place(row)}</small></li>`,
    )}</ul>
  </section>`;
}

/** @param {{rows: Parked[], busy: string, act: Act}} sent */
function Parked({ rows, busy, act }) {
  const release = (/** @type {Parked} */ { id }) => `/head-office/parked/${id}/release`;
  const textOf = (/** @type {Parked} */ row) => row.referral_id;
  /** @type {import("#staff/parts/data_table.js").Column[]} */
  const columns = [
    { words: "road.referral", show: ({ referral_id: id }) => html`<small class="wrap">${id}</small>`, text: textOf },
    { words: "road.step", show: ({ seq }) => String(seq) },
    { words: "road.why", show: ({ reason }) => reasonText(reason) },
    { words: "road.since", show: ({ at }) => momentText(at) },
    { words: "road.behind", show: ({ waiting }) => String(waiting) },
    {
      words: "road.act",
      show: (row) => html`<${Button} isBusy=${busy === release(row)}
        onPress=${() => act(release(row), t("road.released"))}>${t("road.release")}<//>`,
      text: () => "",
    },
  ];
  return html`<${DataTable} caption=${t("road.parked")} columns=${columns} rows=${rows}
    idOf=${(/** @type {Parked} */ { id }) => id} />`;
}
