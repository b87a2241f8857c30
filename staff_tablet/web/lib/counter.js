/** What a teller does at a window: each deed is asked of the server, and said plainly when it cannot be done. */

import { signal } from "@preact/signals-core";
import { Refused } from "#shared/lib/failures.js";
import { uuidv7 } from "#shared/lib/ids.js";
import { t } from "#shared/lib/words.js";
import { freeKeys } from "#staff/lib/keys.js";
import { refusalOf } from "#staff/lib/refusals.js";

/** @import { Live } from "#shared/lib/live.js" */
/** @import { Server } from "#shared/lib/server.js" */
/** @import { Lobby, Ticket } from "#shared/lib/shapes.js" */
/** @import { Notes } from "#shared/parts/note.js" */
/**
 * @typedef {object} Deed
 * @property {string} name what is shown as busy meanwhile
 * @property {string} path
 * @property {object} [body]
 */

/** How long Ctrl+Z takes a ticket back that was set aside. */
const UNDO_MS = 10_000;
/** How long a key may wait for the answer to the one before: later, the teller may have turned to somebody. */
const HELD_MS = 3000;

export class Counter {
  /** The deed that is on its way; one at a time. */
  busy = signal(/** @type {string | null} */ (null));
  /** A deed that got no answer keeps its key until it gets one. @type {Map<string, string>} */
  #keys = new Map();
  /** @type {{deed: () => unknown, untilMs: number} | null} */
  #undoable = null;
  /** @type {{press: (lobby: Lobby) => void, untilMs: number} | null} */
  #held = null;
  #server;
  #live;
  #notes;

  /** @param {{server: Server, live: Live, notes: Notes}} needs */
  constructor({ server, live, notes }) {
    this.#server = server;
    this.#live = live;
    this.#notes = notes;
  }

  /** @param {Deed} deed @returns {Promise<boolean>} whether it was done */
  async ask({ name, path, body = {} }) {
    if (this.busy.value) return false;
    if (this.#live.freshness.value !== "live") {
      this.#notes.say(t("desk.refused_offline"), { isTrouble: true });
      return false;
    }
    this.busy.value = name;
    const what = `${path} ${JSON.stringify(body)}`;
    const key = this.#keys.get(what) ?? uuidv7();
    this.#keys.set(what, key);
    let isDone = false;
    try {
      this.#take(await this.#server.command(path, body, key), name);
      this.#keys.delete(what);
      isDone = true;
    } catch (failure) {
      if (failure instanceof Refused) this.#keys.delete(what);
      this.#notes.say(refusalOf(failure), { isTrouble: true });
    }
    this.busy.value = null;
    freeKeys();
    this.#release(isDone);
    return isDone;
  }

  /** Fingers are faster than the line: the newest key is pressed when the deed that is on its way is done.
   * @param {(lobby: Lobby) => void} press */
  afterwards(press) {
    this.#held = { press, untilMs: performance.now() + HELD_MS };
  }

  /** What was typed after a deed that failed, or long ago, meant something else. @param {boolean} isDone */
  #release(isDone) {
    const [held, lobby] = [this.#held, this.#live.lobby.value];
    this.#held = null;
    if (!held || !isDone || !lobby) return;
    if (performance.now() > held.untilMs) this.#notes.say(t("desk.press_again"));
    else held.press(lobby);
  }

  /** @param {string} point @param {string} deed as the door is called @param {object} [body] */
  at = (point, deed, body) => this.ask({ name: deed, path: `/service-points/${point}/${deed}`, body });

  /** @param {Ticket} ticket */
  resume = (ticket) => this.ask({ name: "resume", path: `/tickets/${ticket.id}/resume` });

  /** Take the last deed back, where that can be done as if nothing had been. */
  undo() {
    const undoable = this.#undoable;
    if (!undoable || performance.now() > undoable.untilMs) return;
    this.#undoable = null;
    void undoable.deed();
  }

  /** The customer thought better of it, or it was the wrong key. @param {string} id */
  #takeBack = (id) => this.ask({ name: "take-back", path: `/referrals/${id}/withdraw` });

  /** @param {any} answer @param {string} name */
  #take(answer, name) {
    if (answer?.service_point) this.#live.put("service_point", answer.service_point);
    if (answer?.ticket) this.#live.put("ticket", answer.ticket);
    this.#say(answer, name);
  }

  /** @param {any} answer @param {string} name */
  #say(answer, name) {
    const number = answer?.ticket?.number;
    if (name === "call-next" && answer === null) this.#notes.say(t("desk.none_waits"));
    if (name === "take-back") this.#notes.say(t("refer.taken_back"));
    if (name === "resume") this.#notes.say(t("desk.is_resumed", { number }));
    if (name === "transfer") this.#notes.say(t("desk.is_transferred", { number }));
    if (answer?.next_ticket) this.#notes.say(t("desk.is_onward", { number: answer.next_ticket.number }));
    this.#undoable = null;
    // A no-show comes back to a new place, so of tickets only what was parked can be taken back.
    if (name === "park") this.#sayUndo(t("desk.is_parked", { number }), () => this.resume(answer.ticket));
    if (name === "refer") {
      const { id, offered_to } = answer.referral;
      const text = offered_to ? t("refer.done_to", { who: offered_to.name }) : t("refer.done");
      this.#sayUndo(text, () => this.#takeBack(id));
    }
  }

  /** @param {string} text @param {() => unknown} deed */
  #sayUndo(text, deed) {
    this.#undoable = { deed, untilMs: performance.now() + UNDO_MS };
    const undo = { words: t("act.undo"), hotkey: "Ctrl+Z", press: () => this.undo() };
    this.#notes.say(text, { undo, shownMs: UNDO_MS });
  }
}
