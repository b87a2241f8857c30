import assert from "node:assert/strict";
import test from "node:test";
import { lang, nameOf, t } from "#shared/lib/words.js";
import en from "#shared/words/en.json" with { type: "json" };
import zh from "#shared/words/zh-CN.json" with { type: "json" };
import { sources } from "./sources.js";

/** Keys made of a fixed part and a code: at least one word must begin so. */
const KEY = /\b(?:t|word|has)\(\s*"([a-z_]+\.[a-z_]+)"|"((?:[a-z_]+)\.(?:[a-z_]+))"/g;
const MADE = /\b(?:t|has)\(`([a-z_]+\.[a-z_]*)\$\{/g;
const code = sources(".js", ".html");
const areas = new Set(Object.keys(zh).map((key) => key.split(".")[0]));
const slots = (/** @type {string} */ sentence) => [...sentence.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

test("both languages have the same keys, in the same order", () => {
  assert.deepEqual(Object.keys(en), Object.keys(zh));
  assert.deepEqual(Object.keys(zh), [...Object.keys(zh)].sort());
});

test("both languages fill in the same facts", () => {
  const facts = (/** @type {Record<string, string>} */ words) =>
    Object.fromEntries(Object.entries(words).map(([key, text]) => [key, slots(text)]));
  assert.deepEqual(facts(en), facts(zh));
});

test("no sentence is empty, and Chinese uses its own punctuation", () => {
  for (const [key, text] of Object.entries(zh)) {
    assert.ok(text.length > 0, key);
    assert.doesNotMatch(text, /[一-鿿][,;:?!]|[!！]/, key);
  }
});

test("every key that the code asks for is there", () => {
  for (const { path, text } of code) {
    for (const [, called, quoted] of text.matchAll(KEY)) {
      const key = called ?? quoted;
      if (called || areas.has(key.split(".")[0])) assert.ok(key in zh, `${path}: ${key}`);
    }
    for (const [, start] of text.matchAll(MADE))
      assert.ok(
        Object.keys(zh).some((key) => key.startsWith(start)),
        `${path}: ${start}...`,
      );
  }
});

test("no word is there for nothing", () => {
  const all = code.map(({ text }) => text).join("\n");
  const made = [
    "account.",
    "admin.",
    "alert.",
    "aside.",
    "audit.",
    "away.",
    "waits.",
    "band.",
    "consent.",
    "deed.",
    "detail.",
    "device.",
    "error.",
    "feed.",
    "greeting.",
    "head.",
    "hand_reason.",
    "health.",
    "level.",
    "line.",
    "level_reason.",
    "link.",
    "machine.",
    "offer.",
    "place.",
    "presence.",
    "promises.",
    "point.",
    "road.because.",
    "mine.",
    "pay.",
    "plan.",
    "queue.",
    "rating.",
    "reason.",
    "referral_state.",
    "refusal.",
    "return.",
    "review.",
    "role.",
    "rm.",
    "rm_why.",
    "route.",
    "rung.",
    "sound.",
    "strip.",
    "switch.",
    "tag.",
    "ticket_state.",
    "tier.",
    "touch.",
    "trouble.",
    "turn.",
    "visit_state.",
    "why.",
    "window.",
    "kiosk.scan_",
  ];
  const isUsed = (/** @type {string} */ key) => all.includes(`"${key}"`) || made.some((start) => key.startsWith(start));
  assert.deepEqual(
    Object.keys(zh).filter((key) => !isUsed(key)),
    [],
  );
});

test("facts are filled in, and a missing key shows itself", () => {
  lang.value = "en";
  assert.equal(t("wall.waiting", { n: 9 }), "9 waiting");
  assert.equal(t("no.such_key"), "no.such_key");
  assert.equal(nameOf({ "zh-CN": "x", en: "Window 3" }), "Window 3");
});
