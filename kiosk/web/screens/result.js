/** The faster way first, where there is one; the number, how long, how many, the promise, and the way to the phone. */

import { html } from "#shared/lib/html.js";
import { nameOf, t } from "#shared/lib/words.js";
import { Icon } from "#shared/parts/icon.js";
import { rangeText } from "#shared/parts/range_text.js";
import { Head } from "#kiosk/parts/head.js";
import { hasPaper } from "#kiosk/lib/paper.js";
import { Leaving } from "#kiosk/parts/leaving.js";

/** @import { FasterWay, Issued, ServiceType } from "#shared/lib/shapes.js" */
/** @import { ResultStep } from "#kiosk/lib/steps.js" */
/** @typedef {import("#kiosk/screens/kiosk.js").With} With */

/** The promise of fairness. @param {number} cap */
const capText = (cap) => (cap > 0 ? t("ticket.cap", { n: cap }) : t("ticket.cap_none"));

/** @param {With & ResultStep} sent */
export function Result({ parts, flow, agent, idle, leave, issued, service, faster, isBusy, isTaken }) {
  const type = parts.live.lobby.value?.service_types.find((each) => each.code === service);
  const title = t(faster ? "result.faster_title" : "result.title");
  const paper = hasPaper(agent.facts.value);
  const whereKey = paper === null ? "result.where" : paper ? "result.where_paper" : "result.where_no_paper";
  const hint = t(isTaken ? "result.taken" : faster ? "result.faster_hint" : whereKey);
  const go = () => void flow.goToMachine();
  return html`<${Head} parts=${parts} title=${title} hint=${hint} />
    <main id="main" class="body result ${faster ? "two-ways" : ""}">
      ${faster && html`<${Faster} faster=${faster} isBusy=${isBusy} go=${go} />`}
      <${Slip} issued=${issued} type=${type} label=${t(faster ? "result.stay" : "ticket.yours")} />
      ${issued.url && html`<${Carry} issued=${issued} />`}
      <${Leaving} leave=${leave} idle=${idle} kind=${faster ? "outlined" : "solid"} />
    </main>`;
}

/** The machine that is free now. @param {{faster: FasterWay, isBusy: boolean, go: () => void}} sent */
function Faster({ faster, isBusy, go }) {
  const { names, zone } = faster.device;
  return html`<button type="button" class="faster" aria-busy=${isBusy} data-key="1" onClick=${go}>
    <${Icon} name="monitor" kind="huge" />
    <span class="faster-words">
      <b>${t("result.go_machine", { machine: nameOf(names) })}</b>
      <span>${isBusy ? t("result.reserving") : t("result.no_wait")}${zone && html` · ${zone}`}</span>
    </span>
    <${Icon} name="chevron-right" kind="chevron" />
  </button>`;
}

/** @param {{issued: Issued, type: ServiceType | undefined, label: string}} sent */
function Slip({ issued, type, label }) {
  return html`<section class="slip" aria-live="polite">
    <p class="slip-label">${label}</p>
    <p class="slip-code code">${issued.number}</p>
    <p class="slip-service">${nameOf(type?.names)}</p>
    <dl class="slip-facts">
      <div><dt>${t("ticket.ahead")}</dt><dd>${t("count.people", { n: issued.ahead })}</dd></div>
      <div><dt>${t("ticket.wait")}</dt><dd>${rangeText(issued.expected_wait)}</dd></div>
    </dl>
    ${issued.overtake_cap !== null && html`<p class="slip-cap">${capText(issued.overtake_cap)}</p>`}
  </section>`;
}

/** @param {{issued: Issued}} sent */
const Carry = ({ issued }) =>
  html`<section class="carry">
    <img class="carry-qr" src="/t/${issued.ticket_key}/qr.svg" alt=${t("result.qr")} />
    <p class="carry-words"><b>${t("result.phone")}</b><span>${t("result.phone_hint")}</span></p>
  </section>`;
