/** The kiosk: one customer at a time, from a code or a touch to a number. */

import { effect } from "@preact/signals-core";
import { keepAwake } from "#shared/lib/awake.js";
import { DevicePage } from "#shared/lib/device_page.js";
import { html, render } from "#shared/lib/html.js";
import { page } from "#shared/lib/page.js";
import { lang, t } from "#shared/lib/words.js";
import { EnrolForm } from "#shared/parts/enrol_form.js";
import { Camera } from "#kiosk/lib/camera.js";
import { Flow } from "#kiosk/lib/flow.js";
import { Idle } from "#kiosk/lib/idle.js";
import { isContrast, isLarge, isLow, resetModes } from "#kiosk/lib/modes.js";
import { Wedge } from "#kiosk/lib/wedge.js";
import { Foot } from "#kiosk/parts/foot.js";
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
 * @property {Idle} idle
 * @property {(text: string) => void} seen
 * @property {boolean} isAble the branch server can be asked
 */

const STEPS = {
  home: Home,
  reading: Reading,
  choose: ChooseNeed,
  result: Result,
  already: Already,
  trouble: Trouble,
  helped: Helped,
};
/** How each step ends when nobody touches: never, after asking, or by itself. */
const MANNERS = /** @type {const} */ ({
  home: "none",
  reading: "none",
  choose: "ask",
  result: "leave",
  already: "leave",
  trouble: "leave",
  helped: "leave",
});

const devicePage = new DevicePage("kiosk", "Kiosk");
/** @type {Flow} */
const flow = new Flow({
  server: { command: (path, body, key) => /** @type {any} */ (devicePage.parts).server.command(path, body, key) },
  language: () => lang.value,
  steady: () => performance.now(),
});
const seen = (/** @type {string} */ text) =>
  void (devicePage.parts?.live.freshness.value !== "offline" && flow.scan(text));
const camera = new Camera(seen);
const idle = new Idle({ steady: () => performance.now(), home: clear });

/** Nothing of this customer stays: name, number, language, sizes. */
function clear() {
  resetModes();
  lang.value = page.lang;
  flow.home();
}

function Kiosk() {
  if (devicePage.state.value === "asking")
    return html`<${EnrolForm} devicePage=${devicePage} title=${t("enrol.kiosk")} />`;
  const parts = devicePage.parts;
  if (devicePage.state.value === "starting" || !parts) return html`<div class="kiosk"></div>`;
  const step = flow.step.value;
  const isAble = parts.live.freshness.value !== "offline";
  const given = { parts, flow, camera, idle, seen, isAble, ...step };
  return html`<div class="kiosk" data-step=${step.name}>
    <${STEPS[step.name]} ...${given} />
    <${Foot} flow=${flow} isAble=${isAble} />
    <${StillThere} idle=${idle} />
  </div>`;
}

effect(() => {
  // On the first screen a changed language or size is somebody's too: silence takes it back.
  const isChanged = lang.value !== page.lang || isLarge.value || isContrast.value || isLow.value;
  const manner = MANNERS[flow.step.value.name];
  idle.become(manner === "none" && isChanged ? "ask" : manner);
});
render(html`<${Kiosk} />`, /** @type {HTMLElement} */ (document.getElementById("screen")));
new Wedge(seen).start();
idle.start();
keepAwake();
void devicePage.start(() => camera.health);
void camera.start();
