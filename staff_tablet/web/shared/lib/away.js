/** Our workers; one keeps a page for the time when the branch server is away, instead of the browser's error. */

import { page } from "#shared/lib/page.js";

const WORKER = "/sw.js";
/** The only policy of this site: it admits that worker and, on the kiosk, the decoder's, and nothing else. */
const policy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy("sw", {
  createScriptURL: (/** @type {string} */ address) => {
    if (address === WORKER || address === page.decoder?.worker) return address;
    throw new TypeError(`not a worker of ours: ${address}`);
  },
});

/** A worker's address as the browser takes it. @param {string} address @returns {string} */
export const ours = (address) => policy?.createScriptURL(address) ?? address;

/** Where the browser has none (no TLS, private window) there is nothing to do. */
export function tellWhenAway() {
  navigator.serviceWorker?.register(ours(WORKER), { type: "module" }).catch(() => {});
}
