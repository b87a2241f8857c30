/** Every sentence a screen says, in the language of the moment. */

import { effect, signal } from "@preact/signals-core";
import { page } from "#shared/lib/page.js";

/** @import { Names } from "#shared/lib/shapes.js" */
/** @typedef {Record<string, string>} Catalogue */

/** What is known so far; a page fetches its own language, and the other one when it is asked for. */
const CATALOGUES = /** @type {Record<string, Catalogue>} */ ({});
const LANGUAGES = ["zh-CN", "en"];

/** @param {string} language @param {Catalogue} catalogue */
export function learn(language, catalogue) {
  CATALOGUES[language] = catalogue;
}

/** Not by an import: Chromium 156 ends a page that imports a part later when words are JSON modules. */
async function fetchWords(/** @type {string} */ language) {
  if (CATALOGUES[language] || !page.words) return;
  learn(language, await (await fetch(page.words[language])).json());
}

/** The language shown now; reading it in a part makes that part follow a switch. */
export const lang = signal(LANGUAGES.includes(page.lang) ? page.lang : "zh-CN");
await fetchWords(lang.value);
// A kiosk must be able to switch at any moment, with the server gone too.
if (page.page === "kiosk") await Promise.all(LANGUAGES.map(fetchWords));

const sentences = () => CATALOGUES[lang.value] ?? {};

/** Whether there are words for a code that came from the server. @param {string} key */
export const has = (key) => key in sentences();

/**
 * The sentence for a key, with `{name}` filled from the facts. A missing key shows itself.
 * @param {string} key
 * @param {Record<string, unknown>} [facts]
 */
export function t(key, facts = {}) {
  const sentence = sentences()[key] ?? key;
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => (name in facts ? String(facts[name]) : whole));
}

/** A name that the server gave in all languages. @param {Names | string | null | undefined} names */
export function nameOf(names) {
  if (typeof names === "string") return names;
  return names?.[lang.value] ?? names?.["zh-CN"] ?? "";
}

/** The language that the switch would bring. */
export const otherLang = () => (lang.value === "en" ? "zh-CN" : "en");

/** Speak the other language, also after the page is loaded again. Without a server it stays as it is. */
export async function switchLang() {
  const other = otherLang();
  await fetchWords(other).catch(() => {});
  if (!CATALOGUES[other]) return;
  lang.value = other;
  const address = new URL(location.href);
  address.searchParams.set("lang", lang.value);
  history.replaceState(null, "", address);
}

/** The page's own language and title follow the switch; the language selects glyphs and the voice. */
if (globalThis.document) {
  const title = `title.${page.page.replace("-", "_")}`;
  effect(() => {
    document.documentElement.lang = lang.value;
    if (has(title)) document.title = t(title);
  });
}
