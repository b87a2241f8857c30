/** One customer as a card: rail, number, who, what for, how long, and one button. */

import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { LevelBadge, TierBadge } from "#shared/parts/badge.js";
import { Button } from "#shared/parts/button.js";
import { TimeRail } from "#shared/parts/time_rail.js";
import { shareOf } from "#staff/lib/entries.js";
import { open } from "#staff/lib/opened.js";
import { useOnScreen } from "#staff/lib/on_screen.js";
import { customerName, needName, sayingOf } from "#staff/lib/saying.js";
import { WaitClock } from "#staff/parts/wait_clock.js";

/** @import { Signal } from "@preact/signals-core" */
/** @import { ServiceType, Visit } from "#shared/lib/shapes.js" */
/** @import { Entry } from "#staff/lib/entries.js" */
/** @import { Claims } from "#staff/lib/claims.js" */
/** @import { ServerClock } from "#shared/lib/clock.js" */

/**
 * @typedef {object} Sent as long as these stay the same, the card is not drawn again
 * @property {Entry} entry
 * @property {ServiceType[]} types
 * @property {Claims} claims
 * @property {ServerClock} clock
 * @property {boolean} [isFirst]
 * @property {boolean} isAble
 * @property {boolean} isOpen it lies open beside the list
 */

/** A card is new for this long: its tint fades meanwhile. */
const NEW_MS = 5000;

/** @param {Sent} sent */
export function VisitCard({ entry, types, claims, clock, isFirst = false, isAble, isOpen }) {
  const { visit, ticket } = entry;
  const { place, seen } = useOnScreen();
  const isNew = clock.second.peek() - Date.parse(visit.arrived_at) < NEW_MS;
  const kinds = ["card", isFirst && "first", claims.isTaken(visit) && "taken", isOpen && "open"];
  return html`<li ref=${place} class=${kinds.filter(Boolean).join(" ")} data-visit=${visit.visit_id} data-new=${isNew}>
    <${Rail} visit=${visit} clock=${clock} seen=${seen} />
    <${NumberPlace} number=${ticket?.number} />
    <${Who} visit=${visit} types=${types} isMine=${claims.isMine(visit)} isOpen=${isOpen} />
    <${WaitClock} visit=${visit} clock=${clock} seen=${seen} />
    <${ClaimPlace} visit=${visit} claims=${claims} isFirst=${isFirst} isAble=${isAble} />
  </li>`;
}

/** @param {{visit: Visit, clock: ServerClock, seen: Signal<boolean>}} sent */
const Rail = ({ visit, clock, seen }) =>
  html`<${TimeRail} share=${shareOf(visit, seen.value ? clock.second.value : clock.second.peek())} />`;

/** @param {{visit: Visit, types: ServiceType[], isMine: boolean, isOpen: boolean}} sent */
function Who({ visit, types, isMine, isOpen }) {
  const reason = sayingOf("reason", visit.need?.reason);
  return html`<div class="card-who">
    <p class="card-name">
      <button type="button" class="card-open" aria-expanded=${isOpen} onClick=${() => open(`visit=${visit.visit_id}`)}>
        ${customerName(visit)}
      </button>
      <${TierBadge} tier=${visit.tier} /><${LevelBadge} level=${visit.service_level} />
    </p>
    <p class="card-need">${needName(types, visit)}${reason && html`<span class="card-hint">${reason}</span>`}</p>
    ${isMine && html`<${Greeting} visit=${visit} />`}
  </div>`;
}

/** @param {{number: string | undefined}} sent */
function NumberPlace({ number }) {
  if (number) return html`<span class="card-code code">${number}</span>`;
  return html`<span class="card-code none">${t("ticket.none_yet")}</span>`;
}

/** @param {{visit: Visit}} sent */
function Greeting({ visit }) {
  const words = sayingOf("greeting", visit.greeting);
  return words ? html`<p class="card-say">${t("claim.say", { words })}</p>` : null;
}

/** @param {{visit: Visit, claims: Claims, isFirst: boolean, isAble: boolean}} sent */
function ClaimPlace({ visit, claims, isFirst, isAble }) {
  if (claims.isMine(visit)) return html`<p class="card-claim mine">${t("claim.mine")}</p>`;
  if (claims.isTaken(visit)) return html`<p class="card-claim">${t("claim.by", { who: visit.claimed_by?.name })}</p>`;
  const says = `${t("act.claim")} ${customerName(visit)}`;
  return html`<div class="card-act ${isAble ? "" : "unable"}">
    <${Button} kind=${isFirst && isAble ? "solid" : "outlined"} size=${isFirst ? "large" : ""} says=${says}
      onPress=${() => claims.take(visit)}>${t("act.claim")}<//>
  </div>`;
}
