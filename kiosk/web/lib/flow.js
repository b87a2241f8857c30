/** One customer's way through the kiosk: each step is what the screen asks now. Double touches are one deed. */

import { signal } from "@preact/signals-core";
import { Refused } from "#shared/lib/failures.js";
import { uuidv7 } from "#shared/lib/ids.js";
import { resultOf } from "#kiosk/lib/result_of.js";
import { isCard, Showing } from "#kiosk/lib/seen.js";

/** @import { Arrival } from "#shared/lib/shapes.js" */
/** @import { Step } from "#kiosk/lib/steps.js" */

export class Flow {
  step = signal(/** @type {Step} */ ({ name: "home" }));
  #server;
  #language;
  #steady;
  #showing = new Showing();
  /** Grows when the customer goes: answers to an earlier customer are for nobody. */
  #turn = 0;

  /**
   * @param {{server: {command: (path: string, body: object, key: string) => Promise<any>}, language: () => string,
   *   steady: () => number}} needs `steady`: monotonic ms
   */
  constructor({ server, language, steady }) {
    this.#server = server;
    this.#language = language;
    this.#steady = steady;
  }

  /**
   * A code or a card was seen. Only the first screen and a refusal take them. True when it was taken.
   * @param {string} value @param {string} kind @param {string[]} older the same under older keys
   */
  scan(value, kind = "qr", older = []) {
    const isTaken = ["home", "trouble"].includes(this.step.value.name);
    if (!this.#showing.isNew(value, this.#steady(), isTaken)) return false;
    if (isCard(value)) this.cannot("card_unread");
    else void this.#arrive({ kind, value, ...(older.length && { older }) }, (arrival) => this.#offer(arrival));
    return true;
  }

  /** A service chosen without card or code. @param {string} service */
  pick(service) {
    if (this.step.value.name !== "home") return;
    void this.#arrive({ kind: "none", value: "" }, (arrival) => this.#route(arrival, service, uuidv7()));
  }

  /** A service chosen after the code. @param {string} service */
  choose(service) {
    const step = this.step.value;
    if (step.name !== "choose" || step.busyWith) return;
    this.step.value = { ...step, busyWith: service };
    void this.#route(step.arrival, service, uuidv7());
  }

  /** Rather to the machine, now; the ticket is held meanwhile. A machine that was taken leaves the ticket. */
  async goToMachine(key = uuidv7()) {
    const [step, turn] = [this.step.value, this.#turn];
    if (step.name !== "result" || step.isBusy) return;
    this.step.value = { ...step, isBusy: true };
    const body = { service_type: step.service, choice: "self_service" };
    try {
      const { device, running } = await this.#server.command(`/visits/${step.visitId}/route`, body, key);
      if (turn === this.#turn) this.step.value = { name: "machine", device, running: running ?? null };
    } catch (failure) {
      const isTaken = failure instanceof Refused;
      const faster = isTaken ? null : step.faster;
      if (turn === this.#turn) this.step.value = { ...step, isBusy: false, isTaken, faster };
    }
  }

  /** Somebody shall come to this kiosk. */
  callHelp(key = uuidv7()) {
    const step = this.step.value;
    if (step.name === "reading" || step.name === "helped") return;
    const known = step.name === "choose" ? step.arrival.visit_id : step.name === "result" ? step.visitId : null;
    void this.#ask(known, key);
  }

  /** @param {string | null} visitId @param {string} key */
  async #ask(visitId, key) {
    const turn = ++this.#turn;
    this.step.value = { name: "reading" };
    const body = { ...(visitId && { visit_id: visitId }), language: this.#language() };
    try {
      await this.#server.command("/help", body, key);
      if (turn === this.#turn) this.step.value = { name: "helped" };
    } catch (failure) {
      if (turn === this.#turn) this.#stumble(failure, () => this.#ask(visitId, key));
    }
  }

  cannot(code = "unreachable") {
    this.step.value = { name: "trouble", code, again: null };
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
   * @param {{kind: string, value: string, older?: string[]}} credential
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

  // First a number, whatever else is offered then: nobody loses their place.
  /** @param {Arrival} arrival @param {string} service @param {string} key */
  async #route(arrival, service, key) {
    const turn = this.#turn;
    const way = arrival.services.find(({ code }) => code === service)?.route;
    const body = { service_type: service, choice: way === "adviser" ? way : "ticket" };
    try {
      const routed = await this.#server.command(`/visits/${arrival.visit_id}/route`, body, key);
      if (turn === this.#turn) this.step.value = resultOf(routed, service, arrival.visit_id);
    } catch (failure) {
      if (turn === this.#turn) this.#stumble(failure, () => this.#route(arrival, service, key));
    }
  }

  /** @param {unknown} failure @param {() => unknown} again */
  #stumble(failure, again) {
    if (failure instanceof Refused) return this.cannot(failure.code);
    const retry = () => {
      this.step.value = { name: "reading" };
      void again();
    };
    this.step.value = { name: "trouble", code: "unreachable", again: retry };
  }
}
