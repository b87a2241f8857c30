import assert from "node:assert/strict";
import test from "node:test";
import { deedsOf, groupOf, inboxOf } from "#staff/lib/referrals.js";

/** @param {string} id @param {any} [facts] @returns {any} */
const referral = (id, facts = {}) => ({ id, state: "offered", customer_here: false, presence: null, ...facts });
const ME = { staff_no: "R001", name: "Wu" };

test("whoever stands in the hall comes first, until I have answered", () => {
  assert.equal(groupOf(referral("a", { customer_here: true })), "here");
  assert.equal(groupOf(referral("a", { customer_here: true, presence: { answer: "coming", at: "" } })), "asked");
  assert.equal(groupOf(referral("a", { customer_here: true, state: "contacted", receiver: ME })), "here");
  assert.equal(groupOf(referral("a", { customer_here: true, state: "won", receiver: ME })), "over");
});

test("the oldest that waits for me stands first, what is over last and newest first", () => {
  const newestFirst = [referral("c", { state: "won" }), referral("b"), referral("a"), referral("z", { state: "lost" })];
  const { asked, over, mine } = inboxOf(newestFirst);
  assert.deepEqual(
    [asked, over, mine].map((group) => group.map(({ id }) => id)),
    [["a", "b"], ["c", "z"], []],
  );
});

test("every living state has a next deed, and nothing can be done about what is over", () => {
  for (const state of ["offered", "declined", "accepted", "contacted", "qualified", "proposed"])
    assert.ok(deedsOf(referral("a", { state })).length > 0, state);
  for (const state of ["won", "lost", "expired", "withdrawn", "duplicate", "reversed"])
    assert.deepEqual(deedsOf(referral("a", { state })), []);
});
