/** Which screen is this? A card for each, in the order of a customer's way; in the demo also who may sign in. */

import { html, render } from "#shared/lib/html.js";
import { page } from "#shared/lib/page.js";
import { newcomer, Server } from "#shared/lib/server.js";
import { nameOf, switchLang, t } from "#shared/lib/words.js";
import { Icon } from "#shared/parts/icon.js";
import { DemoSignIns } from "#staff/parts/demo_sign_ins.js";

/** @typedef {{name: string, icon: string, href: string, demoOnly?: boolean, demoHref?: string}} Place */

/** @type {Place[]} */
const PLACES = [
  { name: "wallet", icon: "qr-code", href: "/demo/wallet", demoOnly: true },
  { name: "kiosk", icon: "scan-line", href: "/kiosk", demoHref: "/demo/enrol/kiosk" },
  { name: "tablet", icon: "tablet", href: "/tablet" },
  { name: "desk", icon: "monitor", href: "/desk" },
  { name: "rm", icon: "briefcase-business", href: "/rm" },
  { name: "mine", icon: "user-round", href: "/mine" },
  { name: "head", icon: "landmark", href: "/head" },
  { name: "admin", icon: "settings", href: "/admin" },
  { name: "wall", icon: "tv", href: "/wall", demoHref: "/demo/enrol/wall" },
];

/** @param {{place: Place, step: number}} sent */
function PlaceCard({ place, step }) {
  const href = page.demo ? (place.demoHref ?? place.href) : place.href;
  return html`<li>
    <a class="place" href=${href}>
      <span class="place-top">
        <span class="place-icon"><${Icon} name=${place.icon} /></span>
        ${page.demo && html`<span class="place-step">${step}</span>`}
      </span>
      <b class="place-name">${t(`place.${place.name}`)}<${Icon} name="arrow-right" /></b>
      <span class="place-for">${t(`place.${place.name}_for`)}</span>
    </a>
  </li>`;
}

function Chooser() {
  const names = [page.bank, page.branch].map((each) => nameOf(each?.names)).filter(Boolean);
  const places = PLACES.filter((place) => page.demo || !place.demoOnly);
  return html`
    <header class="chooser-head">
      <p class="chooser-place">${names.join(t("join.dot"))}</p>
      <h1>${t("chooser.title")}</h1>
      <p class="chooser-hint">${t(page.demo ? "chooser.hint_demo" : "chooser.hint")}</p>
      <button type="button" class="chooser-lang" onClick=${switchLang}>
        <${Icon} name="languages" />${t("act.other_language")}
      </button>
    </header>
    <main id="main" class="chooser">
      <ul class="places">
        ${places.map((place, at) => html`<${PlaceCard} key=${place.name} place=${place} step=${at + 1} />`)}
      </ul>
      ${page.sign_ins && html`<${DemoSignIns} server=${new Server(newcomer(page.csrf))} signIns=${page.sign_ins} />`}
    </main>
  `;
}

render(html`<${Chooser} />`, /** @type {HTMLElement} */ (document.getElementById("screen")));
