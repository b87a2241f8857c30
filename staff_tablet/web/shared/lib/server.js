/** Asking the server: reads, and commands that are done once however often they are sent. */

import { before, readAnswer, Unreachable } from "#shared/lib/failures.js";
import { uuidv7 } from "#shared/lib/ids.js";

/**
 * @typedef {object} Access who is asking
 * @property {() => Promise<Record<string, string>>} headers
 * @property {() => Promise<boolean>} refused called on 401; true when it is worth one more try
 */

const BASE = "/api/v1";
const ANSWER_WAIT_MS = 8000;
/** The largest file that the server takes over HTTP, on a busy day. */
const FILE_WAIT_MS = 120_000;
/** Four tries in about four seconds: longer, and a person has turned to somebody else. */
const RETRY_PAUSES_MS = [300, 900, 2700];
const WORTH_A_RETRY = new Set([502, 503, 504]);

export class Server {
  #access;
  #fetch;
  #pause;
  #patienceMs;

  /**
   * @param {Access} access
   * @param {typeof fetch} [fetcher]
   * @param {(ms: number) => Promise<void>} [pause]
   * @param {number} [patienceMs] for one command, all its tries together
   */
  constructor(access, fetcher = (...sent) => fetch(...sent), pause = pauseJittered, patienceMs = Infinity) {
    this.#patienceMs = patienceMs;
    this.#access = access;
    this.#fetch = fetcher;
    this.#pause = pause;
  }

  /** @param {string} path below /api/v1 */
  read(path) {
    return this.#send("GET", path, undefined, {});
  }

  /**
   * Send a command; a network failure sends it again with the same key, so that it is done at most once.
   * @param {string} path
   * @param {unknown} body
   * @param {string} key kept by whoever may ask again
   * @param {"POST" | "PUT" | "PATCH"} method
   * @param {number} [version] of the setting that was seen: only that one is replaced
   */
  command(path, body = {}, key = uuidv7(), method = "POST", version) {
    /** @type {Record<string, string>} */
    const headers = { "Content-Type": "application/json", "Idempotency-Key": key };
    if (version !== undefined) headers["If-Match"] = `"${version}"`;
    return this.#send(method, path, JSON.stringify(body), headers, ANSWER_WAIT_MS, this.#patienceMs);
  }

  /**
   * A file of head office; the server knows it again by its sum, so that it too may be sent twice.
   * @param {string} path
   * @param {Blob} file
   */
  put(path, file) {
    return this.#send("PUT", path, file, { "Content-Type": "application/x-ndjson" }, FILE_WAIT_MS);
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {string | Blob | undefined} body
   * @param {Record<string, string>} headers
   * @param {number} [waitMs] for one try
   * @param {number} [patienceMs] for all
   */
  async #send(method, path, body, headers, waitMs = ANSWER_WAIT_MS, patienceMs = Infinity) {
    let mayRenew = true;
    const endsMs = performance.now() + patienceMs;
    for (let tries = 0; ;) {
      const answer = await this.#once(method, path, body, headers, Math.min(waitMs, endsMs - performance.now()));
      if (answer?.status === 401 && mayRenew && (await this.#access.refused())) {
        mayRenew = false;
        continue;
      }
      if (answer && !WORTH_A_RETRY.has(answer.status)) return readAnswer(answer);
      const isOver = performance.now() + RETRY_PAUSES_MS[tries] >= endsMs;
      if (isOver || tries === RETRY_PAUSES_MS.length) throw new Unreachable(`${method} ${path}`);
      await this.#pause(RETRY_PAUSES_MS[tries++]);
    }
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {string | Blob | undefined} body
   * @param {Record<string, string>} headers
   * @param {number} waitMs
   * @returns {Promise<Response | null>} null when no answer came
   */
  async #once(method, path, body, headers, waitMs) {
    const signal = AbortSignal.timeout(Math.max(0, Math.round(waitMs)));
    try {
      const own = await before(signal, this.#access.headers());
      return await this.#fetch(BASE + path, {
        method,
        body,
        headers: { ...headers, ...own },
        signal,
        cache: "no-store",
      });
    } catch {
      return null;
    }
  }
}

/** Wait about that long, so that many screens do not come back in one moment. @param {number} ms */
export function pauseJittered(ms) {
  return /** @type {Promise<void>} */ (new Promise((done) => setTimeout(done, ms * (0.75 + Math.random() / 2))));
}

/** Nobody in particular: enrolment. @type {Access} */
export const nobody = { headers: async () => ({}), refused: async () => false };

/**
 * Whoever is about to sign in, perhaps instead of a colleague: that one's token still has to be shown.
 * @param {string | null} csrf
 * @returns {Access}
 */
export const newcomer = (csrf) => staffAccess(csrf, () => {});

/**
 * A signed-in person: the cookie travels by itself, the token against forged requests does not.
 * @param {string | null} csrf
 * @param {() => void} signedOut
 * @returns {Access}
 */
export function staffAccess(csrf, signedOut) {
  return {
    headers: async () => /** @type {Record<string, string>} */ (csrf ? { "X-CSRF-Token": csrf } : {}),
    refused: async () => {
      signedOut();
      return false;
    },
  };
}
