import assert from "node:assert/strict";
import test from "node:test";
import { ServerClock } from "#shared/lib/clock.js";
import { aroundNumber, minutes, monthDay, range, timeOfDay, waited } from "#shared/lib/format.js";
import { uuidv7 } from "#shared/lib/ids.js";
import { overallWait } from "#shared/lib/overall_wait.js";
import { lobby, ticket } from "./make.js";

test("waits are minutes and seconds, above an hour also hours, never negative", () => {
  assert.deepEqual([0, 59.9, 60, 338, 3599, 3600, 3725, -5].map(waited), [
    "0:00",
    "0:59",
    "1:00",
    "5:38",
    "59:59",
    "1:00:00",
    "1:02:05",
    "0:00",
  ]);
});

test("estimates are a range and never one figure", () => {
  assert.equal(range({ p50_s: 360, p90_s: 600 }), "6–10");
  assert.equal(range({ p50_s: 300, p90_s: 300 }), "5–6");
  assert.equal(range({ p50_s: 0, p90_s: 0 }), "0–1");
  assert.equal(range({ p50_s: 119, p90_s: 121 }), "1–3");
});

test("what is left of a promise is rounded up", () =>
  assert.deepEqual([minutes(1), minutes(60), minutes(61)], [1, 1, 2]));

test("times of day are those of the branch, of 24 hours", () => {
  assert.equal(timeOfDay(Date.parse("2026-11-16T02:24:06Z"), "Asia/Shanghai"), "10:24");
  assert.equal(timeOfDay(Date.parse("2026-11-16T16:00:00Z"), "Asia/Shanghai"), "00:00");
  assert.equal(monthDay("2026-11-25"), "11-25");
});

test("a window's number is taken out wherever it stands", () => {
  assert.deepEqual(aroundNumber("Window 3"), { before: "Window", number: "3", after: "" });
  assert.deepEqual(aroundNumber("3 win"), { before: "", number: "3", after: "win" });
  assert.deepEqual(aroundNumber("Adviser 2 left"), { before: "Adviser", number: "2", after: "left" });
  assert.deepEqual(aroundNumber("Counter"), { before: "Counter", number: "", after: "" });
});

test("ids are UUIDs of version 7 and grow with time", () => {
  const id = uuidv7(Date.parse("2026-11-16T00:00:00Z"));
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.ok(uuidv7(1000) < uuidv7(1001));
  assert.equal(uuidv7(0x0123456789ab, new Uint8Array(10)), "01234567-89ab-7000-8000-000000000000");
  assert.equal(new Set(Array.from({ length: 2000 }, () => uuidv7())).size, 2000);
});

test("the server's time is what it said plus what has passed since, whatever the machine's clock does", () => {
  let steady = 5000;
  const clock = new ServerClock(() => steady);
  clock.hear("2026-11-16T00:00:10Z", 4000);
  assert.equal(clock.now() - Date.parse("2026-11-16T00:00:10Z"), 500);
  steady += 2000;
  assert.equal(clock.now() - Date.parse("2026-11-16T00:00:10Z"), 2500);
  clock.notBefore("2026-11-16T00:00:11Z");
  assert.equal(clock.now() - Date.parse("2026-11-16T00:00:10Z"), 2500);
  clock.notBefore("2026-11-16T00:00:20Z");
  assert.equal(clock.now(), Date.parse("2026-11-16T00:00:20Z"));
});

test("the lobby's range is the mean of those who wait, and without them of all classes", () => {
  const expected_wait = { A: { p50_s: 60, p90_s: 120 }, B: { p50_s: 180, p90_s: 360 } };
  assert.deepEqual(overallWait(lobby({ expected_wait, tickets: [ticket("B001")] })), { p50_s: 180, p90_s: 360 });
  assert.deepEqual(overallWait(lobby({ expected_wait })), { p50_s: 120, p90_s: 240 });
  assert.equal(overallWait(lobby()), null);
});
