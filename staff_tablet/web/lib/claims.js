/** Taking care of a customer: shown at once, undone when somebody else was first. */

import { signal } from "@preact/signals-core";
import { Refused, sentenceOf } from "#shared/lib/failures.js";
import { uuidv7 } from "#shared/lib/ids.js";
import { t } from "#shared/lib/words.js";

/** @import { Visit } from "#shared/lib/shapes.js" */
/** @import { Live } from "#shared/lib/live.js" */
/** @import { Server } from "#shared/lib/server.js" */
/** @import { Notes } from "#shared/parts/note.js" */

export class Claims {
  /** Visits that I pressed and that the server has not confirmed yet. */
  pending = signal(/** @type {ReadonlySet<string>} */ (new Set()));
  /** One key a visit, so that asking again is the same asking. @type {Map<string, string>} */
  #keys = new Map();
  #server;
  #live;
  #notes;
  #staffNo;

  /** @param {{server: Server, live: Live, notes: Notes, staffNo: string}} needs */
  constructor({ server, live, notes, staffNo }) {
    this.#server = server;
    this.#live = live;
    this.#notes = notes;
    this.#staffNo = staffNo;
  }

  /** @param {Visit} visit */
  isMine(visit) {
    return visit.claimed_by ? visit.claimed_by.staff_no === this.#staffNo : this.pending.value.has(visit.visit_id);
  }

  /** @param {Visit} visit */
  isTaken(visit) {
    return visit.claimed_by !== null || this.pending.value.has(visit.visit_id);
  }

  /** @param {Visit} visit */
  async take(visit) {
    const id = visit.visit_id;
    if (this.isTaken(visit)) return;
    if (this.#live.freshness.value !== "live") {
      this.#notes.say(t("claim.refused_offline"), { isTrouble: true });
      return;
    }
    this.#mark(id, true);
    const key = this.#keys.get(id) ?? uuidv7();
    this.#keys.set(id, key);
    try {
      const { visit: claimed } = await this.#server.command(`/visits/${id}/claim`, {}, key);
      this.#keys.delete(id);
      this.#live.put("visit", claimed);
    } catch (failure) {
      if (failure instanceof Refused) this.#keys.delete(id);
      this.#notes.say(sentenceOf(failure), { isTrouble: true });
    } finally {
      this.#mark(id, false);
    }
  }

  /** @param {string} id @param {boolean} isPending */
  #mark(id, isPending) {
    const next = new Set(this.pending.value);
    if (isPending) next.add(id);
    else next.delete(id);
    this.pending.value = next;
  }
}
