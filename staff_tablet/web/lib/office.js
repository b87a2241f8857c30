/** What the administrator's pages share: asking the server, changing something once, and saying how it went. */

import { useCallback, useEffect, useState } from "preact/hooks";
import { uuidv7 } from "#shared/lib/ids.js";
import { refusalOf } from "#staff/lib/refusals.js";

/** @import { Server } from "#shared/lib/server.js" */
/** @import { Notes } from "#shared/parts/note.js" */
/** @typedef {{content: any, trouble: string, reload: () => void}} Asked `content` is null until it came */

export class Office {
  /** Keys of what got no answer yet. @type {Map<string, string>} */
  #keys = new Map();

  /** @param {{server: Server, notes: Notes}} needs */
  constructor({ server, notes }) {
    this.server = server;
    this.notes = notes;
  }

  /**
   * Change something; says what happened. Null when it was refused or nobody answered.
   * @param {"POST" | "PUT" | "PATCH"} method
   * @param {string} path
   * @param {object} body
   * @param {string} [done]
   * @param {number} [version] of the setting that was seen: only that one is replaced
   * @returns {Promise<any>}
   */
  async change(method, path, body, done = "", version) {
    const what = `${method} ${path} ${JSON.stringify(body)}`;
    const key = this.#keys.get(what) ?? uuidv7();
    this.#keys.set(what, key);
    try {
      const answer = await this.server.command(path, body, key, method, version);
      this.#keys.delete(what);
      if (done) this.notes.say(done);
      return answer ?? {};
    } catch (failure) {
      this.notes.say(refusalOf(failure), { isTrouble: true });
      return null;
    }
  }
}

/**
 * Ask for something, and again every so often.
 * @param {Office} office
 * @param {string} path
 * @param {number} [everyMs]
 * @returns {Asked}
 */
export function useAsked(office, path, everyMs = 0) {
  const [content, tell] = useState(/** @type {any} */ (null));
  const [trouble, say] = useState("");
  const reload = useCallback(() => {
    office.server.read(path).then(
      (answer) => {
        tell(answer);
        say("");
      },
      (failure) => say(refusalOf(failure)),
    );
  }, [path]);
  useEffect(() => {
    reload();
    const timer = everyMs ? setInterval(() => document.hidden || reload(), everyMs) : 0;
    return () => clearInterval(timer);
  }, [path]);
  return { content, trouble, reload };
}
