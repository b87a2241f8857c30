/** A branch server small enough for a test: it has a history of events and answers with what is true now. */

import { applyNews } from "#shared/lib/apply.js";
import { dice, event, lobby, ticket } from "./make.js";

/** @import { Lobby, LobbyEvent } from "#shared/lib/shapes.js" */

export class Branch {
  /** @type {Lobby} */
  truth = lobby({ seq: 0 });
  /** @type {LobbyEvent[]} */
  history = [];
  #roll;
  #last = 0;

  /** @param {number} seed */
  constructor(seed) {
    this.#roll = dice(seed);
  }

  /** Something happens; now and then something that this audience does not hear of. */
  happen() {
    const seq = this.truth.seq + 1 + this.#roll(3);
    const waiting = this.truth.tickets;
    const isOver = waiting.length > 0 && this.#roll(2) === 0;
    const data = isOver
      ? { ...waiting[this.#roll(waiting.length)], state: this.#roll(2) ? "finished" : "called" }
      : ticket(`A${String(seq).padStart(3, "0")}`);
    const happened = event(seq, this.#last, isOver ? "ticket.moved" : "ticket.issued", data);
    this.#last = seq;
    this.history.push(happened);
    this.truth = applyNews(this.truth, { epoch: this.truth.epoch, events: [happened] }).lobby;
    return happened;
  }

  /** As after a restored backup: the same lobby under another epoch, and older news no longer count. */
  restore() {
    this.truth = { ...this.truth, epoch: `${this.truth.epoch}x` };
    this.history = [];
  }

  /** What a screen that stands after `seq` has missed. @param {number} seq */
  after = (seq) => this.history.filter((each) => each.seq > seq);
}
