/** One customer's way through the kiosk: each step is what the screen asks now. Double touches are one deed. */

import { Refused } from "#shared/lib/failures.js";
import { uuidv7 } from "#shared/lib/ids.js";
import { isCard, Showing } from "#kiosk/lib/seen.js";
import { Way } from "#kiosk/lib/way.js";

/** @import { Arrival, Issued, RoutedVisit } from "#shared/lib/shapes.js" */
/** @import { ResultStep, Step } from "#kiosk/lib/steps.js" */

export class Flow extends Way {
  #language;
  #steady;
  #own;
  #showing = new Showing();

  /**
   * @param {{server: {command: (path: string, body: object, key: string) => Promise<any>}, language: () => string,
   *   steady: () => number, own?: (service: string, key: string) => Promise<Step> | null}} needs
   *   `steady`: monotonic ms; `own`: a number without the server, null where none can be had
   */
  constructor({ server, language, steady, own = () => null }) {
    super(server);
    this.#own = own;
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

  /** A service chosen without card or code; `isAway`: no use in asking. @param {string} service */
  pick(service, isAway = false) {
    if (this.step.value.name !== "home") return;
    this.step.value = { name: "reading" };
    if (isAway && this.#giveOwn(service)) return;
    void this.#arrive({ kind: "none", value: "" }, (arrival) => this.#route(arrival, service, uuidv7()), service);
  }

  // Only while no number was asked of the server: it may have given one, though no answer came.
  /** Whether there is a number of the kiosk's own. @param {string} service */
  #giveOwn(service, turn = ++this.turn) {
    const given = this.#own(service, uuidv7());
    void given?.then((step) => void (turn === this.turn && (this.step.value = step)));
    return given !== null;
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
    const [step, turn] = [this.step.value, this.turn];
    if (step.name !== "result" || step.isBusy) return;
    this.step.value = { ...step, isBusy: true };
    const body = { service_type: step.service, choice: "self_service" };
    try {
      const { device, running } = await this.server.command(`/visits/${step.visitId}/route`, body, key);
      if (turn === this.turn) this.step.value = { name: "machine", device, running: running ?? null };
    } catch (failure) {
      const isTaken = failure instanceof Refused;
      const faster = isTaken ? null : step.faster;
      if (turn === this.turn) this.step.value = { ...step, isBusy: false, isTaken, faster };
    }
  }

  /** Somebody shall come to this kiosk. */
  callHelp(key = uuidv7()) {
    const step = this.step.value;
    if (step.name === "reading" || step.name === "helped") return;
    const known = step.name === "choose" ? step.arrival.visit_id : step.name === "result" ? step.visitId : null;
    this.#ask(known, key);
  }

  /** @param {string | null} visitId @param {string} key */
  #ask(visitId, key) {
    this.begin();
    const body = { ...(visitId && { visit_id: visitId }), language: this.#language() };
    void this.send("/help", body, key, () => void (this.step.value = { name: "helped" }));
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
   * @param {string} [service] for which a number of the kiosk's own will do
   */
  #arrive(credential, then, service) {
    this.begin();
    const body = { visit_id: uuidv7(), credential, language: this.#language() };
    void this.send("/visits", body, uuidv7(), then, () => service !== undefined && this.#giveOwn(service));
  }

  // First a number, whatever else is offered then: nobody loses their place.
  /** @param {Arrival} arrival @param {string} service @param {string} key */
  #route(arrival, service, key) {
    const way = arrival.services.find(({ code }) => code === service)?.route;
    const body = { service_type: service, choice: way === "adviser" ? way : "ticket" };
    const show = (/** @type {RoutedVisit} */ routed) =>
      void (this.step.value = resultOf(routed, service, arrival.visit_id));
    return this.send(`/visits/${arrival.visit_id}/route`, body, key, show);
  }
}

/**
 * What a routed visit shows.
 * @param {RoutedVisit} routed @param {string} service @param {string} visitId
 * @returns {ResultStep}
 */
export function resultOf({ ticket, faster }, service, visitId) {
  const issued = /** @type {Issued} */ (ticket); // a ticket was asked for
  return { name: "result", issued, service, visitId, faster: faster ?? null, isBusy: false, isTaken: false };
}
