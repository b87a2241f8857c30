/** Windows and desks at a glance: free, serving which number, or closed. */

import { aroundNumber } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { nameOf, t } from "#shared/lib/words.js";

/** @import { Lobby, ServicePoint } from "#shared/lib/shapes.js" */

/** @param {Lobby} lobby @param {ServicePoint} point */
function numberAt(lobby, point) {
  const there = lobby.tickets.find(
    ({ state, service_point }) => service_point === point.code && (state === "called" || state === "in_service"),
  );
  return there?.number ?? null;
}

/** @param {{lobby: Lobby, kinds: string[]}} sent */
export function WindowTiles({ lobby, kinds }) {
  const points = kinds.flatMap((kind) => lobby.service_points.filter((point) => point.kind === kind));
  return html`<ul class="windows">
    ${points.map((point) => {
      const number = numberAt(lobby, point);
      const state = point.state === "closed" ? "closed" : number ? "serving" : "free";
      const { before, number: figure, after } = aroundNumber(nameOf(point.names));
      return html`<li key=${point.code} class="window ${state}">
        <span class="window-name">${before} ${figure && html`<b>${figure}</b>`} ${after}</span>
        <span class="window-state">${number ? html`<b class="code">${number}</b>` : t(`window.${state}`)}</span>
      </li>`;
    })}
  </ul>`;
}
