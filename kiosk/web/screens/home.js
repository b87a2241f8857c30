/** First screen: show a code, or choose a service. */

import { range } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { overallWait, waitingCount } from "#shared/lib/overall_wait.js";
import { page } from "#shared/lib/page.js";
import { nameOf, t } from "#shared/lib/words.js";
import { Shapes } from "#shared/parts/empty.js";
import { Icon } from "#shared/parts/icon.js";
import { DemoScan } from "#kiosk/parts/demo_scan.js";
import { tilesOf } from "#kiosk/lib/guide.js";
import { Head } from "#kiosk/parts/head.js";
import { Preview } from "#kiosk/parts/preview.js";

/** @import { Lobby, ServiceType } from "#shared/lib/shapes.js" */
/** @typedef {import("#kiosk/screens/kiosk.js").With} With */

/** @param {With} sent */
export function Home({ parts, flow, agent, camera, seen, isAble }) {
  const lobby = parts.live.lobby.value;
  const isSilent = ["offline", "stale"].includes(parts.live.freshness.value);
  const pick = (/** @type {string} */ code) => flow.pick(code, isSilent);
  const hasCards = isAble && agent.facts.value?.card_reader === "ok";
  const isAlone = !isAble && agent.canIssue;
  const title = t(isAlone ? "kiosk.hello_alone" : hasCards ? "kiosk.hello_card" : "kiosk.hello");
  const away = html`<p class="strip" role="alert">
    <${Icon} name="wifi-off" /><span>${t(isAlone ? "kiosk.alone" : "kiosk.offline")}</span>
  </p>`;
  const listen = html`
    <div class="listen">
    <section class="scan" data-camera=${isAble ? camera.state.value : "none"}>
      <div class="scan-words">
        <h2 class="scan-title"><${Icon} name="qr-code" />${t("kiosk.scan")}</h2>
        ${isAble && html`<p>${t(`kiosk.scan_${camera.state.value}`)}</p>`}
        ${page.demo && html`<${DemoScan} seen=${seen} />`}
      </div>
      <${Preview} camera=${camera} />
    </section>
    ${hasCards && html`<${Swipe} />`}
    </div>
    <p class="or"><b>${t("kiosk.no_code")}</b><span>${t("kiosk.no_sign_in")}</span></p>`;
  return html`<${Head} parts=${parts} title=${title} hint=${isAlone ? "" : t("kiosk.hello_hint")}>
      ${lobby && !isAlone && html`<${Figures} lobby=${lobby} />`}
    <//>
    <main id="main" class="body">
      ${!isAble && away}
      ${!isAlone && listen}
      ${!lobby && html`<${Shapes} rows=${3} />`}
      ${lobby && html`<${Tiles} lobby=${lobby} isAble=${isAble || isAlone} pick=${pick} />`}
    </main>`;
}

/** The reader listens already: the card shows the place. */
const Swipe = () =>
  html`<section class="swipe">
    <${Icon} name="credit-card" />
    <p><b>${t("kiosk.swipe")}</b><span>${t("kiosk.swipe_hint")}</span></p>
  </section>`;

/** @param {{lobby: Lobby}} sent */
function Figures({ lobby }) {
  const wait = overallWait(lobby);
  return html`<p class="head-figures">
    <span>${t("kiosk.waiting_now")} <b>${waitingCount(lobby)}</b> ${t("kiosk.people")}</span>
    ${wait && html`<span>${t("kiosk.about")} <b>${range(wait)}</b> ${t("kiosk.minutes")}</span>`}
  </p>`;
}

/** @param {{lobby: Lobby, isAble: boolean, pick: (code: string) => void}} sent */
function Tiles({ lobby, isAble, pick }) {
  const tile = (/** @type {ServiceType} */ type, /** @type {number} */ at) =>
    html`<li key=${type.code}><${Tile} type=${type} place=${at + 1} isAble=${isAble} pick=${pick} /></li>`;
  return html`<ul class="tiles">${tilesOf(lobby).map(tile)}</ul>`;
}

/** @param {{type: ServiceType, place: number, isAble: boolean, pick: (code: string) => void}} sent */
function Tile({ type, place, isAble, pick }) {
  const press = () => pick(type.code);
  return html`<button type="button" class="tile" disabled=${!isAble} data-service=${type.code} data-key=${place}
    onClick=${press}>
    <span class="tile-icon"><${Icon} name=${type.icon} /></span>
    <span class="tile-words"><b>${nameOf(type.names)}</b><span>${nameOf(type.hints)}</span></span>
    <${Icon} name="chevron-right" kind="chevron" />
  </button>`;
}
