/** Where each card stands, and the promise that nothing moves under a finger. Pure but for the holder's memory. */

import { byUrgency } from "#staff/lib/urgency.js";

/** @import { Alert } from "#shared/lib/shapes.js" */
/** @import { Entry } from "#staff/lib/entries.js" */
/** @typedef {{alerts: Alert[], more: number, first: Entry | null, rest: Entry[], taken: Entry[]}} Arrangement */

/** More bars than this would push the list off the screen; a line says how many more there are. */
const ALERTS_MAX = 2;
/** After the finger is gone: time for the eye to follow. */
export const REST_MS = 1200;
/** Without an event the order is looked at this often, since time alone changes it. */
export const REORDER_MS = 5000;

/**
 * @param {Entry[]} entries
 * @param {Alert[]} raised most pressing first
 * @param {number} nowMs server time
 * @param {(entry: Entry) => boolean} isTaken somebody takes care of this customer
 * @param {boolean} [isWhole] show every alert
 * @returns {Arrangement}
 */
export function arrange(entries, raised, nowMs, isTaken, isWhole = false) {
  const sorted = byUrgency(entries, nowMs);
  const isGone = (/** @type {Alert} */ { visit_id }) => sorted.some((each) => each.id === visit_id && isTaken(each));
  const due = raised.filter((alert) => !isGone(alert));
  const alerts = isWhole ? due : due.slice(0, ALERTS_MAX);
  // Whoever has a bar does not stand in the list as well.
  const barred = new Set(alerts.map(({ visit_id }) => visit_id));
  const others = sorted.filter((entry) => !isTaken(entry) && !barred.has(entry.id));
  const more = due.length - alerts.length;
  return { alerts, more, first: others[0] ?? null, rest: others.slice(1), taken: sorted.filter(isTaken) };
}

/** Keeps the arrangement still while a finger is down and a moment after. */
export class Holder {
  #isDown = false;
  #upMs = -Infinity;
  /** @type {{basis: unknown, made: Arrangement, madeMs: number} | null} */
  #last = null;

  down() {
    this.#isDown = true;
  }

  /** @param {number} steadyMs */
  up(steadyMs) {
    this.#isDown = false;
    this.#upMs = steadyMs;
  }

  /**
   * The arrangement to show now: the last one while held, or when nothing happened for less than 5 s.
   * @param {unknown} basis changes when something happened
   * @param {number} steadyMs
   * @param {() => Arrangement} make
   */
  show(basis, steadyMs, make) {
    const isHeld = this.#isDown || steadyMs - this.#upMs < REST_MS;
    const last = this.#last;
    if (last && (isHeld || (last.basis === basis && steadyMs - last.madeMs < REORDER_MS))) return last.made;
    const made = make();
    this.#last = { basis, made, madeMs: steadyMs };
    return made;
  }
}
