/** The kiosk: one customer at a time, from a code or a touch to a number. */

import { effect } from "@preact/signals-core";
import { tellWhenAway } from "#shared/lib/away.js";
import { keepAwake } from "#shared/lib/awake.js";
import { DevicePage } from "#shared/lib/device_page.js";
import { html, render } from "#shared/lib/html.js";
import { page } from "#shared/lib/page.js";
import { lang, t } from "#shared/lib/words.js";
import { Voice } from "#shared/lib/voice.js";
import { EnrolForm } from "#shared/parts/enrol_form.js";
import { Agent, agentOf } from "#kiosk/lib/agent.js";
import { AgentDevice } from "#kiosk/lib/agent_device.js";
import { Camera } from "#kiosk/lib/camera.js";
import { takeOwn } from "#kiosk/lib/alone.js";
import { openEyes, refusalOf } from "#kiosk/lib/eyes.js";
import { Flow } from "#kiosk/lib/flow.js";
import { Idle } from "#kiosk/lib/idle.js";
import { isKeyed, Keypad } from "#kiosk/lib/keypad.js";
import { MANNERS } from "#kiosk/lib/manners.js";
import { isContrast, isLarge, isLow, resetModes } from "#kiosk/lib/modes.js";
import { printTickets } from "#kiosk/lib/paper.js";
import { followPanel } from "#kiosk/lib/panel.js";
import { Reader } from "#kiosk/lib/reader.js";
import { Wedge } from "#kiosk/lib/wedge.js";
import { Foot } from "#kiosk/parts/foot.js";
import { Alone } from "#kiosk/screens/alone.js";
import { AtMachine } from "#kiosk/screens/at_machine.js";
import { Already } from "#kiosk/screens/already.js";
import { ChooseNeed } from "#kiosk/screens/choose_need.js";
import { Home } from "#kiosk/screens/home.js";
import { Result } from "#kiosk/screens/result.js";
import { StillThere } from "#kiosk/screens/still_there.js";
import { Helped, Reading, Trouble } from "#kiosk/screens/trouble.js";

/**
 * @typedef {object} With what every step is given
 * @property {import("#shared/lib/device_page.js").LobbyParts} parts
 * @property {Flow} flow
 * @property {Camera} camera
 * @property {Agent} agent
 * @property {Idle} idle
 * @property {(text: string) => void} seen
 * @property {() => void} leave the customer is done: nothing of them stays
 * @property {boolean} isAble the branch server can be asked
 */

/** As the styles name it. */
const CODE_FACE = '700 1em "Atkinson Hyperlegible Next"';
const STEPS = {
  home: Home,
  reading: Reading,
  choose: ChooseNeed,
  result: Result,
  alone: Alone,
  already: Already,
  trouble: Trouble,
  helped: Helped,
  machine: AtMachine,
};
const agent = new Agent(agentOf(location.hash));
const devicePage = new DevicePage("kiosk", "Kiosk", new AgentDevice(agent));
/** @type {Flow} */
const flow = new Flow({
  server: { command: (path, body, key) => /** @type {any} */ (devicePage.parts).server.command(path, body, key) },
  language: () => lang.value,
  steady: () => performance.now(),
  own: (code, key) => {
    const service = lobby()?.service_types.find((type) => type.code === code);
    return agent.canIssue && service ? takeOwn(agent, service, lang.value, key) : null;
  },
});
const isAway = () => devicePage.parts?.live.freshness.value === "offline";
const seen = (/** @type {string} */ text) => void (!isAway() && flow.scan(text));
const camera = new Camera(seen);
const voice = new Voice(page.voice);
const reader = new Reader(voice);
const idle = new Idle({ steady: () => performance.now(), home: clear, isHeld: () => reader.isSpeaking });
const wedge = new Wedge(seen);
const lobby = () => devicePage.parts?.live.lobby.peek() ?? null;
const callHelp = () => (isAway() ? flow.cannot() : flow.callHelp());
const keypad = new Keypad({
  isScanning: () => wedge.isTyping,
  back: () => (flow.step.value.name === "home" ? clear() : flow.home()),
  help: callHelp,
  chosen: ({ dataset }) => void (dataset.service && reader.say([`service_${dataset.service}`])),
  first: () => voice.start(),
});

/** Nothing of this customer stays: name, number, language, sizes, voice. */
function clear() {
  resetModes();
  isKeyed.value = false;
  lang.value = page.lang;
  flow.home();
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
}

function Kiosk() {
  if (devicePage.state.value === "asking")
    return html`<${EnrolForm} devicePage=${devicePage} title=${t("enrol.kiosk")} />`;
  const parts = devicePage.parts;
  if (devicePage.state.value === "starting" || !parts) return html`<div class="kiosk"></div>`;
  const step = flow.step.value;
  const isAble = !isAway();
  const given = { parts, flow, agent, camera, idle, seen, isAble, leave: clear, ...step };
  return html`<div class="kiosk" data-step=${step.name}>
    <${STEPS[step.name]} ...${given} />
    <${Foot} callHelp=${callHelp} />
    <${StillThere} idle=${idle} />
  </div>`;
}

effect(() => {
  // On the first screen a changed language or size is somebody's too: silence takes it back.
  const isChanged =
    lang.value !== page.lang || isLarge.value || isContrast.value || isLow.value || isKeyed.value;
  const manner = MANNERS[flow.step.value.name];
  idle.become(manner === "none" && isChanged ? "ask" : manner);
});
// The face of the numbers is fetched with the first customer's touch, before there is a number to show; a kiosk that
// gives numbers alone needs it before the server is gone.
effect(() => {
  if (flow.step.value.name !== "home" || agent.facts.value) document.fonts.load(CODE_FACE).catch(() => {});
});
render(html`<${Kiosk} />`, /** @type {HTMLElement} */ (document.getElementById("screen")));
followPanel();
wedge.start();
keypad.start();
reader.follow(flow, lobby);
idle.start();
effect(() => void (document.documentElement.dataset.keyed = String(isKeyed.value)));
keepAwake();
tellWhenAway();
agent.start({
  seen: ({ kind, value, older }) => void (!isAway() && flow.scan(value, kind, older)),
  refused: (reason, kind) => {
    if (["home", "trouble"].includes(flow.step.value.name)) flow.cannot(refusalOf(reason, kind));
  },
});
void devicePage.start(() => ({
  ...camera.health,
  // Until its first key a kiosk has no reason to make a sound.
  ...(voice.state.value !== "blocked" && { voice: voice.state.value }),
}));
printTickets(agent, flow, () => devicePage.parts);
void openEyes(agent, camera);
