/** The service worker: when a page of ours cannot be had, a page that says so and tries again. Nothing else is kept. */

/** @type {any} what the server wrote before this line: the addresses to keep, and their name */
const { addresses, name } = /** @type {any} */ (self).kept;
const worker = /** @type {any} */ (self);
const LANGUAGES = ["zh-CN", "en"];

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
  if (request.mode === "navigate") event.respondWith(fetch(request).catch(() => away(url)));
  // What the kept page shows itself with.
  else if (addresses.includes(url.pathname)) event.respondWith(kept(request, url.pathname));
});

/** @param {any} request @param {string} path */
const kept = async (request, path) => (await caches.match(path)) ?? fetch(request);

/** The page in the language that was asked for, else the browser's, else Chinese. @param {URL} url */
async function away(url) {
  const asked = [url.searchParams.get("lang"), ...worker.navigator.languages].filter(Boolean);
  const isAsked = (/** @type {string} */ each) => asked.some((tag) => tag.slice(0, 2) === each.slice(0, 2));
  return caches.match(`/away?lang=${LANGUAGES.find(isAsked) ?? LANGUAGES[0]}`);
}

export {};
