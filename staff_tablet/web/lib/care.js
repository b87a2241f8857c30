/** What staff do for a visit: each deed is asked of the server once, said plainly, and can be taken back for 5 s. */

import { signal } from "@preact/signals-core";
import { Refused } from "#shared/lib/failures.js";
import { uuidv7 } from "#shared/lib/ids.js";
import { t } from "#shared/lib/words.js";
import { consentBy } from "#staff/lib/referrals.js";
import { refusalOf } from "#staff/lib/refusals.js";

/** @import { Live } from "#shared/lib/live.js" */
/** @import { Server } from "#shared/lib/server.js" */
/** @import { Alert, Visit } from "#shared/lib/shapes.js" */
/** @import { Notes } from "#shared/parts/note.js" */

const UNDO_MS = 5000;

export class Care {
  /** The deed that is on its way: "greet 0193…". */
  busy = signal(/** @type {string | null} */ (null));
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

  /** @param {string} path below the visit: what to ask the server for @param {Visit} visit */
  read = (path, visit) => this.#server.read(`/visits/${visit.visit_id}/${path}`);

  /**
   * @param {Visit} visit
   * @param {string} deed as the door is called
   * @param {object} [body]
   * @param {string} [done] what is said afterwards
   * @param {boolean} [canUndo]
   */
  async of(visit, deed, body = {}, done = "", canUndo = false) {
    const path = `/visits/${visit.visit_id}/${deed}`;
    const answer = await this.#ask(path, body);
    if (!answer) return null;
    if (answer.visit) this.#live.put("visit", answer.visit);
    if (answer.offer) this.#live.put("visit", { ...visit, recommendation: answer.offer });
    const press = () => void this.of(visit, "undo", {}, t("care.undone"));
    const undo = canUndo ? { words: t("act.undo"), press } : null;
    if (done) this.#notes.say(done, { undo, shownMs: canUndo ? UNDO_MS : undefined });
    return answer;
  }

  /** Somebody goes and looks. @param {Alert} alert */
  async acknowledge(alert) {
    const answer = await this.#ask(`/alerts/${alert.id}/acknowledge`, {});
    if (answer?.alert) this.#live.put("alert", answer.alert);
  }

  /** A need that was heard in the hall, with consent. @param {Visit} visit @param {string} product_line */
  async refer({ visit_id }, product_line) {
    const answer = await this.#ask("/referrals", { visit_id, product_line, consent: consentBy("lobby") });
    if (answer) this.#notes.say(t("refer.done"));
    return answer;
  }

  /** This tablet has painted it; whether that is heard does not matter to whoever looks. @param {Alert} alert */
  tellShown(alert) {
    this.#server.command(`/alerts/${alert.id}/shown`).catch(() => {});
  }

  /** @param {string} path @param {object} body @returns {Promise<any>} null when it was not done */
  async #ask(path, body) {
    if (this.busy.value) return null;
    if (this.#live.freshness.value !== "live") {
      this.#notes.say(t("claim.refused_offline"), { isTrouble: true });
      return null;
    }
    this.busy.value = path;
    const what = `${path} ${JSON.stringify(body)}`;
    const key = this.#keys.get(what) ?? uuidv7();
    this.#keys.set(what, key);
    try {
      const answer = await this.#server.command(path, body, key);
      this.#keys.delete(what);
      return answer ?? {};
    } catch (failure) {
      if (failure instanceof Refused) this.#keys.delete(what);
      this.#notes.say(refusalOf(failure), { isTrouble: true });
      return null;
    } finally {
      this.busy.value = null;
    }
  }
}
