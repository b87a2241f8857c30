/** An installed page that is opened while the branch server is away says so, instead of the browser's error. */

const WORKER = "/sw.js";
/** The only policy of this site: it admits the service worker and nothing else. */
const policy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy("sw", {
  createScriptURL: (/** @type {string} */ address) => {
    if (address === WORKER) return address;
    throw new TypeError(`not a worker of ours: ${address}`);
  },
});

/** Where the browser has none (no TLS, private window) there is nothing to do. */
export function tellWhenAway() {
  navigator.serviceWorker?.register(policy?.createScriptURL(WORKER) ?? WORKER, { type: "module" }).catch(() => {});
}
