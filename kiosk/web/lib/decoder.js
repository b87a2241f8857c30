/** The page's end of the decoder Worker: one picture out, one answer back. */

import { ours } from "#shared/lib/away.js";
import { page } from "#shared/lib/page.js";

/** A picture that takes longer hangs: the Worker is made anew. */
const ANSWER_WAIT_MS = 4000;
/** The first answer includes fetching and compiling. */
const READY_WAIT_MS = 20_000;

export class Decoder {
  /** @type {Worker | null} */
  #worker = null;

  async start() {
    this.stop();
    this.#worker = new Worker(ours(page.decoder?.worker ?? ""));
    const [reader, wasm] = [page.decoder?.reader, page.decoder?.wasm].map(
      (each) => new URL(each ?? "", location.href).href,
    );
    await this.#ask({ addresses: { reader, wasm } }, [], READY_WAIT_MS);
  }

  /** The text of the code in a picture, or null. @param {ImageBitmap} picture */
  async decode(picture) {
    const { text } = await this.#ask({ picture }, [picture], ANSWER_WAIT_MS);
    return /** @type {string | null} */ (text);
  }

  stop() {
    this.#worker?.terminate();
    this.#worker = null;
  }

  /** @param {object} sent @param {Transferable[]} moved @param {number} waitMs @returns {Promise<any>} */
  #ask(sent, moved, waitMs) {
    const worker = this.#worker;
    return new Promise((done, fail) => {
      if (!worker) return fail(new Error("the decoder is not running"));
      const timer = setTimeout(() => fail(new Error("the decoder hangs")), waitMs);
      worker.onmessage = ({ data }) => {
        clearTimeout(timer);
        data.broken ? fail(new Error(data.broken)) : done(data);
      };
      worker.onerror = (event) => {
        clearTimeout(timer);
        fail(new Error(event.message));
      };
      worker.postMessage(sent, moved);
    });
  }
}
