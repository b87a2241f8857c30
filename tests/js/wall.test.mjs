import assert from "node:assert/strict";
import test from "node:test";
import { hearCalls, HOLD_MS, NO_CALLS, turn } from "#staff/lib/call_queue.js";
import { dice, ticket } from "./make.js";

const called = (/** @type {string} */ number, second = 0, facts = {}) =>
  ticket(number, { state: "called", called_at: new Date(second * 1000).toISOString(), service_point: "W1", ...facts });

test("at the start the last call is shown and the earlier ones are history", () => {
  const calls = turn(hearCalls(NO_CALLS, [called("A002", 2), called("A001", 1), ticket("A003")]), 0);
  assert.equal(calls.showing?.number, "A002");
  assert.deepEqual(
    calls.past.map((each) => each.number),
    ["A001"],
  );
});

test("each call is held eight seconds before the next", () => {
  let calls = turn(hearCalls(NO_CALLS, [called("A001", 1)]), 0);
  calls = turn(hearCalls(calls, [called("A001", 1), called("A002", 2), called("A003", 3)]), 1000);
  assert.equal(calls.showing?.number, "A001");
  calls = turn(calls, HOLD_MS);
  assert.equal(calls.showing?.number, "A002");
  assert.equal(turn(calls, 2 * HOLD_MS - 1).showing?.number, "A002");
  assert.equal(turn(calls, 2 * HOLD_MS).showing?.number, "A003");
});

test("a call again is shown again, and stands once among the last", () => {
  let calls = turn(hearCalls(NO_CALLS, [called("A001", 1)]), 0);
  calls = turn(hearCalls(calls, [called("A002", 2)]), HOLD_MS);
  calls = turn(hearCalls(calls, [called("A001", 30)]), 2 * HOLD_MS);
  assert.deepEqual([calls.showing?.number, calls.past.map((each) => each.number)], ["A001", ["A002"]]);
});

test("a customer who is called again at the same window is announced again", () => {
  let calls = turn(hearCalls(NO_CALLS, [called("A001", 1)]), 0);
  calls = turn(hearCalls(calls, [called("A001", 1, { recall_count: 1 })]), HOLD_MS);
  assert.deepEqual([calls.showing?.again, calls.past.length], [1, 0]);
});

test("a call is not cut off by the next while it is being said", () => {
  let calls = turn(hearCalls(NO_CALLS, [called("A001", 1), called("A002", 2)]), 0);
  calls = hearCalls(calls, [called("A003", 3)]);
  assert.equal(turn(calls, HOLD_MS, true).showing?.number, "A002");
  assert.equal(turn(calls, HOLD_MS).showing?.number, "A003");
});

test("the first call of the day is news; what a new wall finds is not", () => {
  const found = turn(hearCalls(NO_CALLS, [called("A001", 1)]), 0);
  const news = turn(hearCalls(hearCalls(NO_CALLS, []), [called("A001", 1)]), 0);
  assert.deepEqual([found.showing?.isOld, news.showing?.isOld], [true, undefined]);
});

test("a ticket that moves on is not a new call", () => {
  const calls = turn(hearCalls(NO_CALLS, [called("A001", 1)]), 0);
  assert.equal(hearCalls(calls, [called("A001", 1, { state: "in_service" })]), calls);
});

test("in any trickle of calls each is shown once, in order, for eight seconds at least", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const roll = dice(seed);
    let calls = NO_CALLS;
    let number = 0;
    /** @type {{number: string, ms: number}[]} */
    const shown = [];
    for (let ms = 0; ms < 300_000; ms += 500) {
      const fresh =
        roll(25) === 0 && calls.next.length < 6 ? [called(`A${String(++number).padStart(3, "0")}`, ms / 1000)] : [];
      calls = turn(hearCalls(calls, fresh), ms);
      if (calls.showing && calls.showing.number !== shown.at(-1)?.number)
        shown.push({ number: calls.showing.number, ms });
    }
    assert.deepEqual(
      shown.map((each) => each.number),
      shown.map((each) => each.number).sort(),
    );
    for (let at = 1; at < shown.length; at++) assert.ok(shown[at].ms - shown[at - 1].ms >= HOLD_MS);
    assert.ok(number - shown.length <= 7, `seed ${seed}: ${number} called, ${shown.length} shown`);
    assert.ok(calls.past.length <= 5);
  }
});
