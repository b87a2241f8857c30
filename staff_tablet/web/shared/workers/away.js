/** The service worker: when a page of ours cannot be had, a page that says so and tries again. Nothing else is kept. */

/** @type {any} what the server wrote before this line: the addresses to keep, and their name */
const { addresses, name } = /** @type {any} */ (self).kept;
const worker = /** @type {any} */ (self);
const LANGUAGES = ["zh-CN", "en"];
/** What customers look at: there nobody waits longer for a server that hangs. */
const PUBLIC = ["/kiosk", "/wall"];
const PUBLIC_WAIT_MS = 8000;

worker.addEventListener("install", (/** @type {any} */ event) => {
  const keep = async () => {
    const cache = await caches.open(name);
    await cache.addAll(addresses);
    await worker.skipWaiting();
  };
  event.waitUntil(keep());
});

worker.addEventListener("activate", (/** @type {any} */ event) => {
  const tidy = async () => {
    for (const each of await caches.keys()) if (each !== name) await caches.delete(each);
    await worker.clients.claim();
  };
  event.waitUntil(tidy());
});

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.mode === "navigate") event.respondWith(opened(request, url));
  // What the kept page shows itself with.
  else if (addresses.includes(url.pathname)) event.respondWith(kept(request, url.pathname));
});

/** @param {any} request @param {URL} url */
function opened(request, url) {
  const coming = fetch(request).catch(() => away(url));
  if (!PUBLIC.includes(url.pathname)) return coming;
  return Promise.race([coming, new Promise((done) => setTimeout(done, PUBLIC_WAIT_MS)).then(() => away(url))]);
}

/** @param {any} request @param {string} path */
const kept = async (request, path) => (await caches.match(path)) ?? fetch(request);

/**
 * The public's page has both languages; staff's is in the one asked for, else the browser's, else Chinese.
 * @param {URL} url
 */
async function away(url) {
  if (PUBLIC.includes(url.pathname)) return caches.match("/away?screen=public");
  const asked = [url.searchParams.get("lang"), ...worker.navigator.languages].filter(Boolean);
  const isAsked = (/** @type {string} */ each) => asked.some((tag) => tag.slice(0, 2) === each.slice(0, 2));
  return caches.match(`/away?lang=${LANGUAGES.find(isAsked) ?? LANGUAGES[0]}`);
}

export {};
