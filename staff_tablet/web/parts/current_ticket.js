/** Who stands before me: number, customer, what for, why we think so, and what to say. */

import { waited } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { nameOf, t } from "#shared/lib/words.js";
import { LevelBadge, TierBadge } from "#shared/parts/badge.js";
import { Empty } from "#shared/parts/empty.js";
import { customerName, needName, sayingOf } from "#staff/lib/saying.js";

/** @import { Lobby, Ticket, Visit } from "#shared/lib/shapes.js" */
/** @import { ServerClock } from "#shared/lib/clock.js" */

/**
 * @typedef {{lobby: Lobby, ticket: Ticket | null, visit: Visit | null, waiting: number, clock: ServerClock}} Sent
 */

/** @param {Sent} sent */
export function CurrentTicket({ lobby, ticket, visit, waiting, clock }) {
  if (!ticket) return html`<${Nobody} waiting=${waiting} />`;
  const isCalled = ticket.state === "called";
  const since = Date.parse((isCalled ? ticket.called_at : ticket.started_at) ?? ticket.arrived_at);
  return html`<section class="current ${ticket.state}" aria-live="polite">
    <p class="current-code code">${ticket.number}</p>
    <${Who} lobby=${lobby} ticket=${ticket} visit=${visit} />
    <div class="current-since">
      <span class="current-clock" aria-live="off">${waited((clock.second.value - since) / 1000)}</span>
      <span class="current-state">${t(isCalled ? "desk.called" : "desk.serving")}</span>
    </div>
    ${visit && html`<${Advice} visit=${visit} />`}
  </section>`;
}

/** @param {{waiting: number}} sent */
function Nobody({ waiting }) {
  const [title, hint] = waiting > 0 ? ["desk.ready", "desk.ready_hint"] : ["desk.empty", "desk.empty_hint"];
  return html`<div class="current free">
    <${Empty} icon="user-round" title=${t(title)} hint=${t(hint, { n: waiting })} />
  </div>`;
}

/** @param {{lobby: Lobby, ticket: Ticket, visit: Visit | null}} sent */
function Who({ lobby, ticket, visit }) {
  const service = lobby.service_types.find((type) => type.code === ticket.service_type);
  if (!visit) return html`<div class="current-who"><p class="current-name">${nameOf(service?.names)}</p></div>`;
  return html`<div class="current-who">
    <p class="current-name">
      <span>${customerName(visit)}</span>
      <${TierBadge} tier=${visit.tier} /><${LevelBadge} level=${visit.service_level} />
    </p>
    <p class="current-need">${needName(lobby.service_types, visit)}</p>
  </div>`;
}

/** @param {{visit: Visit}} sent */
function Advice({ visit }) {
  const reason = sayingOf("reason", visit.need?.reason);
  const greeting = sayingOf("greeting", visit.greeting);
  if (!reason && !greeting) return null;
  return html`<dl class="advice">
    ${greeting && html`<div><dt>${t("desk.say")}</dt><dd>${greeting}</dd></div>`}
    ${reason && html`<div><dt>${t("desk.because")}</dt><dd>${reason}</dd></div>`}
  </dl>`;
}
