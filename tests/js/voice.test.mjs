import assert from "node:assert/strict";
import test from "node:test";
import { PAUSE, spokenCall, spokenCode, spokenNumber, spokenPoint } from "#shared/lib/spoken.js";
import { Announcer, sayingsOf } from "#staff/lib/announcer.js";
import { readText } from "./sources.js";

const WINDOW = { kind: /** @type {const} */ ("window"), names: { "zh-CN": "3", en: "Window 3" } };
const call = (facts = {}) => ({
  number: "A037",
  point: "W3",
  calledAt: "",
  again: 0,
  language: "zh-CN",
  reason: null,
  ...facts,
});

test("a ticket is spelled, a number is read", () => {
  assert.deepEqual(spokenCode("K2-017"), ["letter_k", "number_2", "number_0", "number_1", "number_7"]);
  assert.deepEqual(spokenNumber(40), ["number_40"]);
  assert.deepEqual(spokenNumber(17), ["number_17"]);
  assert.deepEqual(spokenNumber(42), ["number_40", "number_2"]);
  assert.deepEqual(spokenNumber(205), ["number_2", "number_0", "number_5"]);
});

test("in Chinese the number stands before the window, in English after it", () => {
  assert.deepEqual(spokenPoint(WINDOW, "zh-CN"), ["number_3", "window"]);
  assert.deepEqual(spokenPoint(WINDOW, "en"), ["window", "number_3"]);
  assert.deepEqual(spokenPoint({ kind: "desk", names: { "zh-CN": "1" } }, "zh-CN"), ["desk", "number_1", "number_sign"]);
  assert.deepEqual(spokenPoint({ kind: "machine", names: { en: "Machine" } }, "en"), ["machine"]);
});

test("a call is said twice in Chinese, and in English for who speaks it", () => {
  assert.deepEqual(
    sayingsOf(call(), WINDOW).map((each) => each.language),
    ["zh-CN", "zh-CN"],
  );
  assert.deepEqual(sayingsOf(call({ language: "en" }), WINDOW).at(-1), {
    language: "en",
    clips: spokenCall("A037", WINDOW, "en"),
  });
});

test("what was called before the wall was switched on is shown, not said", async () => {
  let said = 0;
  const announcer = new Announcer({ say: async () => void said++ });
  await announcer.announce(call({ isOld: true }), WINDOW);
  await announcer.announce(call(), undefined);
  assert.equal(said, 0);
  await announcer.announce(call(), WINDOW);
  assert.deepEqual([said, announcer.isSpeaking], [1, false]);
});

test("every clip that a call needs is in the list of clips, in both languages", () => {
  const listed = readText("deploy/voice/clips.toml").split("\n[en]");
  for (const kind of /** @type {const} */ (["window", "desk", "machine"])) {
    for (const [at, language] of ["zh-CN", "en"].entries()) {
      const said = spokenCall("", { kind, names: {} }, language).filter((clip) => clip !== PAUSE);
      for (const clip of said) assert.match(listed[at], new RegExp(`^${clip} = "`, "m"), `${language}: ${clip}`);
    }
  }
});
