/** The teller's desk: whom do I serve now, and the next one by one key. */

import { useEffect } from "preact/hooks";
import { html, render } from "#shared/lib/html.js";
import { openStaffLobby } from "#shared/lib/lobby.js";
import { page } from "#shared/lib/page.js";
import { nameOf, t } from "#shared/lib/words.js";
import { Bar } from "#shared/parts/bar.js";
import { Button } from "#shared/parts/button.js";
import { Shapes } from "#shared/parts/empty.js";
import { NoteLine, Notes } from "#shared/parts/note.js";
import { StaleStrip } from "#shared/parts/stale_strip.js";
import { Counter } from "#staff/lib/counter.js";
import { freeKeys, pressKey } from "#staff/lib/keys.js";
import { servesText } from "#staff/lib/saying.js";
import { deedsOf, lineOf, seatsOf, ticketAt, visitOf, windowOf } from "#staff/lib/window.js";
import { ChooseWindow } from "#staff/parts/choose_window.js";
import { CurrentTicket } from "#staff/parts/current_ticket.js";
import { WaitingLine } from "#staff/parts/waiting_line.js";

/** @import { Lobby, ServicePoint, Ticket } from "#shared/lib/shapes.js" */

const { clock, server, live } = openStaffLobby();
const notes = new Notes();
const counter = new Counter({ server, live, notes });
const staffNo = page.me?.staff_no ?? "";

/** The keys that do something now. @returns {Record<string, () => void>} */
function keysNow() {
  const lobby = live.lobby.value;
  if (!lobby) return {};
  const point = windowOf(lobby, staffNo);
  if (!point) {
    const free = seatsOf(lobby).map((seat, at) => /** @type {const} */ ([String(at + 1), seat]));
    return Object.fromEntries(
      free
        .filter(([, seat]) => seat.state !== "open")
        .map(([key, seat]) => [key, () => void counter.ask("open", seat.code)]),
    );
  }
  const ticket = ticketAt(lobby, point);
  const can = deedsOf(ticket);
  const call = () => void counter.ask("call-next", point.code);
  return {
    ...(can.has("call") ? { " ": call, n: call } : {}),
    ...(can.has("start") ? { s: () => void counter.ask("start", point.code, ticket?.id) } : {}),
    ...(can.has("finish") ? { f: () => void counter.ask("finish", point.code, ticket?.id) } : {}),
    ...(can.has("close") ? { c: () => void counter.ask("close", point.code) } : {}),
  };
}

addEventListener("keydown", (event) => pressKey(keysNow(), event));

/** @param {{point: ServicePoint, ticket: Ticket | null, waiting: number}} sent */
function Deeds({ point, ticket, waiting }) {
  const can = deedsOf(ticket);
  const next = ticket ? (ticket.state === "called" ? "start" : "finish") : waiting > 0 ? "call" : "";
  const given = (/** @type {"call" | "start" | "finish" | "close"} */ deed) => {
    const asked = deed === "call" ? "call-next" : deed;
    const isFirst = deed === next && live.freshness.value === "live";
    return {
      kind: deed === "close" ? "quiet" : isFirst ? "solid" : "outlined",
      size: "large",
      isOff: !can.has(deed),
      isBusy: counter.busy.value === asked,
      onPress: () =>
        void counter.ask(asked, point.code, deed === "start" || deed === "finish" ? ticket?.id : undefined),
    };
  };
  return html`<div class="deeds">
    <${Button} ...${given("call")} hotkey=${t("key.space")}>${t("act.call_next")}<//>
    <${Button} ...${given("start")} hotkey="S">${t("act.start")}<//>
    <${Button} ...${given("finish")} hotkey="F">${t("act.finish")}<//>
    <${Button} ...${given("close")} hotkey="C">${t("act.close_window")}<//>
  </div>`;
}

/** @param {{lobby: Lobby, point: ServicePoint}} sent */
function AtWindow({ lobby, point }) {
  const ticket = ticketAt(lobby, point);
  const waiting = lineOf(lobby, point).mine.length;
  const visit = visitOf(lobby, ticket);
  return html`<section class="at-window">
    <h2 class="desk-title">${nameOf(point.names)}<span class="desk-serves">${servesText(point)}</span></h2>
    <${CurrentTicket} lobby=${lobby} ticket=${ticket} visit=${visit} waiting=${waiting} clock=${clock} />
    <${Deeds} point=${point} ticket=${ticket} waiting=${waiting} />
  </section>`;
}

/** @param {{lobby: Lobby | null, point: ServicePoint | null}} sent */
function DeskMain({ lobby, point }) {
  if (!lobby) return html`<${Shapes} rows=${3} />`;
  if (!point) return html`<${ChooseWindow} lobby=${lobby} counter=${counter} />`;
  return html`<${AtWindow} lobby=${lobby} point=${point} />`;
}

function Desk() {
  const lobby = live.lobby.value;
  const point = lobby && windowOf(lobby, staffNo);
  useEffect(freeKeys, [point?.code]);
  return html`
    <${Bar} title=${t("title.desk")} live=${live} server=${server} />
    <main id="main" class="desk" tabindex="-1">
      <div class="desk-main">
        <${StaleStrip} live=${live} clock=${clock} effect="strip.no_calls" />
        <${DeskMain} lobby=${lobby} point=${point} />
      </div>
      ${lobby && html`<${WaitingLine} lobby=${lobby} point=${point} clock=${clock} />`}
    </main>
    <${NoteLine} notes=${notes} />
  `;
}

render(html`<${Desk} />`, /** @type {HTMLElement} */ (document.getElementById("screen")));
