/** One customer in full: why they stand high, what to offer, where to send them, what befell them. */

import { useEffect, useRef } from "preact/hooks";
import { signal } from "@preact/signals-core";
import { html } from "#shared/lib/html.js";
import { timeOfDay } from "#shared/lib/format.js";
import { nameOf, t } from "#shared/lib/words.js";
import { LevelBadge, TierBadge } from "#shared/parts/badge.js";
import { Button } from "#shared/parts/button.js";
import { Empty } from "#shared/parts/empty.js";
import { Icon } from "#shared/parts/icon.js";
import { customerName, needName, sayingOf } from "#staff/lib/saying.js";
import { CustomerCard } from "#staff/parts/customer_card.js";
import { DetailCare } from "#staff/parts/detail_care.js";
import { DetailHistory } from "#staff/parts/detail_history.js";
import { DetailOffer } from "#staff/parts/detail_offer.js";
import { DetailReferral } from "#staff/parts/detail_referral.js";
import { DetailRoute } from "#staff/parts/detail_route.js";
import { DetailUrgency } from "#staff/parts/detail_urgency.js";
import { WaitClock } from "#staff/parts/wait_clock.js";

/** @import { Live } from "#shared/lib/live.js" */
/** @import { Server } from "#shared/lib/server.js" */
/** @import { Lobby, Ticket, Visit } from "#shared/lib/shapes.js" */
/** @import { ServerClock } from "#shared/lib/clock.js" */
/** @import { Care } from "#staff/lib/care.js" */
/** @import { Claims } from "#staff/lib/claims.js" */
/**
 * @typedef {object} Sent
 * @property {Lobby} lobby
 * @property {string} visitId
 * @property {Claims} claims
 * @property {Care} care
 * @property {ServerClock} clock
 * @property {Live} live
 * @property {Server} server
 * @property {() => void} onClose
 */

/** It lies open, so it is seen. */
const seen = signal(true);

/** @param {Sent} sent */
export function VisitDetail({ lobby, visitId, claims, care, clock, live, server, onClose }) {
  const head = useRef(/** @type {HTMLElement | null} */ (null));
  // Whoever opened it by keyboard or by ear goes on from here.
  useEffect(() => head.current?.focus({ preventScroll: true }), [visitId]);
  const visit = lobby.visits.find((each) => each.visit_id === visitId);
  const isAble = live.freshness.value === "live";
  const given = visit && { lobby, visit, care, clock, isAble };
  return html`<aside class="detail" aria-label=${t("detail.name")}>
    <header class="detail-head">
      <h2 tabindex="-1" ref=${head}>${visit ? customerName(visit) : t("detail.gone")}</h2>
      <button type="button" class="detail-close" onClick=${onClose}>
        <${Icon} name="x" /><span>${t("act.close")}</span>
      </button>
    </header>
    ${!visit && html`<${Empty} icon="user-round" title=${t("detail.gone")} hint=${t("detail.gone_hint")} />`}
    ${
      given &&
      html`<${Who} ...${given} claims=${claims} />
      <${DetailOffer} ...${given} />
      <${DetailRoute} ...${given} />
      <${DetailReferral} key=${`refer ${visitId}`} ...${given} server=${server} />
      <${DetailUrgency} ...${given} />
      <section class="detail-part">
        <h3>${t("card.title")}</h3>
        <${CustomerCard} key=${visitId} ...${{ lobby, visit, server, isMine: claims.isMine(visit) }} />
      </section>
      <${DetailCare} ...${given} />
      <${DetailHistory} ...${given} />`
    }
  </aside>`;
}

/** @param {{lobby: Lobby, visit: Visit, claims: Claims, clock: ServerClock}} sent */
function Who({ lobby, visit, claims, clock }) {
  const ticket = lobby.tickets.find((each) => each.visit_id === visit.visit_id) ?? null;
  const reason = sayingOf("reason", visit.need?.reason);
  const greeting = sayingOf("greeting", visit.greeting);
  return html`<section class="detail-who">
    <p class="detail-badges">
      <b class="code">${ticket?.number ?? t("ticket.none_yet")}</b>
      <${TierBadge} tier=${visit.tier} /><${LevelBadge} level=${visit.service_level} />
    </p>
    <${WaitClock} visit=${visit} clock=${clock} seen=${seen} />
    <p class="detail-need"><b>${needName(lobby.service_types, visit)}</b>${reason && html`<span>${reason}</span>`}</p>
    ${visit.appointment && html`<p>${appointmentText(lobby, visit)}</p>`}
    <p class="quiet-text">${placeText(lobby, visit, ticket)}</p>
    ${greeting && html`<p class="card-say">${t("claim.say", { words: greeting })}</p>`}
    <${Claim} visit=${visit} claims=${claims} />
  </section>`;
}

/** @param {{visit: Visit, claims: Claims}} sent */
function Claim({ visit, claims }) {
  if (claims.isMine(visit)) return html`<p class="card-claim mine">${t("claim.mine")}</p>`;
  if (claims.isTaken(visit)) return html`<p class="card-claim">${t("claim.by", { who: visit.claimed_by?.name })}</p>`;
  return html`<${Button} kind="solid" size="large" onPress=${() => claims.take(visit)}>${t("act.claim")}<//>`;
}

/** @param {Lobby} lobby @param {Visit} visit */
function appointmentText(lobby, { appointment }) {
  if (!appointment) return "";
  const at = timeOfDay(Date.parse(appointment.starts_at), lobby.branch.timezone);
  const service = nameOf(lobby.service_types.find(({ code }) => code === appointment.service_type)?.names);
  const who = appointment.staff?.name ?? "";
  return t(who ? "detail.appointment_with" : "detail.appointment", { at, service, who });
}

/** Where they are now: at a window, sent to a machine, in line, or still to be asked. */
function placeText(/** @type {Lobby} */ lobby, /** @type {Visit} */ visit, /** @type {Ticket | null} */ ticket) {
  const point = lobby.service_points.find(({ code }) => code === ticket?.service_point);
  if (ticket && ticket.state !== "waiting" && point)
    return t(`detail.${ticket.state}`, { place: nameOf(point.names) });
  const machine = visit.device && { place: nameOf(visit.device.names) };
  if (machine) return t(visit.at_machine ? "detail.at_machine" : "detail.sent", machine);
  if (ticket) return t(`detail.${ticket.state}`, { place: "" });
  return t("detail.not_routed");
}
