/** Where to send a customer, in two taps: the way, then the service. The way that is better now is chosen already. */

import { useState } from "preact/hooks";
import { html } from "#shared/lib/html.js";
import { nameOf, t } from "#shared/lib/words.js";
import { Button } from "#shared/parts/button.js";
import { machineState } from "#shared/parts/machine_tiles.js";

/** @import { Lobby, ServiceType, Visit } from "#shared/lib/shapes.js" */
/** @import { Care } from "#staff/lib/care.js" */
/** @typedef {{lobby: Lobby, visit: Visit, care: Care, isAble: boolean}} Sent */

/** @type {("ticket" | "self_service" | "adviser")[]} */
const WAYS = ["ticket", "self_service", "adviser"];
/** Why somebody comes back from a machine. */
const RETURNS = ["failed", "refused", "customer_wish"];

/** @param {Sent} sent */
export function DetailRoute(sent) {
  const { visit } = sent;
  if (visit.state === "in_service") return null;
  if (visit.device) return html`<${Return} ...${sent} />`;
  return html`<${Send} key=${visit.visit_id} ...${sent} />`;
}

/** Nobody is sent to a machine that is not alive and free. @param {Lobby} lobby */
const isMachineFree = (lobby) =>
  lobby.service_points.some((point) => point.kind === "machine" && machineState(lobby, point) === "free");

/** @param {Sent} sent */
function Send({ lobby, visit, care, isAble }) {
  const canUse = (/** @type {string} */ each) => each !== "self_service" || isMachineFree(lobby);
  const ways = WAYS.filter((each) => each !== "ticket" || !visit.ticket_id);
  const [way, choose] = useState(/** @type {string} */ (ways.find(canUse)));
  const [isWhole, showAll] = useState(false);
  const asked = visit.service_type ?? visit.need?.code;
  const { first, more } = servicesOf(lobby, asked);
  const send = (/** @type {string} */ service_type) =>
    void care.of(visit, "route", { service_type, choice: way }, t("route.done"), true);
  return html`<section class="detail-part">
    <h3>${t("route.title")}</h3>
    <div class="ways" role="group" aria-label=${t("route.way")}>
      ${ways.map(
        (each) => html`<button key=${each} type="button" class="way" aria-pressed=${way === each}
          disabled=${!canUse(each)} onClick=${() => choose(each)}>${t(`route.${each}`)}</button>`,
      )}
    </div>
    ${!isMachineFree(lobby) && html`<p class="quiet-text">${t("route.no_machine")}</p>`}
    <ul class="services">
      ${[...first, ...(isWhole ? more : [])].map(
        ({ code, names }) => html`<li key=${code}>
          <${Button} kind=${code === asked ? "solid" : "outlined"} isOff=${!isAble || !canUse(way)}
            onPress=${() => send(code)}>${nameOf(names)}<//>
        </li>`,
      )}
    </ul>
    ${
      !isWhole &&
      more.length > 0 &&
      html`<${Button} kind="quiet" onPress=${() => showAll(true)}>${t("route.more", { n: more.length })}<//>`
    }
  </section>`;
}

/**
 * What they came for first, then what most people come for; the others wait behind a button.
 * @param {Lobby} lobby
 * @param {string | undefined} asked
 */
function servicesOf(lobby, asked) {
  const isFirst = (/** @type {ServiceType} */ type) => type.code === asked || type.tile;
  const first = lobby.service_types.filter(isFirst);
  first.sort((one, other) => Number(other.code === asked) - Number(one.code === asked));
  return { first, more: lobby.service_types.filter((type) => !isFirst(type)) };
}

/** @param {Sent} sent */
function Return({ visit, care, isAble }) {
  return html`<section class="detail-part">
    <h3>${t("route.return")}</h3>
    <p class="quiet-text">${t("route.return_hint")}</p>
    <div class="detail-acts">
      ${RETURNS.map((reason) => {
        const press = () => void care.of(visit, "return", { reason }, t("route.returned"), true);
        return html`<${Button} key=${reason} isOff=${!isAble} onPress=${press}>${t(`return.${reason}`)}<//>`;
      })}
    </div>
  </section>`;
}
