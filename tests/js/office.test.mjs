import assert from "node:assert/strict";
import test from "node:test";
import { Refused, Unreachable } from "#shared/lib/failures.js";
import { filtered, hashOf, moved, placeOf } from "#staff/lib/filter.js";
import { daysOf, verdictOf } from "#staff/lib/honest.js";
import { Office } from "#staff/lib/office.js";
import { refusalOf } from "#staff/lib/refusals.js";
import { t } from "#shared/lib/words.js";

test("a filter keeps the rows that hold every word, whatever the case", () => {
  const rows = ["T001 Zhou teller", "L001 Chen lobby manager", "T002 Chen teller"];
  const shown = (/** @type {string} */ typed) => filtered(rows, typed, (row) => row);
  assert.deepEqual(shown("chen TELLER"), ["T002 Chen teller"]);
  assert.deepEqual(shown("  "), rows);
  assert.deepEqual(shown("nobody"), []);
});

test("what is filtered stands in the address and is read back from it", () => {
  for (const [name, typed] of [["staff", "a & b?"], ["devices", ""]])
    assert.deepEqual(placeOf(hashOf(name, typed)), { name, typed });
  assert.deepEqual(placeOf(""), { name: "", typed: "" });
});

test("arrow keys go through the rows and stop at their ends", () => {
  assert.deepEqual(
    [moved(0, "ArrowUp", 3), moved(0, "ArrowDown", 3), moved(2, "ArrowDown", 3), moved(1, "End", 3), moved(1, "x", 3)],
    [0, 1, 2, 2, 1],
  );
});

test("a change without an answer is asked again under the same key; a refusal is said", async () => {
  /** @type {any[]} */
  const [sent, said] = [[], []];
  let failure = /** @type {Error | null} */ (new Unreachable("cut"));
  const command = async (/** @type {any[]} */ ...what) => {
    sent.push(what);
    if (failure) throw failure;
    return null;
  };
  const say = (/** @type {string} */ text) => said.push(text);
  const office = new Office(/** @type {any} */ ({ server: { command }, notes: { say } }));
  assert.equal(await office.change("PUT", "/x", { a: 1 }), null);
  failure = null;
  assert.deepEqual(await office.change("PUT", "/x", { a: 1 }, "saved"), {});
  assert.deepEqual([sent[0][2] === sent[1][2], sent[0][3], said.at(-1)], [true, "PUT", "saved"]);
  failure = new Refused(403, { code: "not_allowed" });
  assert.equal(await office.change("PUT", "/x", {}), null);
});

test("a week is told by its days, also where the year turns", () => {
  assert.deepEqual(daysOf("2026-W48"), ["11-23", "11-29"]);
  assert.deepEqual(daysOf("2026-W53"), ["12-28", "01-03"]);
  assert.deepEqual(daysOf("2025-W01"), ["12-30", "01-05"]);
});

test("a forecast is trusted when it holds for about four in five, and what it missed is said", () => {
  const week = (/** @type {number} */ n, /** @type {number} */ within, /** @type {number} */ under) =>
    verdictOf({ week: "2026-W48", ticket_class: "A", n, within_p10_p90: within, under_p90: under, mae_s: 60 });
  assert.deepEqual([week(4, 1, 1), week(5, 0.75, 0.8)], ["few", "good"]);
  assert.deepEqual([week(5, 0.6, 0.65), week(5, 0.6, 0.95)], ["longer", "shorter"]);
});

test("a refusal has a sentence of its own, with its facts, before that of every screen", () => {
  const told = (/** @type {any} */ problem) => refusalOf(new Refused(409, problem));
  assert.equal(told({ code: "same_person" }), t("refusal.same_person"));
  assert.equal(told({ code: "earlier_period_open", period: "2026-10" }), t("refusal.earlier_period_open", { period: "2026-10" }));
  assert.equal(told({ code: "acknowledged_by", by: { name: "Lin" } }), t("refusal.acknowledged_by", { who: "Lin" }));
  assert.equal(told({ code: "busy" }), t("error.busy"));
  assert.equal(refusalOf(new Unreachable("cut")), t("error.unreachable"));
});
