/** Where each card stands, and the promise that nothing moves under a finger. Pure but for the holder's memory. */

import { byUrgency, isToBeMet } from "#staff/lib/urgency.js";

/** @import { Entry } from "#staff/lib/entries.js" */
/** @typedef {{alerts: Entry[], first: Entry | null, rest: Entry[], taken: Entry[]}} Arrangement */

/** More bars than this would push the list off the screen; the others stand in the list. */
const ALERTS_MAX = 2;
/** After the finger is gone: time for the eye to follow. */
export const REST_MS = 1200;
/** Without an event the order is looked at this often, since time alone changes it. */
export const REORDER_MS = 5000;

/**
 * @param {Entry[]} entries
 * @param {number} nowMs server time
 * @param {(entry: Entry) => boolean} isTaken somebody takes care of this customer
 * @returns {Arrangement}
 */
export function arrange(entries, nowMs, isTaken) {
  const sorted = byUrgency(entries, nowMs);
  const free = sorted.filter((entry) => !isTaken(entry));
  const alerts = free.filter(({ visit }) => isToBeMet(visit)).slice(0, ALERTS_MAX);
  const others = free.filter((entry) => !alerts.includes(entry));
  return { alerts, first: others[0] ?? null, rest: others.slice(1), taken: sorted.filter(isTaken) };
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
