import assert from "node:assert/strict";
import test from "node:test";
import { bringsText, lineChosen, standingOf } from "#staff/lib/refer_form.js";

/** @param {string} product_line @param {any} [facts] */
const line = (product_line, facts = {}) => ({ product_line, may_take: [], brings: null, claimed: null, ...facts });
/** @param {any} facts @returns {any} */
const form = (facts) => ({ visit_id: "v1", preset: null, reason: null, has_consent: false, lines: [], ...facts });
const CLAIMED = { referrer: null, since: "", until: "2027-02-21T00:00:00Z" };

test("the likeliest is chosen until a key chooses another, and never what somebody referred before", () => {
  const known = form({ preset: "deposit", lines: [line("deposit"), line("wealth"), line("loan", { claimed: CLAIMED })] });
  assert.equal(lineChosen(known, undefined)?.product_line, "deposit");
  assert.equal(lineChosen(known, "wealth")?.product_line, "wealth");
  assert.equal(lineChosen(known, "loan"), null);
  assert.equal(lineChosen(form({ lines: [line("deposit")] }), undefined), null);
});

test("what it would bring is told to the fen, for how much, and where no cash may be paid it says so", () => {
  const brings = { of_minor: 1_000_000, amount_minor: 3_334, currency: "CNY", points: 0, is_cash_allowed: true };
  assert.match(bringsText(brings), /10,000\.00.*33\.34/);
  assert.match(bringsText({ ...brings, points: 5 }), /5/);
  assert.doesNotMatch(bringsText({ ...brings, is_cash_allowed: false }), /33\.34/);
  assert.notEqual(bringsText(null), "");
});

test("the relationship's owner is called so; of others it counts whether they are here", () => {
  const who = { staff_no: "R001", name: "", is_owner: false, is_present: true, open_count: 7 };
  assert.match(standingOf(who), /7/);
  assert.equal(new Set([who, { ...who, is_owner: true }, { ...who, is_present: false }].map(standingOf)).size, 3);
});
