/** One customer's way through the kiosk: each step is what the screen asks now. Double touches are one deed. */

import { signal } from "@preact/signals-core";
import { Refused } from "#shared/lib/failures.js";
import { uuidv7 } from "#shared/lib/ids.js";

/** @import { Arrival, Issued, RunningTicket } from "#shared/lib/shapes.js" */
/**
 * @typedef {{name: "home"} | {name: "reading"} | {name: "choose", arrival: Arrival, busyWith: string | null}
 *   | {name: "result", issued: Issued, service: string}
 *   | {name: "trouble", code: string, facts: Record<string, any>, again: (() => void) | null}
 *   | {name: "already", ticket: RunningTicket} | {name: "helped"}} Step
 */

/** The same code seen again within this time is the same showing of it. */
const SAME_CODE_MS = 3000;

export class Flow {
  step = signal(/** @type {Step} */ ({ name: "home" }));
  #server;
  #language;
  #steady;
  /** The codes before the camera and when each was last seen. @type {Map<string, number>} */
  #showing = new Map();
  /** Grows when the customer goes: answers to an earlier customer are for nobody. */
  #turn = 0;

  /**
   * @param {object} needs
   * @param {{command: (path: string, body: object, key: string) => Promise<any>}} needs.server
   * @param {() => string} needs.language
   * @param {() => number} needs.steady monotonic ms
   */
  constructor({ server, language, steady }) {
    this.#server = server;
    this.#language = language;
    this.#steady = steady;
  }

  /** A code was seen. Only the first screen and a refusal take codes. True when it was taken. @param {string} text */
  scan(text) {
    const nowMs = this.#steady();
    for (const [code, seenMs] of this.#showing) if (nowMs - seenMs >= SAME_CODE_MS) this.#showing.delete(code);
    const isSame = this.#showing.has(text);
    if (isSame) this.#showing.set(text, nowMs);
    if (isSame || !["home", "trouble"].includes(this.step.value.name)) return false;
    this.#showing.set(text, nowMs);
    void this.#arrive({ kind: "qr", value: text }, (arrival) => this.#offer(arrival));
    return true;
  }

  /** A service chosen without card or code. @param {string} service */
  pick(service) {
    if (this.step.value.name !== "home") return;
    void this.#arrive({ kind: "none", value: "" }, (arrival) => this.#route(arrival.visit_id, service, uuidv7()));
  }

  /** A service chosen after the code. @param {string} service */
  choose(service) {
    const step = this.step.value;
    if (step.name !== "choose" || step.busyWith) return;
    this.step.value = { ...step, busyWith: service };
    void this.#route(step.arrival.visit_id, service, uuidv7());
  }

  /** Somebody shall come: an arrival without a route shows on every lobby manager's tablet. */
  callHelp() {
    const step = this.step.value;
    if (step.name === "choose") this.step.value = { name: "helped" }; // this visit is on the tablet already
    if (step.name !== "home" && step.name !== "trouble") return;
    void this.#arrive({ kind: "none", value: "" }, () => (this.step.value = { name: "helped" }));
  }

  /** The branch server is away: say so at once instead of after all tries. */
  cannot() {
    this.step.value = { name: "trouble", code: "unreachable", facts: {}, again: null };
  }

  home() {
    this.#turn++;
    this.step.value = { name: "home" };
  }

  /** @param {Arrival} arrival */
  #offer(arrival) {
    const { ticket } = arrival;
    this.step.value = ticket ? { name: "already", ticket } : { name: "choose", arrival, busyWith: null };
  }

  /**
   * The visit's id and the key are made before anything is sent, so that sending again is still one visit.
   * @param {{kind: string, value: string}} credential
   * @param {(arrival: Arrival) => unknown} then
   */
  async #arrive(credential, then, visitId = uuidv7(), key = uuidv7()) {
    const turn = ++this.#turn;
    this.step.value = { name: "reading" };
    const body = { visit_id: visitId, credential, language: this.#language() };
    try {
      const arrival = await this.#server.command("/visits", body, key);
      if (turn === this.#turn) await then(arrival);
    } catch (failure) {
      if (turn === this.#turn) this.#stumble(failure, () => this.#arrive(credential, then, visitId, key));
    }
  }

  /** @param {string} visitId @param {string} service @param {string} key */
  async #route(visitId, service, key) {
    const turn = this.#turn;
    try {
      const { ticket } = await this.#server.command(
        `/visits/${visitId}/route`,
        { service_type: service, choice: "ticket" },
        key,
      );
      if (turn === this.#turn) this.step.value = { name: "result", issued: ticket, service };
    } catch (failure) {
      if (turn === this.#turn) this.#stumble(failure, () => this.#route(visitId, service, key));
    }
  }

  /** @param {unknown} failure @param {() => unknown} again */
  #stumble(failure, again) {
    if (failure instanceof Refused) {
      this.step.value = { name: "trouble", code: failure.code, facts: failure.facts, again: null };
      return;
    }
    const retry = () => {
      this.step.value = { name: "reading" };
      void again();
    };
    this.step.value = { name: "trouble", code: "unreachable", facts: {}, again: retry };
  }
}
