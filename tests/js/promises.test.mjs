import assert from "node:assert/strict";
import test from "node:test";
import { differ, LEVELS, lateOf } from "#staff/lib/promises.js";

const TRIED = { level: "vip", n: 10, within: [2, 5, 9, 9] };
const SAME = Object.fromEntries(LEVELS.map((level) => [level, { wait_s: 300, answer_s: 30 }]));

test("whoever was not called within the promise was late", () => {
  assert.equal(lateOf(TRIED, 60), 5);
  assert.equal(lateOf(TRIED, 120), 1);
});

test("a part of a minute is not promised, and beyond what was counted nothing changes", () => {
  assert.equal(lateOf(TRIED, 119), 5);
  assert.equal(lateOf(TRIED, 7200), 1);
});

test("of a level of which nobody was called nothing is said", () => {
  assert.equal(lateOf(undefined, 300), null);
  assert.equal(lateOf({ ...TRIED, n: 0 }, 300), null);
});

test("a change of any promise is a change", () => {
  assert.equal(differ(SAME, structuredClone(SAME)), false);
  assert.equal(differ(SAME, { ...SAME, vulnerable: { wait_s: 300, answer_s: 31 } }), true);
  assert.equal(differ(SAME, { ...SAME, ordinary: { wait_s: 301, answer_s: 30 } }), true);
});
