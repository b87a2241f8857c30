/** Somebody who has a number already: which, and where to go if it is their turn. */

import { html } from "#shared/lib/html.js";
import { nameOf, t } from "#shared/lib/words.js";
import { Head } from "#kiosk/parts/head.js";
import { Leaving } from "#kiosk/parts/leaving.js";

/** @import { RunningTicket } from "#shared/lib/shapes.js" */
/** @typedef {import("#kiosk/screens/kiosk.js").With} With */

/** @param {With & {ticket: RunningTicket}} sent */
export function Already({ parts, idle, leave, ticket }) {
  const point = parts.live.lobby.value?.service_points.find(({ code }) => code === ticket.service_point);
  const hint = point ? t("already.go", { point: nameOf(point.names) }) : t("result.where");
  return html`<${Head} parts=${parts} title=${t("already.title")} hint=${hint} />
    <main id="main" class="body result">
      <section class="slip" aria-live="polite">
        <p class="slip-label">${t("ticket.yours")}</p>
        <p class="slip-code code">${ticket.number}</p>
        <p class="slip-service">${hint}</p>
      </section>
      <${Leaving} leave=${leave} idle=${idle} />
    </main>`;
}
