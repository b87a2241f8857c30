/** A number of this kiosk's own, while the branch's system is away: what holds, and what nobody knows yet. */

import { html } from "#shared/lib/html.js";
import { nameOf, t } from "#shared/lib/words.js";
import { hasPaper } from "#kiosk/lib/paper.js";
import { Head } from "#kiosk/parts/head.js";
import { Leaving } from "#kiosk/parts/leaving.js";

/** @typedef {import("#kiosk/screens/kiosk.js").With} With */

/** @param {With & {number: string, service: string}} sent */
export function Alone({ parts, agent, idle, leave, number, service }) {
  const type = parts.live.lobby.value?.service_types.find(({ code }) => code === service);
  return html`<${Head} parts=${parts} title=${t("result.title")} hint=${t("alone.where")} />
    <main id="main" class="body result">
      <section class="slip" aria-live="polite">
        <p class="slip-label">${t("ticket.yours")}</p>
        <p class="slip-code own code">${number}</p>
        <p class="slip-service">${nameOf(type?.names)}</p>
        <p class="slip-cap">${t("alone.why")}</p>
        <p class="slip-cap">${t(hasPaper(agent.facts.value) ? "alone.paper" : "alone.no_paper")}</p>
      </section>
      <${Leaving} leave=${leave} idle=${idle} />
    </main>`;
}
