/** What somebody must come for, most pressing first, and what each says. Pure. */

import { has, nameOf, t } from "#shared/lib/words.js";

/** @import { Alert, Lobby } from "#shared/lib/shapes.js" */

const URGENCY = ["meet", "help", "fault"];

/** Those that nobody has answered; people before machines, then whose time runs out first. @param {Lobby} lobby */
export function raisedIn(lobby) {
  const rank = (/** @type {Alert} */ alert) => URGENCY.indexOf(alert.urgency);
  return lobby.alerts
    .filter((alert) => alert.state === "raised")
    .sort((one, other) => rank(one) - rank(other) || one.respond_by.localeCompare(other.respond_by));
}

/** Seconds until it climbs to the next rung; never below nought. @param {Alert} alert @param {number} nowMs */
export const leftS = (alert, nowMs) => Math.max(0, Math.ceil((Date.parse(alert.respond_by) - nowMs) / 1000));

/** The sentence of an alert that is not about a person in the hall. @param {Lobby} lobby @param {Alert} alert */
export function alertText(lobby, alert) {
  const point = lobby.service_points.find(({ code }) => code === alert.service_point);
  const device = lobby.devices.find(({ id }) => id === alert.device_id);
  const place = nameOf(point?.names) || device?.name || alert.facts.device || alert.service_point || "";
  const paper = has(`alert.paper_${alert.facts.paper}`) ? t(`alert.paper_${alert.facts.paper}`) : "";
  const key = `alert.${alert.kind}`;
  return t(has(key) ? key : "alert.other", { ...alert.facts, place, paper, kind: alert.kind });
}
