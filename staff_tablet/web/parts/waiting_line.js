/** The line at the right of the desk: who waits for my window, then the others, quieter. */

import { waited } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { nameOf, t } from "#shared/lib/words.js";
import { TierBadge } from "#shared/parts/badge.js";
import { levelOf } from "#shared/parts/time_rail.js";
import { shareOf } from "#staff/lib/entries.js";
import { customerName } from "#staff/lib/saying.js";
import { lineOf, visitOf } from "#staff/lib/window.js";

/** @import { Lobby, ServicePoint, Ticket } from "#shared/lib/shapes.js" */
/** @import { ServerClock } from "#shared/lib/clock.js" */

/** What fits on the screen; a longer line is a number. */
const SHOWN_MAX = 12;

/** @param {{lobby: Lobby, point: ServicePoint | null, clock: ServerClock}} sent */
export function WaitingLine({ lobby, point, clock }) {
  const { mine, others } = lineOf(lobby, point);
  const row = (/** @type {Ticket} */ ticket) =>
    html`<${Waiting} key=${ticket.number} lobby=${lobby} ticket=${ticket} clock=${clock} />`;
  return html`<aside class="line" aria-label=${t("desk.line_name")}>
    <h2 class="line-title">${t(point ? "desk.line" : "desk.line_all", { n: mine.length })}</h2>
    ${mine.length === 0 && html`<p class="line-empty">${t("list.empty")}</p>`}
    <ul>${mine.slice(0, SHOWN_MAX).map(row)}</ul>
    ${mine.length > SHOWN_MAX && html`<p class="line-more">${t("list.more", { n: mine.length - SHOWN_MAX })}</p>`}
    ${
      others.length > 0 &&
      html`<h2 class="line-title other">${t("desk.line_others", { n: others.length })}</h2>
      <ul class="others">${others.slice(0, 4).map(row)}</ul>`
    }
  </aside>`;
}

/** @param {{lobby: Lobby, ticket: Ticket, clock: ServerClock}} sent */
function Waiting({ lobby, ticket, clock }) {
  const visit = visitOf(lobby, ticket);
  const nowMs = clock.second.value;
  const level = visit ? levelOf(shareOf(visit, nowMs)) : "calm";
  const service = lobby.service_types.find((type) => type.code === ticket.service_type);
  return html`<li class="waiting">
    <b class="code">${ticket.number}</b>
    <span class="waiting-who">${visit ? customerName(visit) : ""}<${TierBadge} tier=${visit?.tier ?? null} /></span>
    <span class="waiting-what">${nameOf(service?.names)}</span>
    <span class="waiting-clock ${level}">${waited((nowMs - Date.parse(ticket.arrived_at)) / 1000)}</span>
  </li>`;
}
