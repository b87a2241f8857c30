/** The calls on the wall: the one of now, and the last five. */

import { aroundNumber } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { has, nameOf, t } from "#shared/lib/words.js";
import { Icon } from "#shared/parts/icon.js";
import { keyOf } from "#staff/lib/call_queue.js";

/** @import { Lobby, Names, Queue } from "#shared/lib/shapes.js" */
/** @import { Calls, CallShown } from "#staff/lib/call_queue.js" */

/** @param {Lobby | null} lobby @param {string} code @returns {Names | undefined} */
const namesOf = (lobby, code) => lobby?.service_points.find((point) => point.code === code)?.names;

/** @param {{lobby: Lobby | null, calls: Calls}} sent */
export function NowCalling({ lobby, calls }) {
  const call = calls.showing;
  if (!call) {
    const words = t(lobby ? "wall.no_calls" : "link.connecting");
    return html`<section class="calling none"><p class="calling-none">${words}</p></section>`;
  }
  const names = namesOf(lobby, call.point);
  return html`<section class="calling" aria-live="assertive">
    <p class="calling-title">${t("wall.now")} <span class="wall-other">${t("wall.now_other")}</span></p>
    <p class="calling-code code" key=${keyOf(call)}>${call.number}</p>
    <p class="calling-where">
      <${Icon} name="arrow-right" kind="huge" /><${Where} name=${nameOf(names) || call.point} />
      <span class="wall-other">${names?.en ?? ""}</span>
    </p>
    ${has(`turn.${call.reason}`) && html`<p class="calling-reason"><${Reason} reason=${call.reason} /></p>`}
  </section>`;
}

/** Why somebody went first, without saying who is what. @param {{reason: string}} sent */
const Reason = ({ reason }) =>
  html`<${Icon} name="scale" />${t(`turn.${reason}`)}<span class="wall-other">${t(`turn.${reason}_other`)}</span>`;

/** A window's name with its number large, as people look for the number. @param {{name: string}} sent */
function Where({ name }) {
  const { before, number, after } = aroundNumber(name);
  const rest = (/** @type {string} */ words) => words && html`<span class="where-rest">${words}</span>`;
  const figure = number && html`<b class="where-number">${number}</b>`;
  return html`<span class="where">${rest(before)}${figure}${rest(after)}</span>`;
}

/** @param {{lobby: Lobby | null, calls: Calls}} sent */
export function PastCalls({ lobby, calls }) {
  return html`<aside class="wall-past">
    <h2>${t("wall.past")}</h2>
    <ul>
      ${calls.past.map(
        (/** @type {CallShown} */ call) => html`<li key=${call.number} class="past">
        <b class="code">${call.number}</b><${Icon} name="arrow-right" />
        <span class="past-where">${nameOf(namesOf(lobby, call.point)) || call.point}</span>
      </li>`,
      )}
    </ul>
    ${lobby?.queue?.is_degraded && html`<${Degraded} queue=${lobby.queue} />`}
  </aside>`;
}

/** Why the hall is degraded, and the rule that holds then: everybody is told. @param {{queue: Queue}} sent */
const Degraded = ({ queue }) => {
  const down = queue.kiosks_down ? "wall.kiosks_down" : queue.machines_down && "wall.machines_down";
  return html`<p class="wall-degraded">
    <${Icon} name="scale" /><span>${t(down || "wall.degraded")}</span>
    <span class="wall-other">${t("wall.degraded_other")}</span>
  </p>`;
};
