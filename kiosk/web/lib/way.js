/** Where a customer of the kiosk stands, and how the server is asked for them. */

import { signal } from "@preact/signals-core";
import { Refused } from "#shared/lib/failures.js";

/** @import { Step } from "#kiosk/lib/steps.js" */

export class Way {
  step = signal(/** @type {Step} */ ({ name: "home" }));
  /** Grows when the customer goes: answers to an earlier customer are for nobody. */
  turn = 0;

  /** @param {{command: (path: string, body: object, key: string) => Promise<any>}} server */
  constructor(server) {
    this.server = server;
  }

  cannot(code = "unreachable") {
    this.step.value = { name: "trouble", code, again: null };
  }

  home() {
    this.turn++;
    this.step.value = { name: "home" };
  }

  /** Somebody new, or something new of theirs. */
  begin() {
    this.turn++;
    this.step.value = { name: "reading" };
  }

  /**
   * Ask for this customer; trying again sends the same under the same key.
   * @param {string} path @param {object} body @param {string} key
   * @param {(answer: any) => unknown} then
   * @param {() => boolean} elsewhere no answer came: whether it is had from elsewhere
   */
  async send(path, body, key, then, elsewhere = () => false) {
    const turn = this.turn;
    try {
      const answer = await this.server.command(path, body, key);
      if (turn === this.turn) await then(answer);
    } catch (failure) {
      if (turn !== this.turn) return;
      if (failure instanceof Refused) this.cannot(failure.code);
      else if (!elsewhere()) this.#offerAgain(() => this.send(path, body, key, then, elsewhere));
    }
  }

  /** @param {() => unknown} again */
  #offerAgain(again) {
    const retry = () => {
      this.step.value = { name: "reading" };
      void again();
    };
    this.step.value = { name: "trouble", code: "unreachable", again: retry };
  }
}
