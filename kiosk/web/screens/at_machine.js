/** To the machine, now: which, where, and that nothing is lost meanwhile. */

import { html } from "#shared/lib/html.js";
import { nameOf, t } from "#shared/lib/words.js";
import { Icon } from "#shared/parts/icon.js";
import { Head } from "#kiosk/parts/head.js";
import { Leaving } from "#kiosk/parts/leaving.js";

/** @import { Machine, RunningTicket } from "#shared/lib/shapes.js" */
/** @typedef {import("#kiosk/screens/kiosk.js").With} With */

/** @param {With & {device: Machine, running: RunningTicket | null}} sent */
export function AtMachine({ parts, idle, leave, device, running }) {
  return html`<${Head} parts=${parts} title=${t("machine.title")} hint=${t("machine.hint")} />
    <main id="main" class="body result">
      <section class="slip to-machine" aria-live="polite">
        <${Icon} name="monitor" kind="huge" />
        <p class="slip-label">${t("machine.go")}</p>
        <p class="to-machine-name">${nameOf(device.names)}</p>
        ${device.zone && html`<p class="slip-service">${device.zone}</p>`}
        ${running && html`<p class="slip-cap">${t("machine.kept", { number: running.number })}</p>`}
      </section>
      <${Leaving} leave=${leave} idle=${idle} />
    </main>`;
}
