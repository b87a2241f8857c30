/** The program that holds this kiosk's reader, camera and printer, over a socket on this machine. */

import { signal } from "@preact/signals-core";
import { Refused, Unreachable } from "#shared/lib/failures.js";
import { uuidv7 } from "#shared/lib/ids.js";

/**
 * @typedef {{kind: string, value: string, older?: string[]}} Credential
 * @typedef {{number: string, service_type: string, issued_at: string}} OwnTicket
 * @typedef {{seen: (credential: Credential) => void, refused: (reason: string, kind: string) => void}} Told
 */

const AGAIN_MS = 2000;
/** A loopback answer; behind a token may stand a slow server. */
const ANSWER_MS = 6000;

/** Where the agent is, from the page's address: `#agent=47800,<secret>`. Null where none runs. @param {string} hash */
export function agentOf(hash) {
  const found = /(?:^#|&)agent=(\d{1,5}),([\w-]+)/.exec(hash);
  return found && { address: `ws://127.0.0.1:${found[1]}`, secret: found[2] };
}

export class Agent {
  /** What it last said of its parts; null while it does not answer. */
  facts = signal(/** @type {Record<string, any> | null} */ (null));
  /** The device that it is at the branch. @type {{device_id: string, branch: string} | null} */
  device = null;
  #where;
  #open;
  /** @type {WebSocket | null} */
  #link = null;
  /** Who waits for which answer, the oldest first. @type {{type: string, job?: string, done: (said: any) => void}[]} */
  #waiting = [];

  /**
   * @param {{address: string, secret: string} | null} where
   * @param {(address: string) => WebSocket} [open]
   */
  constructor(where, open = (address) => new WebSocket(address)) {
    this.#where = where;
    this.#open = open;
  }

  /** Whether it gives tickets of this kiosk's own series. */
  get canIssue() {
    return Number.isInteger(this.facts.value?.series);
  }

  /** Stay in touch for ever. @param {Told} told */
  start(told) {
    if (!this.#where) return;
    const { address, secret } = this.#where;
    const link = this.#open(address);
    link.onopen = () => link.send(JSON.stringify({ type: "hello", secret }));
    link.onmessage = ({ data }) => this.#hear(JSON.parse(data), link, told);
    link.onclose = () => {
      this.#link = this.facts.value = null;
      for (const each of this.#waiting.splice(0)) each.done(null);
      setTimeout(() => this.start(told), AGAIN_MS);
    };
  }

  /** Whether it has answered, waiting for its first word for a while. @returns {Promise<boolean>} */
  met() {
    if (!this.#where || this.facts.peek()) return Promise.resolve(this.facts.peek() !== null);
    return new Promise((done) => {
      const settle = () => {
        clearTimeout(timer);
        stop();
        done(this.facts.peek() !== null);
      };
      const timer = setTimeout(settle, ANSWER_MS);
      const stop = this.facts.subscribe((facts) => void (facts && queueMicrotask(settle)));
    });
  }

  /** To speak to the branch server as this kiosk. */
  async token() {
    const { access_token, reason } = await this.#ask({ type: "ask_token" }, "token");
    if (!access_token) throw new Unreachable(String(reason));
    return String(access_token);
  }

  /**
   * A ticket of the kiosk's own, printed where there is a printer; the same `jobId` gets the same.
   * @param {{code: string, names: Record<string, string>}} service
   * @param {string} language
   * @returns {Promise<OwnTicket>}
   */
  async issue({ code, names }, language, jobId = uuidv7()) {
    const word = { type: "issue", job_id: jobId, service_type: code, names, language };
    const said = await this.#ask(word, "issued", jobId);
    if (said.state !== "done") throw new Refused(409, { code: String(said.reason) });
    return said;
  }

  /** Put a ticket on paper. It goes by itself: a ticket that is not printed is still a ticket. @param {object} job */
  print(job) {
    this.#link?.send(JSON.stringify({ type: "print", ...job }));
  }

  /** @param {object} word @param {string} type of the answer @param {string} [job] @returns {Promise<any>} */
  #ask(word, type, job) {
    return new Promise((done, fail) => {
      if (!this.#link) return fail(new Unreachable("no agent"));
      const asked = { type, job, done: (/** @type {any} */ said) => settle(said) };
      const settle = (/** @type {any} */ said) => {
        clearTimeout(timer);
        this.#waiting = this.#waiting.filter((each) => each !== asked);
        said ? done(said) : fail(new Unreachable(type));
      };
      const timer = setTimeout(settle, ANSWER_MS, null);
      this.#waiting.push(asked);
      this.#link.send(JSON.stringify(word));
    });
  }

  /**
   * @param {any} said
   * @param {WebSocket} link
   * @param {Told} told
   */
  #hear(said, link, told) {
    if (said.type === "welcome") {
      this.#link = link;
      this.device = said.device;
    }
    if (said.facts) this.facts.value = said.facts;
    if (said.type === "seen") told.seen({ kind: said.kind, value: said.value, older: said.older });
    if (said.type === "refused") told.refused(said.reason, said.kind);
    this.#waiting.find(({ type, job }) => type === said.type && job === (job && said.job_id))?.done(said);
  }
}
