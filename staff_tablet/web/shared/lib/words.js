/** Every sentence a screen says, in the language of the moment. */

import { effect, signal } from "@preact/signals-core";
import { page } from "#shared/lib/page.js";
import en from "#shared/words/en.json" with { type: "json" };
import zh from "#shared/words/zh-CN.json" with { type: "json" };

/** @import { Names } from "#shared/lib/shapes.js" */

/** @type {Record<string, Record<string, string>>} */
const CATALOGUES = { "zh-CN": zh, en };

/** The language shown now; reading it in a part makes that part follow a switch. */
export const lang = signal(page.lang in CATALOGUES ? page.lang : "zh-CN");

/** Whether there are words for a code that came from the server. @param {string} key */
export const has = (key) => key in CATALOGUES[lang.value];

/**
 * The sentence for a key, with `{name}` filled from the facts. A missing key shows itself.
 * @param {string} key
 * @param {Record<string, unknown>} [facts]
 */
export function t(key, facts = {}) {
  const sentence = CATALOGUES[lang.value][key] ?? key;
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => (name in facts ? String(facts[name]) : whole));
}

/** A name that the server gave in all languages. @param {Names | string | null | undefined} names */
export function nameOf(names) {
  if (typeof names === "string") return names;
  return names?.[lang.value] ?? names?.["zh-CN"] ?? "";
}

/** The language that the switch would bring. */
export const otherLang = () => (lang.value === "en" ? "zh-CN" : "en");

/** Speak the other language, also after the page is loaded again. */
export function switchLang() {
  lang.value = otherLang();
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
