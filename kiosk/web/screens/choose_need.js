/** After the code: a greeting, what we think they came for, and at most four other choices. */

import { html } from "#shared/lib/html.js";
import { nameOf, t } from "#shared/lib/words.js";
import { Icon } from "#shared/parts/icon.js";
import { waitText } from "#shared/parts/range_text.js";
import { CHOICES_MAX } from "#kiosk/lib/guide.js";
import { Head } from "#kiosk/parts/head.js";

/** @import { Arrival, Lobby } from "#shared/lib/shapes.js" */
/** @typedef {import("#kiosk/screens/kiosk.js").With} With */
/** @typedef {Arrival["services"][number]} Service */

/** @param {With & {arrival: Arrival, busyWith: string | null}} sent */
export function ChooseNeed({ parts, flow, arrival, busyWith }) {
  const lobby = parts.live.lobby.value;
  const suggested = arrival.services.find((service) => service.code === arrival.suggested);
  const others = arrival.services.slice(0, CHOICES_MAX).filter((service) => service !== suggested);
  const name = arrival.customer?.masked_name;
  const choice = (/** @type {Service} */ service, kind = "") => {
    const choose = () => flow.choose(service.code);
    const place = arrival.services.indexOf(service) + 1;
    return html`<${Choice} ...${{ service, place, kind, lobby, busyWith, choose }} />`;
  };
  const title = name ? t("kiosk.hello_name", { name }) : t("kiosk.hello_guest");
  return html`<${Head} parts=${parts} title=${title} hint=${t("kiosk.what_today")} />
    <main id="main" class="body choose">
      ${suggested && html`<p class="or"><b>${t("kiosk.suggested")}</b></p>${choice(suggested, "suggested")}`}
      ${others.length > 0 && html`<p class="or"><b>${t(suggested ? "kiosk.or_choose" : "kiosk.choose")}</b></p>`}
      <ul class="tiles">${others.map((service) => html`<li key=${service.code}>${choice(service)}</li>`)}</ul>
    </main>`;
}

/**
 * @param {{service: Service, place: number, kind: string, lobby: Lobby | null, busyWith: string | null,
 *   choose: () => void}} sent
 */
function Choice({ service, place, kind, lobby, busyWith, choose }) {
  const { code, name, expected_wait, device } = service;
  const icon = lobby?.service_types.find((type) => type.code === code)?.icon ?? "ticket";
  const isBusy = busyWith === code;
  const below = isBusy ? t("kiosk.issuing") : device ? t("kiosk.machine_free") : waitText(expected_wait);
  return html`<button type="button" class="tile ${kind}" aria-busy=${isBusy} disabled=${busyWith !== null && !isBusy}
    data-service=${code} data-key=${place} onClick=${choose}>
    <span class="tile-icon"><${Icon} name=${icon} /></span>
    <span class="tile-words"><b>${nameOf(name)}</b><span>${below}</span></span>
    <${Icon} name="chevron-right" kind="chevron" />
  </button>`;
}
