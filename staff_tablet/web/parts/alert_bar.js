/** Somebody to be met, or something to be looked at: it stays above the list until somebody goes. */

import { useEffect } from "preact/hooks";
import { waited } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { LevelBadge, TierBadge } from "#shared/parts/badge.js";
import { Button } from "#shared/parts/button.js";
import { Icon } from "#shared/parts/icon.js";
import { alertText, leftS } from "#staff/lib/alerts.js";
import { waitedS } from "#staff/lib/entries.js";
import { customerName, needName } from "#staff/lib/saying.js";

/** @import { Alert, Lobby } from "#shared/lib/shapes.js" */
/** @import { Entry } from "#staff/lib/entries.js" */
/** @import { Care } from "#staff/lib/care.js" */
/** @import { Claims } from "#staff/lib/claims.js" */
/** @import { ServerClock } from "#shared/lib/clock.js" */
/**
 * @typedef {object} Sent
 * @property {Alert} alert
 * @property {Entry | null} entry the customer it is about, while they are in the hall
 * @property {Lobby} lobby
 * @property {Claims} claims
 * @property {Care} care
 * @property {ServerClock} clock
 */

const JUST_S = 60;
const ICONS = { meet: "bell-ring", help: "hand-helping", fault: "circle-alert" };
/** Each alert is reported as seen once. @type {Set<string>} */
const told = new Set();

/** @param {Sent} sent */
export function AlertBar({ alert, entry, lobby, claims, care, clock }) {
  useEffect(() => {
    if (told.has(alert.id)) return;
    told.add(alert.id);
    // After two frames it is painted: that moment counts, not that of the news.
    requestAnimationFrame(() => requestAnimationFrame(() => care.tellShown(alert)));
  }, [alert.id]);
  const isTaken = entry !== null && claims.isTaken(entry.visit);
  const act = t(alert.urgency === "fault" || !entry ? "act.go_look" : "act.go_meet");
  const about = entry ? customerName(entry.visit) : alertText(lobby, alert);
  const go = () => void (entry ? claims.take(entry.visit) : care.acknowledge(alert));
  return html`<section class="alert ${alert.urgency}" role="alert" data-visit=${alert.id}>
    <${Icon} name=${ICONS[alert.urgency]} />
    ${entry && html`<${Person} ...${{ alert, entry, lobby, clock }} />`}
    ${!entry && html`<p class="alert-what"><b>${about}</b></p>`}
    <${Turn} alert=${alert} clock=${clock} />
    <${Button} kind="on-dark" isBusy=${isTaken} says="${act} ${about}" onPress=${go}>
      ${isTaken ? t("claim.mine") : act}
    <//>
  </section>`;
}

/** @param {{alert: Alert, entry: Entry, lobby: Lobby, clock: ServerClock}} sent */
function Person({ alert, entry: { visit, ticket }, lobby, clock }) {
  const seconds = waitedS(visit, clock.second.value);
  const since = seconds < JUST_S ? t("alert.just_arrived") : t("alert.waiting", { wait: waited(seconds) });
  const why = alert.kind === "arrival" ? since : alertText(lobby, alert);
  return html`
    <p class="alert-who">
      <b>${customerName(visit)}</b><${TierBadge} tier=${visit.tier} /><${LevelBadge} level=${visit.service_level} />
    </p>
    <p class="alert-what">
      <span>${why}${t("join.dot")}${needName(lobby.service_types, visit)}</span>
      ${ticket && html`<b class="code">${ticket.number}</b>`}
    </p>
  `;
}

/**
 * Who is asked now, and how long they have before somebody else is.
 * @param {{alert: Alert, clock: ServerClock}} sent
 */
function Turn({ alert, clock }) {
  const left = leftS(alert, clock.second.value);
  const who = alert.rung === "lobby" ? alert.leased_to?.name : (alert.leased_to?.name ?? t(`rung.${alert.rung}`));
  const asked = who ? t(alert.rung === "lobby" ? "alert.asked" : "alert.climbed", { who }) : "";
  return html`<p class="alert-turn" aria-live="off">
    <span>${asked}</span>${left > 0 && html`<b>${t("alert.left", { left: waited(left) })}</b>`}
  </p>`;
}
