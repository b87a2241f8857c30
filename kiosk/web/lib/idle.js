/** Nobody there any more? Asks after a while, then clears the screen for the next customer. */

import { signal } from "@preact/signals-core";

const CHECK_MS = 250;
export const IDLE_MS = 20_000;
export const ASK_MS = 10_000;
export const RESULT_MS = 12_000;

/** @typedef {"none" | "ask" | "leave"} Manner "ask": are you still there; "leave": home without asking */

export class Idle {
  /** Seconds left until home while asking; null when not. */
  askingS = signal(/** @type {number | null} */ (null));
  /** Seconds left on a result. */
  leavingS = signal(/** @type {number | null} */ (null));
  #steady;
  #home;
  #isHeld;
  #touchedMs = 0;
  /** @type {Manner} */
  #manner = "none";

  /** @param {{steady: () => number, home: () => void, isHeld?: () => boolean}} needs `isHeld`: it is still speaking */
  constructor({ steady, home, isHeld = () => false }) {
    this.#steady = steady;
    this.#home = home;
    this.#isHeld = isHeld;
  }

  start() {
    // While it asks, only the question itself answers, on release: a touch must not fall through to what lies below.
    const busy = () => this.askingS.value === null && this.touch();
    for (const name of ["pointerdown", "keydown"]) addEventListener(name, busy, { capture: true });
    setInterval(() => this.check(), CHECK_MS);
  }

  /** @param {Manner} manner how the present step ends */
  become(manner) {
    this.#manner = manner;
    this.touch();
  }

  touch() {
    this.#touchedMs = this.#steady();
    this.check();
  }

  check() {
    if (this.#isHeld()) this.#touchedMs = this.#steady();
    const silentMs = this.#steady() - this.#touchedMs;
    const limitMs = { none: Infinity, ask: IDLE_MS + ASK_MS, leave: RESULT_MS }[this.#manner];
    const leftS = Math.ceil((limitMs - silentMs) / 1000);
    this.askingS.value = this.#manner === "ask" && silentMs >= IDLE_MS ? leftS : null;
    this.leavingS.value = this.#manner === "leave" ? leftS : null;
    if (silentMs < limitMs) return;
    this.#manner = "none";
    this.askingS.value = this.leavingS.value = null;
    this.#home();
  }
}
