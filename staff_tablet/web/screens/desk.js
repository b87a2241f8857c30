/** The teller's desk: whom do I serve now, and the next one by one key. */

import { useEffect } from "preact/hooks";
import { tellWhenAway } from "#shared/lib/away.js";
import { html, render } from "#shared/lib/html.js";
import { openStaffLobby } from "#shared/lib/lobby.js";
import { page } from "#shared/lib/page.js";
import { nameOf, t } from "#shared/lib/words.js";
import { Bar } from "#shared/parts/bar.js";
import { Shapes } from "#shared/parts/empty.js";
import { NoteLine, Notes } from "#shared/parts/note.js";
import { StaleStrip } from "#shared/parts/stale_strip.js";
import { Counter } from "#staff/lib/counter.js";
import { Desk } from "#staff/lib/desk.js";
import { freeKeys, pressKey } from "#staff/lib/keys.js";
import { servesText } from "#staff/lib/saying.js";
import { lineOf, ticketAt, visitOf, windowOf } from "#staff/lib/window.js";
import { ChooseWindow } from "#staff/parts/choose_window.js";
import { CurrentTicket } from "#staff/parts/current_ticket.js";
import { CustomerCard } from "#staff/parts/customer_card.js";
import { Deeds } from "#staff/parts/deeds.js";
import { DeskPanel } from "#staff/parts/desk_panel.js";
import { Question } from "#staff/parts/desk_questions.js";
import { ReferPanel, ReferStrip } from "#staff/parts/desk_refer.js";
import { KeysPanel } from "#staff/parts/keys_panel.js";
import { WaitingLine } from "#staff/parts/waiting_line.js";
import { WhyPanel } from "#staff/parts/why_panel.js";

/** @import { Lobby, ServicePoint, Ticket, Visit } from "#shared/lib/shapes.js" */
/** @import { Scene } from "#staff/lib/desk.js" */

const { clock, server, live } = openStaffLobby();
const notes = new Notes();
const counter = new Counter({ server, live, notes });
const desk = new Desk(counter);
const staffNo = page.me?.staff_no ?? "";

addEventListener("keydown", (event) => {
  if (live.lobby.value) pressKey(desk.keysNow(live.lobby.value, staffNo), event);
});

/** The buttons, or what one of them asks first. @param {{scene: Scene, waiting: number}} sent */
function Below({ scene, waiting }) {
  const panel = desk.panel.value;
  const { ticket, lobby } = scene;
  const visit = visitOf(lobby, ticket);
  const [timezone, nowMs] = [lobby.branch.timezone, clock.second.value];
  const isAble = live.freshness.value === "live";
  if (panel?.name === "keys") return html`<${KeysPanel} onClose=${desk.close} />`;
  if (panel?.name === "why" && ticket)
    return html`<${WhyPanel} ticket=${ticket} server=${server} timezone=${timezone} onClose=${desk.close} />`;
  if (panel?.name === "card") return html`<${Known} lobby=${lobby} visit=${visit} />`;
  if (panel?.name === "refer") return html`<${ReferPanel} ...${{ desk, visit, server, timezone, nowMs, isAble }} />`;
  if (panel) return html`<${Question} desk=${desk} scene=${scene} nowMs=${nowMs} />`;
  const isLikely = visit?.customer_id && visit.recommendation && visit.recommendation.answer !== "declined";
  return html`${isLikely && html`<${ReferStrip} key=${visit.visit_id} ...${{ desk, visit, server, isAble }} />`}
    <${Deeds} desk=${desk} scene=${scene} busy=${counter.busy.value} isAble=${isAble} waiting=${waiting} />`;
}

/** @param {{lobby: Lobby, visit: Visit | null}} sent */
const Known = ({ lobby, visit }) => html`<${DeskPanel} title=${t("card.title")} onClose=${desk.close}>
  ${visit && html`<${CustomerCard} ...${{ lobby, visit, server }} isMine />`}
<//>`;

/** @param {{lobby: Lobby, point: ServicePoint}} sent */
function AtWindow({ lobby, point }) {
  const ticket = ticketAt(lobby, point);
  const waiting = lineOf(lobby, point).mine.length;
  const visit = visitOf(lobby, ticket);
  // Another ticket is another question.
  useEffect(() => desk.close, [ticket?.id, ticket?.state]);
  return html`<section class="at-window">
    <h2 class="desk-title">${nameOf(point.names)}<span class="desk-serves">${servesText(point)}</span>
      <${HelpButton} />
    </h2>
    <${CurrentTicket} lobby=${lobby} ticket=${ticket} visit=${visit} waiting=${waiting} clock=${clock} />
    <${Below} scene=${{ lobby, point, ticket }} waiting=${waiting} />
  </section>`;
}

function HelpButton() {
  const open = () => (desk.panel.value = { name: "keys" });
  return html`<button type="button" class="desk-help" aria-keyshortcuts="?" onClick=${open}>
    ${t("desk.keys")} <kbd>?</kbd>
  </button>`;
}

/** @param {{lobby: Lobby | null, point: ServicePoint | null}} sent */
function DeskMain({ lobby, point }) {
  if (!lobby) return html`<${Shapes} rows=${3} />`;
  if (!point) return html`<${ChooseWindow} lobby=${lobby} counter=${counter} />`;
  return html`<${AtWindow} lobby=${lobby} point=${point} />`;
}

/** From the line: call this one by hand, when the hands are empty. @param {Lobby} lobby @param {ServicePoint} point */
function fromLine(lobby, point) {
  const isFree = !ticketAt(lobby, point);
  return {
    call: isFree ? (/** @type {Ticket} */ ticket) => (desk.panel.value = { name: "hand", ticket }) : null,
    resume: (/** @type {Ticket} */ ticket) => desk.resume(ticket),
  };
}

function DeskPage() {
  const lobby = live.lobby.value;
  const point = lobby && windowOf(lobby, staffNo);
  useEffect(freeKeys, [point?.code]);
  const acts = lobby && point ? fromLine(lobby, point) : null;
  return html`
    <${Bar} title=${t("title.desk")} live=${live} server=${server} />
    <main id="main" class="desk" tabindex="-1">
      <div class="desk-main">
        <${StaleStrip} live=${live} clock=${clock} effect="strip.no_calls" />
        <${DeskMain} lobby=${lobby} point=${point} />
      </div>
      ${lobby && html`<${WaitingLine} lobby=${lobby} point=${point} clock=${clock} acts=${acts} />`}
    </main>
    <${NoteLine} notes=${notes} />
  `;
}

render(html`<${DeskPage} />`, /** @type {HTMLElement} */ (document.getElementById("screen")));
tellWhenAway();
