/** The number, large; how long, how many, the promise of fairness, and the way to carry it on the phone. */

import { html } from "#shared/lib/html.js";
import { nameOf, t } from "#shared/lib/words.js";
import { Button } from "#shared/parts/button.js";
import { rangeText } from "#shared/parts/range_text.js";
import { Head } from "#kiosk/parts/head.js";

/** @import { Issued } from "#shared/lib/shapes.js" */
/** @typedef {import("#kiosk/screens/kiosk.js").With} With */

/** The promise of fairness. @param {number} cap */
const capText = (cap) => (cap > 0 ? t("ticket.cap", { n: cap }) : t("ticket.cap_none"));

/** @param {With & {issued: Issued, service: string}} sent */
export function Result({ parts, flow, idle, issued, service }) {
  const type = parts.live.lobby.value?.service_types.find((each) => each.code === service);
  return html`<${Head} parts=${parts} title=${t("result.title")} hint=${t("result.where")} />
    <main id="main" class="body result">
      <section class="slip" aria-live="polite">
        <p class="slip-label">${t("ticket.yours")}</p>
        <p class="slip-code code">${issued.number}</p>
        <p class="slip-service">${nameOf(type?.names)}</p>
        <dl class="slip-facts">
          <div><dt>${t("ticket.ahead")}</dt><dd>${t("count.people", { n: issued.ahead })}</dd></div>
          <div><dt>${t("ticket.wait")}</dt><dd>${rangeText(issued.expected_wait)}</dd></div>
        </dl>
        ${issued.overtake_cap !== null && html`<p class="slip-cap">${capText(issued.overtake_cap)}</p>`}
      </section>
      ${
        issued.url &&
        html`<section class="carry">
        <img class="carry-qr" src="/t/${issued.ticket_key}/qr.svg" alt=${t("result.qr")} />
        <p class="carry-words"><b>${t("result.phone")}</b><span>${t("result.phone_hint")}</span></p>
      </section>`
      }
      <div class="done">
        <${Button} kind="solid" size="huge" onPress=${() => flow.home()}>${t("act.done")}<//>
        <p class="done-hint">${t("result.home_in", { n: idle.leavingS.value ?? 0 })}</p>
      </div>
    </main>`;
}
