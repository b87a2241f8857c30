/** This machine as a device of the branch: its key never leaves the browser, its tokens are renewed in time. */

import { openDB } from "idb";
import { Refused } from "#shared/lib/failures.js";
import { nobody, Server } from "#shared/lib/server.js";

/** @typedef {{device_id: string, branch: string, keys: CryptoKeyPair}} Enrolled */
/** @typedef {"kiosk" | "wall" | "tablet"} Kind */

const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const RENEW_BEFORE_MS = 60_000;
const HEARTBEAT_MS = 10_000; // the server calls a device lost after three of them
const STORE = "device";

const base = () => openDB("branch-lobby", 1, { upgrade: (made) => void made.createObjectStore(STORE) });

export class Device {
  #kind;
  #server = new Server(nobody);
  /** @type {Enrolled | null} */
  #enrolled = null;
  /** @type {{text: string, endsMs: number} | null} */
  #token = null;
  /** @type {Promise<string> | null} */
  #renewing = null;

  /** @param {Kind} kind two kinds may share one browser in a demo, so each has its own place */
  constructor(kind) {
    this.#kind = kind;
  }

  get isEnrolled() {
    return this.#enrolled !== null;
  }

  /** Find what was enrolled before, and forget it when the server no longer knows it. */
  async find() {
    this.#enrolled = (await (await base()).get(STORE, this.#kind)) ?? null;
    if (!this.#enrolled) return;
    try {
      await this.token();
    } catch (failure) {
      if (failure instanceof Refused && failure.http === 401) await this.forget(); // a 429 or 503 passes
    }
  }

  /**
   * Enrol with a one-time code. The private key cannot be taken out of the browser.
   * @param {string} code
   * @param {string} name
   */
  async enrol(code, name) {
    const keys = await crypto.subtle.generateKey(CURVE, false, ["sign", "verify"]);
    const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", keys.publicKey);
    const sent = { code, kind: this.#kind, name, public_key: { kty, crv, x, y } };
    const { device_id, branch } = await this.#server.command("/devices/enrol", sent);
    this.#enrolled = { device_id, branch, keys };
    await (await base()).put(STORE, this.#enrolled, this.#kind);
  }

  async forget() {
    this.#enrolled = this.#token = null;
    await (await base()).delete(STORE, this.#kind);
  }

  /** A token with at least a minute left. */
  async token() {
    if (this.#token && this.#token.endsMs - performance.now() > RENEW_BEFORE_MS) return this.#token.text;
    this.#renewing ??= this.#renew().finally(() => (this.#renewing = null));
    return this.#renewing;
  }

  /** @returns {import("#shared/lib/server.js").Access} */
  access() {
    return {
      headers: async () => {
        const token = await this.token().catch(() => null);
        return token ? { Authorization: `Bearer ${token}` } : /** @type {Record<string, string>} */ ({});
      },
      refused: async () => {
        this.#token = null;
        return true;
      },
    };
  }

  /** Tell the server again and again that this device lives. @param {Server} server @param {() => object} health */
  beat(server, health) {
    const send = () => {
      const path = `/devices/${this.#enrolled?.device_id}/heartbeat`;
      server.command(path, { health: health() }).catch(() => {}); // a missed one is seen by the server
    };
    send();
    setInterval(send, HEARTBEAT_MS);
  }

  async #renew() {
    if (!this.#enrolled) throw new Refused(401, { code: "not_enrolled" });
    const { device_id, keys } = this.#enrolled;
    const { nonce } = await this.#server.command(`/devices/${device_id}/challenge`);
    const text = new TextEncoder().encode(`branch-lobby device-token v1\n${device_id}\n${nonce}`);
    const signed = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, keys.privateKey, text);
    const answer = await this.#server.command(`/devices/${device_id}/token`, { nonce, signature: base64url(signed) });
    this.#token = { text: answer.access_token, endsMs: performance.now() + answer.expires_in_s * 1000 };
    return this.#token.text;
  }
}

/** @param {ArrayBuffer} bytes */
function base64url(bytes) {
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
