import assert from "node:assert/strict";
import test from "node:test";
import { takeOwn } from "#kiosk/lib/alone.js";
import { Flow } from "#kiosk/lib/flow.js";
import { ASK_MS, Idle, IDLE_MS, RESULT_MS } from "#kiosk/lib/idle.js";
import { troubleKey } from "#kiosk/lib/verdicts.js";
import { Wedge } from "#kiosk/lib/wedge.js";
import { Refused, Unreachable } from "#shared/lib/failures.js";

const settled = () => new Promise((done) => setImmediate(done));
const ARRIVAL = {
  visit_id: "v1",
  customer: { masked_name: "W*" },
  services: [],
  suggested: null,
  need: null,
  ticket: null,
};
const ISSUED = { ticket: { number: "A001" } };

/** @param {(path: string, body: any, key: string) => any} answer */
function kiosk(answer) {
  /** @type {{path: string, body: any, key: string}[]} */
  const sent = [];
  let nowMs = 0;
  const command = async (/** @type {string} */ path, /** @type {any} */ body, /** @type {string} */ key) => {
    sent.push({ path, body, key });
    return answer(path, body, key);
  };
  const flow = new Flow({ server: { command }, language: () => "zh-CN", steady: () => nowMs });
  return { flow, sent, pass: (/** @type {number} */ ms) => void (nowMs += ms) };
}
const willing = (/** @type {string} */ path) => (path === "/visits" ? ARRIVAL : ISSUED);

test("a code seen many times is one visit", async () => {
  const { flow, sent, pass } = kiosk(willing);
  assert.deepEqual([flow.scan("BQ1:X"), flow.scan("BQ1:X")], [true, false]);
  await settled();
  pass(2000);
  flow.scan("BQ1:X");
  assert.deepEqual([flow.step.value.name, sent.length], ["choose", 1]);
});

test("a code that stays before the camera is not taken again on the next screen", async () => {
  const { flow, sent, pass } = kiosk(willing);
  flow.scan("BQ1:X");
  await settled();
  flow.home();
  for (let turn = 0; turn < 20; turn++, pass(1000)) flow.scan("BQ1:X");
  assert.equal(sent.length, 1);
  pass(4000);
  flow.scan("BQ1:X");
  assert.equal(sent.length, 2);
});

test("a double touch takes one ticket", async () => {
  const { flow, sent } = kiosk(willing);
  flow.pick("cash");
  flow.pick("cash");
  await settled();
  await settled();
  assert.deepEqual([flow.step.value.name, sent.map((each) => each.path)], ["result", ["/visits", "/visits/v1/route"]]);
});

test("two touches on two choices take the first", async () => {
  const { flow, sent } = kiosk(willing);
  flow.scan("BQ1:X");
  await settled();
  flow.choose("cash");
  flow.choose("loan");
  await settled();
  assert.deepEqual(
    sent.slice(1).map((each) => each.body.service_type),
    ["cash"],
  );
});

test("trying again after no answer is the same visit under the same key", async () => {
  let isCut = true;
  const { flow, sent } = kiosk((path) => {
    if (isCut) throw new Unreachable("cut");
    return willing(path);
  });
  flow.scan("BQ1:X");
  await settled();
  const step = /** @type {any} */ (flow.step.value);
  assert.equal(step.code, "unreachable");
  isCut = false;
  step.again();
  await settled();
  assert.equal(flow.step.value.name, "choose");
  assert.deepEqual([sent[0].key, sent[0].body.visit_id], [sent[1].key, sent[1].body.visit_id]);
});

test("an answer that comes after the customer has gone is shown to nobody", async () => {
  const { flow } = kiosk(willing);
  flow.scan("BQ1:X");
  flow.home();
  await settled();
  assert.equal(flow.step.value.name, "home");
});

test("who has a number already is told which", async () => {
  const { flow } = kiosk(() => ({ ...ARRIVAL, ticket: { number: "A007", state: "waiting", service_point: null } }));
  flow.scan("BQ1:X");
  await settled();
  assert.equal(flow.step.value.name, "already");
});

test("doubtful codes all sound the same", async () => {
  const { flow } = kiosk(() => Promise.reject(new Refused(422, { code: "bad_signature" })));
  flow.scan("BQ1:X");
  await settled();
  assert.equal(/** @type {any} */ (flow.step.value).code, "bad_signature");
  assert.deepEqual(
    ["bad_signature", "replay", "unknown_key", "malformed"].map(troubleKey),
    Array(4).fill("trouble.neutral"),
  );
  assert.equal(troubleKey("foreign_paycode"), "trouble.foreign_paycode");
  assert.equal(troubleKey("visit"), "trouble.failed");
});

test("the faster way is offered beside a number that is taken first, and a lost race leaves the number", async () => {
  const faster = { route: "self_service", device: { code: "S1", names: {}, zone: null, kind: "atm" }, wait_s: 300 };
  let isFree = false;
  const { flow, sent } = kiosk((path, body) => {
    if (body.choice !== "self_service") return path === "/visits" ? ARRIVAL : { ...ISSUED, faster };
    if (isFree) return { route: "self_service", device: faster.device, running: { number: "A001" } };
    throw new Refused(409, { code: "machine_taken" });
  });
  flow.pick("cash");
  await settled();
  await settled();
  assert.deepEqual(/** @type {any} */ (flow.step.value).faster, faster);
  await flow.goToMachine();
  const lost = /** @type {any} */ (flow.step.value);
  assert.deepEqual([lost.name, lost.isTaken, lost.faster, lost.issued.number], ["result", true, null, "A001"]);
  flow.step.value = { ...lost, faster };
  isFree = true;
  await Promise.all([flow.goToMachine(), flow.goToMachine()]);
  assert.equal(flow.step.value.name, "machine");
  assert.deepEqual(
    sent.map((each) => each.body.choice ?? "arrive"),
    ["arrive", "ticket", "self_service", "self_service"],
  );
});

