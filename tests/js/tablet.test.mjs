import assert from "node:assert/strict";
import test from "node:test";
import { arrange, Holder, REORDER_MS, REST_MS } from "#staff/lib/arrangement.js";
import { entriesOf } from "#staff/lib/entries.js";
import { byUrgency, figuresOf, urgencyOf } from "#staff/lib/urgency.js";
import { dice, lobby, NOON, ticket, visit } from "./make.js";

const entry = (/** @type {any} */ each) => ({ id: each.visit_id, visit: each, ticket: null });
const ids = (/** @type {any[]} */ entries) => entries.map((each) => each.id);

test("urgency is the share of the promise, the tier's bonus and assistance", () => {
  assert.equal(urgencyOf(visit("v", { waited_s: 450, promise_s: 900 }), NOON), 0.5);
  assert.equal(urgencyOf(visit("v", { waited_s: 450, promise_s: 900, tier: "diamond" }), NOON), 0.7);
  assert.equal(urgencyOf(visit("v", { waited_s: 0, service_level: "vulnerable" }), NOON), 0.15);
});

test("the most urgent comes first, and who came earlier among equals", () => {
  const late = entry(visit("late", { waited_s: 880 }));
  const gold = entry(visit("gold", { waited_s: 60, tier: "gold" }));
  const first = entry(visit("first", { waited_s: 120 }));
  const twin = entry(visit("twin", { waited_s: 120, promise_s: 900, tier: "unheard_of" }));
  assert.deepEqual(ids(byUrgency([gold, twin, first, late], NOON)), ["late", "twin", "first", "gold"]);
});

test("a later arrival of the same kind never stands before an earlier one", () => {
  const roll = dice(7);
  for (let round = 0; round < 200; round++) {
    const entries = Array.from({ length: 20 }, (_, at) => entry(visit(`v${at}`, { waited_s: roll(2000) })));
    const sorted = byUrgency(entries, NOON).map((each) => each.visit.arrived_at);
    assert.deepEqual(sorted, [...sorted].sort());
  }
});

test("who is called or served, or is gone, is nobody's to meet", () => {
  const visits = [
    visit("v-A001", { state: "routed" }),
    visit("v-A002", { state: "routed" }),
    visit("v3"),
    visit("v4", { state: "in_service" }),
  ];
  const here = lobby({ visits, tickets: [ticket("A001"), ticket("A002", { state: "called" })] });
  assert.deepEqual(ids(entriesOf(here)), ["v-A001", "v3"]);
});

test("the top tier and the vulnerable are met in person, two at a time, until somebody takes them", () => {
  const entries = [
    visit("p1", { tier: "private" }),
    visit("o1"),
    visit("h1", { service_level: "vulnerable" }),
    visit("p2", { tier: "private" }),
  ].map(entry);
  const shown = arrange(entries, NOON, (each) => each.id === "p1");
  assert.deepEqual(
    [ids(shown.alerts), shown.first?.id, ids(shown.rest), ids(shown.taken)],
    [["p2", "h1"], "o1", [], ["p1"]],
  );
});

test("nobody is in two places and nobody is forgotten", () => {
  const roll = dice(3);
  for (let round = 0; round < 200; round++) {
    const tiers = [null, "gold", "private"];
    const entries = Array.from({ length: roll(12) }, (_, at) =>
      entry(visit(`v${at}`, { tier: tiers[roll(3)], waited_s: roll(1200) })),
    );
    const { alerts, first, rest, taken } = arrange(entries, NOON, ({ id }) => Number(id.slice(1)) % 4 === 0);
    const all = ids([...alerts, ...(first ? [first] : []), ...rest, ...taken]);
    assert.deepEqual(all.sort(), ids(entries).sort());
  }
});

test("nothing moves while a finger is down, nor a moment after", () => {
  const holder = new Holder();
  let made = 0;
  const show = (/** @type {string} */ basis, /** @type {number} */ nowMs) =>
    holder.show(basis, nowMs, () => /** @type {any} */ ({ made: ++made }));
  show("a", 0);
  holder.down();
  show("b", 100);
  assert.equal(made, 1);
  holder.up(200);
  show("b", 200 + REST_MS - 1);
  assert.equal(made, 1);
  show("b", 200 + REST_MS);
  assert.equal(made, 2);
  show("b", 200 + REST_MS + REORDER_MS - 1);
  assert.equal(made, 2);
  show("b", 200 + REST_MS + REORDER_MS);
  assert.equal(made, 3);
});

test("the bar counts who is about to be late", () => {
  const entries = [visit("v1", { waited_s: 810 }), visit("v2", { waited_s: 90 })].map(entry);
  assert.deepEqual(figuresOf(entries, NOON), { averageS: 450, lateCount: 1 });
  assert.deepEqual(figuresOf([], NOON), { averageS: 0, lateCount: 0 });
});
