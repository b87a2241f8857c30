/** Machines at a glance: free, in use, or gone silent. */

import { aroundNumber } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { nameOf, t } from "#shared/lib/words.js";

/** @import { Lobby, ServicePoint } from "#shared/lib/shapes.js" */

/**
 * A machine is alive when a device that stands there said so lately.
 * @param {Lobby} lobby
 * @param {ServicePoint} point
 */
export function machineState(lobby, point) {
  const isAlive = lobby.devices.some((device) => device.service_point === point.code && device.is_alive);
  if (!isAlive) return "lost";
  const isUsed = lobby.visits.some((visit) => visit.device?.code === point.code && visit.state !== "left");
  return isUsed ? "used" : "free";
}

/** @param {{lobby: Lobby}} sent */
export function MachineTiles({ lobby }) {
  const machines = lobby.service_points.filter((point) => point.kind === "machine");
  return html`<ul class="windows">
    ${machines.map((point) => {
      const state = machineState(lobby, point);
      const look = { lost: "closed", used: "serving", free: "free" }[state];
      const { before, number, after } = aroundNumber(nameOf(point.names));
      return html`<li key=${point.code} class="window ${look}">
        <span class="window-name">${before} ${number && html`<b>${number}</b>`} ${after}</span>
        <span class="window-state">${t(`machine.${state}`)}</span>
      </li>`;
    })}
  </ul>`;
}