test("an adviser's service goes to the adviser", async () => {
  const service = { code: "loan", name: "", route: "adviser", expected_wait: null };
  const { flow, sent } = kiosk((path) => (path === "/visits" ? { ...ARRIVAL, services: [service] } : ISSUED));
  flow.pick("loan");
  await settled();
  await settled();
  assert.equal(sent[1].body.choice, "adviser");
});

test("calling for help tells which visit it is about, and once is enough", async () => {
  const { flow, sent } = kiosk((path) => (path === "/help" ? {} : willing(path)));
  flow.scan("BQ1:X");
  await settled();
  flow.callHelp();
  flow.callHelp();
  await settled();
  assert.deepEqual(
    sent.slice(1).map(({ path, body }) => [path, body.visit_id]),
    [["/help", "v1"]],
  );
  assert.equal(flow.step.value.name, "helped");
});

test("a card's number goes nowhere", () => {
  const { flow, sent } = kiosk(willing);
  flow.scan(";6222021234567890123=25121010000?");
  assert.deepEqual([/** @type {any} */ (flow.step.value).code, sent.length], ["card_unread", 0]);
});

test("silence asks after twenty seconds and clears after thirty", () => {
  let nowMs = 0;
  let homes = 0;
  const idle = new Idle({ steady: () => nowMs, home: () => homes++ });
  idle.become("ask");
  nowMs = IDLE_MS;
  idle.check();
  assert.equal(idle.askingS.value, 10);
  idle.touch();
  assert.equal(idle.askingS.value, null);
  nowMs += IDLE_MS + ASK_MS;
  idle.check();
  assert.equal(homes, 1);
});

test("a result goes by itself after twelve seconds; the first screen stays", () => {
  let nowMs = 0;
  let homes = 0;
  const idle = new Idle({ steady: () => nowMs, home: () => homes++ });
  idle.become("leave");
  nowMs = RESULT_MS;
  idle.check();
  idle.become("none");
  nowMs += 1e7;
  idle.check();
  assert.equal(homes, 1);
});

test("a scan gun types faster than any hand", () => {
  /** @type {string[]} */
  const seen = [];
  const wedge = new Wedge((text) => seen.push(text));
  const type = (/** @type {string} */ text, /** @type {number} */ gapMs, from = 0) =>
    [...text, "Enter"].forEach((key, at) => wedge.key({ key, timeStamp: from + at * gapMs, preventDefault: () => {} }));
  type("BQ1:ABCDEF 12", 5);
  type("slow hands here", 120, 10_000);
  type("short", 5, 60_000);
  assert.deepEqual(seen, ["BQ1:ABCDEF 12"]);
  type("BQ1:ABCDEF 12", 5, 90_000);
  type("BQ1:ABCDEF 12", 5, 91_500);
  assert.equal(seen.length, 2, "the same within two seconds is one scan");
});

test("while it speaks nobody is asked whether they are still there", () => {
  let nowMs = 0;
  let isHeld = true;
  let homes = 0;
  const idle = new Idle({ steady: () => nowMs, home: () => homes++, isHeld: () => isHeld });
  idle.become("leave");
  for (; nowMs < 4 * RESULT_MS; nowMs += 250) idle.check();
  isHeld = false;
  assert.equal(homes, 0);
  nowMs += RESULT_MS;
  idle.check();
  assert.equal(homes, 1);
});

test("with the server away a number comes from the kiosk itself, and the server is not asked", async () => {
  const own = async (/** @type {string} */ service) => /** @type {const} */ ({ name: "alone", number: "K02-001", service });
  const command = async () => assert.fail("asked");
  const flow = new Flow({ server: { command }, language: () => "zh-CN", steady: () => 0, own });
  flow.pick("cash", true);
  flow.pick("loan", true);
  await settled();
  assert.deepEqual(flow.step.value, { name: "alone", number: "K02-001", service: "cash" });
});

test("a kiosk gives its own number only while the server can have given none", async () => {
  for (const [cut, then] of [
    ["/visits", "alone"],
    ["/visits/v1/route", "trouble"],
  ]) {
    const command = async (/** @type {string} */ path) => {
      if (path === cut) throw new Unreachable("cut");
      return ARRIVAL;
    };
    const own = async (/** @type {string} */ service) => /** @type {const} */ ({ name: "alone", number: "K", service });
    const flow = new Flow({ server: { command }, language: () => "zh-CN", steady: () => 0, own });
    flow.pick("cash");
    await settled();
    await settled();
    assert.equal(flow.step.value.name, then);
  }
});

test("a kiosk that can give no number says so, and why", async () => {
  const said = async (/** @type {Error} */ failure) =>
    takeOwn({ issue: () => Promise.reject(failure) }, { code: "cash", names: {} }, "en", "j1");
  const full = await said(new Refused(409, { code: "series_full" }));
  const gone = await said(new Unreachable("no agent"));
  assert.deepEqual(
    [full, gone].map((step) => step.name === "trouble" && step.code),
    ["series_full", "alone_failed"],
  );
});
