import assert from "node:assert/strict";
import test from "node:test";
import { firsts, isWrong, lineWith, nextOf, put, read, ruleWith, unitOf, written } from "#staff/lib/plan_form.js";

const SCHEMES = /** @type {any} */ ([
  { name: "points", unit: "points", example: { points: 1 } },
  { name: "flat", unit: "money", example: { amount_minor: 2000 } },
]);

test("money and percentages are written and read back exactly, whatever the number", () => {
  for (const [value, unit, text] of /** @type {[number, string, string][]} */ ([
    [2000, "minor", "20.00"],
    [5, "minor", "0.05"],
    [0, "minor", "0.00"],
    [900719925474099, "minor", "9007199254740.99"],
    [40000, "ppm", "4"],
    [333333, "ppm", "33.3333"],
    [1, "ppm", "0.0001"],
    [12, "count", "12"],
  ])) {
    assert.equal(written(value, unit), text);
    assert.equal(read(text, unit), value);
  }
  for (let value = 0; value < 3000; value += 7) assert.equal(read(written(value, "minor"), "minor"), value);
});

test("what is no number, or finer than the unit, is not read", () => {
  for (const text of ["", "-1", "1e3", "NaN", "1.234", ".5", "一", "1 000", "12345678901234"])
    assert.equal(read(text, "minor"), null, text);
  assert.equal(read("1,000.5", "minor"), 100050);
  assert.equal(read("33.33333", "ppm"), null);
  assert.equal(read("1.0", "count"), null);
});

test("a term's unit is what its name says", () => {
  assert.deepEqual(["amount_minor", "base_minor_min", "rate_ppm", "ppm", "points", "days"].map(unitOf), [
    "minor",
    "minor",
    "ppm",
    "ppm",
    "count",
    "count",
  ]);
});

test("one thing is changed and all others stay the same objects", () => {
  const was = { lines: { card: { split: { a: 1 } }, loan: {} }, list: [{ n: 1 }, { n: 2 }] };
  const now = put(was, ["lines", "card", "split", "a"], 2);
  assert.deepEqual([was.lines.card.split.a, now.lines.card.split.a], [1, 2]);
  assert.equal(now.lines.loan, was.lines.loan);
  assert.deepEqual(put(was, ["list", 0], undefined).list, [{ n: 2 }]);
  assert.deepEqual(put(was, ["list", 2], { n: 3 }).list.length, 3);
  assert.deepEqual(Object.keys(put(was, ["lines", "loan"], undefined).lines), ["card"]);
});

test("a new version begins on the first of a month to come, in a new year too", () => {
  assert.deepEqual(firsts("2026-11-23", 3), ["2026-12-01", "2027-01-01", "2027-02-01"]);
  const newest = /** @type {any} */ ({ version: 4, starts_on: "2026-01-01", lines: {} });
  assert.deepEqual(nextOf(newest, "2026-12-31"), { version: 5, starts_on: "2027-01-01", lines: {} });
});

test("a new line and another scheme begin with terms that are right", () => {
  const line = lineWith(SCHEMES);
  assert.deepEqual([line.money?.scheme, line.points], ["flat", null]);
  assert.equal(Object.values(line.split).reduce((sum, ppm) => sum + ppm), 1_000_000);
  assert.deepEqual(ruleWith(SCHEMES, "points"), { scheme: "points", terms: { points: 1 } });
  assert.equal(ruleWith(SCHEMES, ""), null);
});

test("a field is wrong when it is named, or the whole is that it stands in", () => {
  const faults = ["lines.card.money.terms.amount_minor", "hold_back"];
  assert.equal(isWrong(faults, ["lines", "card", "money", "terms", "amount_minor"]), true);
  assert.equal(isWrong(faults, ["hold_back", "ppm"]), true);
  assert.equal(isWrong(faults, ["lines", "card", "split"]), false);
});
