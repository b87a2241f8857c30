import assert from "node:assert/strict";
import test from "node:test";
import { changesOf, policyOf, SETTINGS } from "#staff/lib/policy.js";

/** @type {any} */
const POLICY = {
  discipline: "fifo",
  overtake_cap: 5,
  version: 3,
  rule_version: "fifo/3",
  parameters: {
    weights: { vip: 4, appointment: 4, vulnerable: 2.5, ordinary: 1 },
    vip_run_max: 2,
    overdue_s: 1800,
    points_planned: null,
  },
};

test("each setting puts what it gets, and nothing else changes", () => {
  for (const setting of SETTINGS) {
    const other = setting.choices ? "bounded_vip" : Number(setting.get(POLICY)) + 1;
    const after = setting.put(POLICY, other);
    assert.equal(setting.get(after), other);
    assert.deepEqual(
      changesOf(POLICY, after).map(({ words }) => words),
      [setting.words],
    );
    assert.deepEqual(setting.put(after, setting.get(POLICY)), POLICY);
  }
});

test("what was not touched is no change, and the server gets only what it takes", () => {
  assert.deepEqual(changesOf(POLICY, { ...POLICY }), []);
  assert.deepEqual(Object.keys(policyOf(POLICY)), ["discipline", "overtake_cap", "parameters"]);
});
