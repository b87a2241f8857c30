import assert from "node:assert/strict";
import test from "node:test";
import { applyNews, isBehind } from "#shared/lib/apply.js";
import { Branch } from "./branch.js";
import { alert, dice, event, lobby, queue, ticket, visit } from "./make.js";

const news = (/** @type {any[]} */ ...events) => ({ epoch: "e1", events });

test("an event in order is put in its place and moves the number", () => {
  const { lobby: next, isGap } = applyNews(lobby(), news(event(11, 10, "ticket.issued", ticket("A001"))));
  assert.equal(isGap, false);
  assert.deepEqual([next.seq, next.tickets.map((each) => each.number)], [11, ["A001"]]);
});

test("a snapshot's number may lie beyond the audience's previous event", () => {
  const { isGap, lobby: next } = applyNews(lobby({ seq: 12 }), news(event(15, 9, "ticket.issued", ticket("A001"))));
  assert.deepEqual([isGap, next.seq], [false, 15]);
});

test("an event after a missing one is not applied", () => {
  const { lobby: next, isGap } = applyNews(lobby(), news(event(13, 12, "ticket.issued", ticket("A001"))));
  assert.deepEqual([isGap, next.seq, next.tickets.length], [true, 10, 0]);
});

test("what is known already changes nothing", () => {
  const before = lobby({ tickets: [ticket("A001")] });
  assert.equal(
    applyNews(before, news(event(9, 8, "ticket.cancelled", ticket("A001", { state: "cancelled" })))).lobby,
    before,
  );
});

test("another epoch is a gap", () => {
  assert.equal(applyNews(lobby(), { epoch: "e2", events: [] }).isGap, true);
  assert.equal(isBehind(lobby(), { epoch: "e2", seq: 1 }), true);
});

test("a beat with a greater number tells of something missed", () => {
  assert.deepEqual(
    [isBehind(lobby(), { epoch: "e1", seq: 11 }), isBehind(lobby(), { epoch: "e1", seq: 10 })],
    [true, false],
  );
});

test("whoever is gone leaves the lists, and others keep their places", () => {
  const before = lobby({ visits: [visit("v1"), visit("v2"), visit("v3")], tickets: [ticket("A001"), ticket("A002")] });
  const { lobby: next } = applyNews(
    before,
    news(
      event(11, 10, "visit.left", visit("v2", { state: "left" })),
      event(12, 11, "ticket.called", ticket("A001", { state: "called" })),
    ),
  );
  assert.deepEqual(
    next.visits.map((each) => each.visit_id),
    ["v1", "v3"],
  );
  assert.deepEqual(
    next.tickets.map((each) => each.state),
    ["called", "waiting"],
  );
});

test("a call tells whom it passed, and their counts follow", () => {
  const before = lobby({ tickets: [ticket("A001", { overtaken: 0 }), ticket("A002")] });
  const called = { ...ticket("A002", { state: "called" }), passed: [{ ticket_id: "t-A001", overtaken: 1 }] };
  const { lobby: next } = applyNews(before, news(event(11, 10, "ticket.called", called)));
  assert.equal(next.tickets[0].overtaken, 1);
});

test("public tickets are known by their number", () => {
  const before = lobby({ tickets: [ticket("A001", { id: undefined })] });
  const { lobby: next } = applyNews(
    before,
    news(event(11, 10, "ticket.called", ticket("A001", { id: undefined, state: "called" }))),
  );
  assert.deepEqual(
    next.tickets.map((each) => each.state),
    ["called"],
  );
});

test("whom a call has passed shows it, and the called ticket holds nothing of it", () => {
  const counted = { overtake_cap: 5, overtaken: 0, overtaken_by_hand: 1 };
  const before = lobby({ tickets: [ticket("A001", counted), ticket("A002", counted), ticket("A003", counted)] });
  const passed = [{ ticket_id: "t-A001", overtaken: 1, overtaken_by_hand: 1 }];
  const called = { ...ticket("A002", { ...counted, state: "called" }), passed };
  const { lobby: next } = applyNews(before, news(event(11, 10, "ticket.called", called)));
  assert.deepEqual(next.tickets, [
    ticket("A001", { ...counted, overtaken: 1 }),
    ticket("A002", { ...counted, state: "called" }),
    ticket("A003", counted),
  ]);
});

test("an alert is there until it is over", () => {
  const raised = applyNews(lobby(), news(event(11, 10, "alert.raised", alert("a1")))).lobby;
  const answered = alert("a1", { state: "acknowledged" });
  const taken = applyNews(raised, news(event(12, 11, "alert.acknowledged", answered))).lobby;
  const over = applyNews(taken, news(event(13, 12, "alert.ended", alert("a1", { state: "ended" })))).lobby;
  assert.deepEqual([raised.alerts, taken.alerts, over.alerts], [[alert("a1")], [answered], []]);
});

test("how the queue stands is told whole", () => {
  const degraded = queue({ is_degraded: true, unserved: ["t-A001"] });
  assert.deepEqual(applyNews(lobby(), news(event(11, 10, "queue.changed", degraded))).lobby.queue, degraded);
});

test("an event of a kind that is not known yet only moves the number", () => {
  assert.equal(applyNews(lobby(), news(event(11, 10, "weather.changed", {}))).lobby.seq, 11);
});

test("with any loss, repetition and cutting of the news the lobby never goes wrong without noticing", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const roll = dice(seed);
    const branch = new Branch(seed);
    let mine = branch.truth;
    for (let step = 0; step < 60; step++) {
      const from = Math.max(0, branch.history.length - roll(4));
      branch.happen();
      if (roll(6) === 0) continue; // lost
      const { lobby: next, isGap } = applyNews(mine, { epoch: "e1", events: branch.history.slice(from) });
      mine = isGap ? branch.truth : next; // a gap asks for the lobby
      if (mine.seq === branch.truth.seq) assert.deepEqual(mine.tickets, branch.truth.tickets);
    }
  }
});
