import assert from "node:assert/strict";
import test from "node:test";
import { signal } from "@preact/signals-core";
import { machineState } from "#shared/parts/machine_tiles.js";
import { alertText, leftS, raisedIn } from "#staff/lib/alerts.js";
import { arrange, Holder, REORDER_MS, REST_MS } from "#staff/lib/arrangement.js";
import { Care } from "#staff/lib/care.js";
import { entriesOf } from "#staff/lib/entries.js";
import { Ringer } from "#staff/lib/ringer.js";
import { SoundBudget } from "#staff/lib/tones.js";
import { byUrgency, figuresOf, urgencyOf } from "#staff/lib/urgency.js";
import { alert, dice, lobby, NOON, ticket, visit } from "./make.js";

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

test("whoever has an alert stands as a bar and not in the list, two at a time, until somebody takes them", () => {
  const entries = ["p1", "o1", "h1", "p2"].map((id) => entry(visit(id)));
  const raised = ["p1", "p2", "h1", "o1"].map((id) => alert(`a-${id}`, { visit_id: id }));
  const shown = arrange(entries, raised, NOON, (each) => each.id === "p1");
  const bars = shown.alerts.map((each) => each.visit_id);
  const inList = [shown.first?.id, ...ids(shown.rest)];
  assert.deepEqual([bars, shown.more, inList, ids(shown.taken)], [["p2", "h1"], 1, ["o1"], ["p1"]]);
  const whole = arrange(entries, raised, NOON, () => false, true);
  assert.deepEqual([whole.alerts.length, whole.more, whole.first], [4, 0, null]);
});

test("people come before machines, and among them whose time runs out first", () => {
  const alerts = [
    alert("fault", { urgency: "fault", left_s: 1 }),
    alert("help", { urgency: "help", left_s: 5 }),
    alert("later", { left_s: 20 }),
    alert("sooner", { left_s: 10 }),
    alert("answered", { state: "acknowledged" }),
  ];
  assert.deepEqual(ids(raisedIn(lobby({ alerts }))), ["sooner", "later", "help", "fault"]);
  assert.deepEqual([leftS(alerts[2], NOON), leftS(alerts[2], NOON + 60_000)], [20, 0]);
});

test("every kind of alert has its sentence, and an unheard-of one says at least that", () => {
  const kinds = ["help", "unserved_ticket", "machine_lost", "machine_failed", "low_rating", "kiosk_paper", "fire"];
  const facts = { number: "A001", stars: 1, device: "K1", paper: "out" };
  for (const kind of kinds) {
    const text = alertText(lobby(), alert("a", { kind, facts }));
    assert.ok(text.length > 2 && !text.includes("{"), `${kind}: ${text}`);
  }
});

test("nobody is in two places and nobody is forgotten", () => {
  const roll = dice(3);
  for (let round = 0; round < 200; round++) {
    const entries = Array.from({ length: roll(12) }, (_, at) => entry(visit(`v${at}`, { waited_s: roll(1200) })));
    const raised = entries.filter(() => roll(3) === 0).map(({ id }) => alert(`a-${id}`, { visit_id: id }));
    const isTaken = (/** @type {any} */ { id }) => Number(id.slice(1)) % 4 === 0;
    const { alerts, first, rest, taken } = arrange(entries, raised, NOON, isTaken);
    const all = [...alerts.map(({ visit_id }) => visit_id), ...ids([...(first ? [first] : []), ...rest, ...taken])];
    assert.deepEqual(all.sort(), ids(entries).sort());
  }
});

test("a manager hears at most six sounds an hour, and two within ten seconds as one", () => {
  const budget = new SoundBudget();
  const minute = 60_000;
  assert.deepEqual([budget.take("meet", 0), budget.take("meet", 9000), budget.take("late", 9500)], [true, false, false]);
  let heard = 1;
  for (let at = 1; at < 60; at++) heard += Number(budget.take("meet", at * minute));
  assert.equal(heard, 6);
  assert.equal(budget.take("meet", 61 * minute), true);
  const other = new SoundBudget();
  assert.deepEqual([other.take("late", 0), other.take("late", 30_000), other.take("meet", 31_000)], [true, false, true]);
});

test("who was there when the page opened is not heard; the next one is, once, and machines never", () => {
  /** @type {string[]} */
  const rung = [];
  const ringer = new Ringer((kind) => rung.push(kind));
  ringer.hear([alert("a")], ["v1"]);
  ringer.hear([alert("a")], ["v1"]);
  ringer.hear([alert("a"), alert("b")], ["v1"]);
  ringer.hear([alert("b"), alert("m", { urgency: "fault" })], ["v1", "v2"]);
  assert.deepEqual(rung, ["meet", "late"]);
});

/** A server and notes of which the test sees everything. @param {() => any} answer @param {string} [freshness] */
function hall(answer, freshness = "live") {
  /** @type {any[]} */
  const said = [];
  /** @type {string[]} */
  const sent = [];
  /** @type {any[]} */
  const put = [];
  const command = async (/** @type {string} */ path) => (sent.push(path), answer());
  const needs = {
    server: { command },
    live: { freshness: signal(freshness), put: (/** @type {any[]} */ ...what) => put.push(what) },
    notes: { say: (/** @type {string} */ text, /** @type {any} */ more) => said.push({ text, ...more }) },
  };
  return { care: new Care(/** @type {any} */ (needs)), said, sent, put };
}

test("a deed is shown at once and can be taken back", async () => {
  const { care, said, sent, put } = hall(() => ({ visit: visit("v1") }));
  await care.of(visit("v1"), "leave", {}, "gone", true);
  said[0].undo.press();
  await Promise.resolve();
  assert.deepEqual(sent, ["/visits/v1/leave", "/visits/v1/undo"]);
  assert.equal(put[0][0], "visit");
});

test("what is not fresh sends nobody anywhere, and says so", async () => {
  const { care, said, sent } = hall(() => ({}), "stale");
  await care.of(visit("v1"), "route", {});
  assert.deepEqual([sent.length, said[0].isTrouble], [0, true]);
});

test("a machine is free, used, or silent", () => {
  const point = /** @type {any} */ ({ code: "S1", kind: "machine", names: {} });
  const device = /** @type {any} */ ({ service_point: "S1", is_alive: true });
  const state = (/** @type {any} */ facts) => machineState(lobby(facts), point);
  assert.equal(state({}), "lost");
  assert.equal(state({ devices: [device] }), "free");
  const visits = [visit("v1", { device: { code: "S1", names: {}, zone: null } })];
  assert.equal(state({ devices: [device], visits }), "used");
  assert.equal(state({ devices: [{ ...device, is_alive: false }], visits }), "lost");
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
  assert.deepEqual(figuresOf(entries, NOON), { averageS: 450, lateIds: ["v1"] });
  assert.deepEqual(figuresOf([], NOON), { averageS: 0, lateIds: [] });
});
