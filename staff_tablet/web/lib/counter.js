/** What a teller does at a window: each deed is asked of the server, and said plainly when it cannot be done. */

import { signal } from "@preact/signals-core";
import { Refused, sentenceOf } from "#shared/lib/failures.js";
import { uuidv7 } from "#shared/lib/ids.js";
import { t } from "#shared/lib/words.js";
import { freeKeys } from "#staff/lib/keys.js";

/** @import { Live } from "#shared/lib/live.js" */
/** @import { Server } from "#shared/lib/server.js" */
/** @import { Notes } from "#shared/parts/note.js" */
/** @typedef {"open" | "close" | "call-next" | "start" | "finish"} Deed */

export class Counter {
  /** The deed that is on its way; one at a time. */
  busy = signal(/** @type {Deed | null} */ (null));
  /** A deed that got no answer keeps its key until it gets one. @type {Map<string, string>} */
  #keys = new Map();
  #server;
  #live;
  #notes;

  /** @param {{server: Server, live: Live, notes: Notes}} needs */
  constructor({ server, live, notes }) {
    this.#server = server;
    this.#live = live;
    this.#notes = notes;
  }

  /**
   * @param {Deed} deed
   * @param {string} point code of the window
   * @param {string} [ticketId]
   */
  async ask(deed, point, ticketId) {
    if (this.busy.value) return;
    if (this.#live.freshness.value !== "live") {
      this.#notes.say(t("desk.refused_offline"), { isTrouble: true });
      return;
    }
    this.busy.value = deed;
    const what = [deed, point, ticketId].join(" ");
    const key = this.#keys.get(what) ?? uuidv7();
    this.#keys.set(what, key);
    try {
      this.#take(
        await this.#server.command(`/service-points/${point}/${deed}`, ticketId ? { ticket_id: ticketId } : {}, key),
        deed,
      );
      this.#keys.delete(what);
    } catch (failure) {
      if (failure instanceof Refused) this.#keys.delete(what);
      this.#notes.say(sentenceOf(failure), { isTrouble: true });
    } finally {
      this.busy.value = null;
      freeKeys();
    }
  }

  /** @param {any} answer @param {Deed} deed */
  #take(answer, deed) {
    if (deed === "call-next" && answer === null) this.#notes.say(t("desk.none_waits"));
    if (answer?.service_point) this.#live.put("service_point", answer.service_point);
    if (answer?.ticket) this.#live.put("ticket", answer.ticket);
  }
}
