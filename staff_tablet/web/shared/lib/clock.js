/** The server's time, counted by a clock that no one can set: `performance.now()` plus an offset. */

import { signal } from "@preact/signals-core";

export class ServerClock {
  /** Server time in ms, renewed each second: what running clocks read. */
  second = signal(0);
  #offsetMs;
  #steady;

  /** @param {() => number} steady a monotonic clock in ms */
  constructor(steady = () => performance.now()) {
    this.#steady = steady;
    // Until the server has spoken, the machine's own idea of the time at page load.
    this.#offsetMs = performance.timeOrigin;
    this.second.value = this.now();
  }

  /** Server time now, in ms since 1970. */
  now() {
    return this.#steady() + this.#offsetMs;
  }

  /** The monotonic clock itself, for durations on this machine. */
  steady() {
    return this.#steady();
  }

  /** Server time at a moment of the monotonic clock. @param {number} steadyMs */
  at(steadyMs) {
    return steadyMs + this.#offsetMs;
  }

  /**
   * Learn the server's time from an answer; the truth lies between sending and receiving.
   * @param {string} serverTime
   * @param {number} [sentMs] monotonic time when it was asked for
   */
  hear(serverTime, sentMs = this.#steady()) {
    this.#offsetMs = Date.parse(serverTime) - (sentMs + this.#steady()) / 2;
    this.second.value = this.now();
  }

  /** Something happened at this time, so it cannot be earlier now. @param {string} at */
  notBefore(at) {
    const lag = Date.parse(at) - this.now();
    if (lag > 0) this.#offsetMs += lag;
  }

  /** Tick once a second while the page is seen; call once. */
  start() {
    const tick = () => {
      if (!document.hidden) this.second.value = this.now();
      setTimeout(tick, 1000 - (this.now() % 1000));
    };
    tick();
    document.addEventListener("visibilitychange", () => (this.second.value = this.now()));
  }
}
