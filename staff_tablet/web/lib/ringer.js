/** What is worth a sound: somebody new to be met, and a wait that has just become late. Pure but for its memory. */

/** @import { Alert } from "#shared/lib/shapes.js" */

export class Ringer {
  /** Who was there when the page opened is seen, not heard. @type {Set<string> | null} */
  #known = null;
  #ring;

  /** @param {(kind: "meet" | "late") => void} ring */
  constructor(ring) {
    this.#ring = ring;
  }

  /** @param {Alert[]} raised @param {string[]} lateIds */
  hear(raised, lateIds) {
    // A machine that fails is worth a look, not a sound.
    const met = raised.filter(({ urgency }) => urgency !== "fault").map(({ id }) => `alert ${id}`);
    const late = lateIds.map((id) => `late ${id}`);
    const known = this.#known;
    this.#known = new Set([...(known ?? []), ...met, ...late]);
    if (known === null) return;
    if (met.some((each) => !known.has(each))) this.#ring("meet");
    else if (late.some((each) => !known.has(each))) this.#ring("late");
  }
}
