/** The wall display: who is called, and where to. It only listens, and would rather say nothing than something old. */

import { effect, signal } from "@preact/signals-core";
import { tellWhenAway } from "#shared/lib/away.js";
import { keepAwake } from "#shared/lib/awake.js";
import { DevicePage } from "#shared/lib/device_page.js";
import { range, timeOfDay } from "#shared/lib/format.js";
import { html, render } from "#shared/lib/html.js";
import { overallWait, waitingCount } from "#shared/lib/overall_wait.js";
import { page } from "#shared/lib/page.js";
import { nameOf, t } from "#shared/lib/words.js";
import { EnrolForm } from "#shared/parts/enrol_form.js";
import { Voice } from "#shared/lib/voice.js";
import { Icon } from "#shared/parts/icon.js";
import { Announcer } from "#staff/lib/announcer.js";
import { hearCalls, keyOf, NO_CALLS, turn } from "#staff/lib/call_queue.js";
import { NowCalling, PastCalls } from "#staff/parts/calls.js";

/** @import { LobbyParts } from "#shared/lib/device_page.js" */

/** Silent for this long, a code on the wall may be wrong: then people should listen, not look. */
const SILENT_MS = 20_000;

const devicePage = new DevicePage("wall", "Wall");
const calls = signal(NO_CALLS);
const voice = new Voice(page.voice);
const announcer = new Announcer(voice);

/** @param {LobbyParts} parts */
function follow({ live, clock }) {
  effect(() => {
    const lobby = live.lobby.value;
    clock.second.value; // each second the next call may be due
    if (!lobby) return;
    calls.value = turn(hearCalls(calls.peek(), lobby.tickets), clock.steady(), announcer.isSpeaking);
  });
  let said = "";
  effect(() => {
    const call = calls.value.showing;
    if (!call || keyOf(call) === said) return;
    said = keyOf(call);
    void announcer.announce(
      call,
      live.lobby.peek()?.service_points.find(({ code }) => code === call.point),
    );
  });
}

/** @param {LobbyParts} sent */
function Foot({ live }) {
  const lobby = live.lobby.value;
  if (!lobby) return null;
  const wait = overallWait(lobby);
  return html`<footer class="wall-foot">
    <span>${t("wall.waiting", { n: waitingCount(lobby) })}</span>
    ${wait && waitingCount(lobby) > 0 && html`<span>${t("wait.about", { range: range(wait) })}</span>`}
    ${voice.state.value === "blocked" && html`<${Mute} />`}
  </footer>`;
}

const Mute = () => html`<span class="wall-mute"><${Icon} name="volume-x" />${t("wall.mute")}</span>`;

/** @param {LobbyParts} parts */
function Board(parts) {
  const { live, clock } = parts;
  const lobby = live.lobby.value;
  const isSilent = clock.second.value > 0 && lobby !== null && clock.steady() - live.heardMs.value >= SILENT_MS;
  return html`<div class="wall">
    <main class="wall-now">
      <header class="wall-head">
        <h1>${nameOf(page.bank.names)} ${nameOf(lobby?.branch.names ?? page.branch?.names)}</h1>
        <span class="wall-clock">${timeOfDay(clock.second.value, lobby?.branch.timezone)}</span>
      </header>
      ${isSilent ? html`<${Listen} />` : html`<${NowCalling} lobby=${lobby} calls=${calls.value} />`}
      ${!isSilent && html`<${Foot} ...${parts} />`}
    </main>
    <${PastCalls} lobby=${lobby} calls=${isSilent ? NO_CALLS : calls.value} />
  </div>`;
}

const Listen = () =>
  html`<section class="wall-silent">
    <p>${t("wall.listen")}</p>
    <p class="wall-other">${t("wall.listen_other")}</p>
  </section>`;

function Wall() {
  if (devicePage.state.value === "asking")
    return html`<${EnrolForm} devicePage=${devicePage} title=${t("enrol.wall")} />`;
  if (devicePage.state.value === "starting" || !devicePage.parts) return html`<div class="wall"></div>`;
  return html`<${Board} ...${devicePage.parts} />`;
}

effect(() => void (devicePage.state.value === "open" && devicePage.parts && follow(devicePage.parts)));
render(html`<${Wall} />`, /** @type {HTMLElement} */ (document.getElementById("screen")));
keepAwake();
tellWhenAway();
voice.start();
void devicePage.start(() => ({ voice: voice.state.value }));
