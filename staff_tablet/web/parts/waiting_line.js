/** The line at the right of the desk: who waits for my window, who was set aside, then the others, quieter. */

import { waited } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { nameOf, t } from "#shared/lib/words.js";
import { LevelBadge, TierBadge } from "#shared/parts/badge.js";
import { levelOf, TimeRail } from "#shared/parts/time_rail.js";
import { shareOf } from "#staff/lib/entries.js";
import { customerName } from "#staff/lib/saying.js";
import { lineOf, visitOf } from "#staff/lib/window.js";

/** @import { Lobby, ServicePoint, Ticket } from "#shared/lib/shapes.js" */
/** @import { ServerClock } from "#shared/lib/clock.js" */
/**
 * @typedef {object} Acts
 * @property {((ticket: Ticket) => void) | null} call null while somebody is served
 * @property {(ticket: Ticket) => void} resume
 */

/** What fits on the screen; a longer line is a number. */
const SHOWN_MAX = 12;
const OTHERS_MAX = 4;

/** @param {{lobby: Lobby, point: ServicePoint | null, clock: ServerClock, acts: Acts | null}} sent */
export function WaitingLine({ lobby, point, clock, acts }) {
  const { mine, others, aside } = lineOf(lobby, point);
  const call = acts?.call;
  const row = (/** @type {Ticket} */ ticket) =>
    html`<${Waiting} key=${ticket.number} lobby=${lobby} ticket=${ticket} clock=${clock}
      words="act.call_by_hand" press=${call && (() => call(ticket))} />`;
  return html`<aside class="line" aria-label=${t("desk.line_name")}>
    <h2 class="line-title">${t(point ? "desk.line" : "desk.line_all", { n: mine.length })}</h2>
    ${mine.length === 0 && html`<p class="line-empty">${t("list.empty")}</p>`}
    <ul>${mine.slice(0, SHOWN_MAX).map(row)}</ul>
    ${mine.length > SHOWN_MAX && html`<p class="line-more">${t("list.more", { n: mine.length - SHOWN_MAX })}</p>`}
    ${aside.length > 0 && html`<${Aside} lobby=${lobby} tickets=${aside} clock=${clock} acts=${acts} />`}
    ${
      others.length > 0 &&
      html`<h2 class="line-title other">${t("desk.line_others", { n: others.length })}</h2>
      <ul class="others">${others.slice(0, OTHERS_MAX).map(row)}</ul>`
    }
  </aside>`;
}

/** @param {{lobby: Lobby, tickets: Ticket[], clock: ServerClock, acts: Acts | null}} sent */
const Aside = ({ lobby, tickets, clock, acts }) => html`
  <h2 class="line-title other">${t("desk.line_aside", { n: tickets.length })}</h2>
  <ul>
    ${tickets.map(
      (ticket) =>
        html`<${Waiting} key=${ticket.number} lobby=${lobby} ticket=${ticket} clock=${clock}
          words="act.resume" press=${acts && (() => acts.resume(ticket))} />`,
    )}
  </ul>
`;

/**
 * @param {object} sent
 * @param {Lobby} sent.lobby
 * @param {Ticket} sent.ticket
 * @param {ServerClock} sent.clock
 * @param {string} sent.words what a press does
 * @param {(() => void) | null | undefined} sent.press
 */
function Waiting({ lobby, ticket, clock, words, press }) {
  const visit = visitOf(lobby, ticket);
  const nowMs = clock.second.value;
  const isAside = ticket.state !== "waiting";
  const share = visit && !isAside ? shareOf(visit, nowMs) : 0;
  const service = lobby.service_types.find((type) => type.code === ticket.service_type);
  const place = isAside ? t("join.dot") + t(`aside.${ticket.state}`) : "";
  return html`<li class="waiting">
    <${TimeRail} share=${share} />
    <b class="code">${ticket.number}</b>
    <span class="waiting-who">
      ${visit ? customerName(visit) : ""}<${TierBadge} tier=${visit?.tier ?? null} />
      ${visit && html`<${LevelBadge} level=${visit.service_level} />`}
    </span>
    <span class="waiting-what">${nameOf(service?.names)}${place}</span>
    <span class="waiting-clock ${levelOf(share)}">${waited((nowMs - Date.parse(ticket.arrived_at)) / 1000)}</span>
    ${
      press &&
      html`<button type="button" class="waiting-act" aria-label="${t(words)} ${ticket.number}" onClick=${press}>
      ${t(words)}</button>`
    }
  </li>`;
}
