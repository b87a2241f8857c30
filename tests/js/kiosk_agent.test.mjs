import assert from "node:assert/strict";
import test from "node:test";
import { signal } from "@preact/signals-core";
import { Agent, agentOf } from "#kiosk/lib/agent.js";
import { AgentDevice } from "#kiosk/lib/agent_device.js";
import { hasPaper, printTickets } from "#kiosk/lib/paper.js";
import { refusalOf } from "#kiosk/lib/eyes.js";
import { troubleKey } from "#kiosk/lib/verdicts.js";
import { Refused, Unreachable } from "#shared/lib/failures.js";
import golden from "../golden/wire/kiosk_agent.json" with { type: "json" };

/** @type {any[]} */
const [FROM_PAGE, FROM_AGENT] = [golden.from_page, golden.from_agent];
const said = (/** @type {string} */ type, at = 0) => FROM_AGENT.filter((/** @type {any} */ each) => each.type === type)[at];
const WHERE = { address: "ws://127.0.0.1:47800", secret: FROM_PAGE[0].secret };
const SERVICE = { code: "cash", names: FROM_PAGE[3].names };
const settled = () => new Promise((done) => setImmediate(done));

/** A page beside an agent that says what the test says. */
function beside() {
  /** @type {any[]} */
  const [sent, seen, refused] = [[], [], []];
  const link = /** @type {any} */ ({ send: (/** @type {string} */ text) => sent.push(JSON.parse(text)) });
  const agent = new Agent(WHERE, () => link);
  agent.start({ seen: (each) => seen.push(each), refused: (...why) => refused.push(why) });
  const say = (/** @type {object} */ word) => link.onmessage({ data: JSON.stringify(word) });
  link.onopen();
  return { agent, link, sent, seen, refused, say };
}

test("the page finds the agent in its address, and none elsewhere", () => {
  assert.deepEqual(agentOf(`#agent=47800,${WHERE.secret}`), WHERE);
  for (const hash of ["", "#enrol=1", "#agent=47800", "#agent=evil.example,x"]) assert.equal(agentOf(hash), null);
});

test("the page's first word is the secret, and the agent's tells how the kiosk feels", async () => {
  const { agent, sent, say } = beside();
  const met = agent.met();
  assert.deepEqual([sent, agent.canIssue], [[FROM_PAGE[0]], false]);
  say(said("welcome"));
  assert.deepEqual([await met, agent.canIssue, agent.facts.value?.paper], [true, true, "low"]);
  say(said("health"));
  assert.equal(agent.facts.value?.camera, "lost");
});

test("what the readers see and refuse is handed on", () => {
  const { seen, refused, say } = beside();
  for (const word of FROM_AGENT.filter((/** @type {any} */ { type }) => ["seen", "refused"].includes(type))) say(word);
  assert.deepEqual(
    seen.map((/** @type {any} */ { kind }) => kind),
    ["qr", "card_token", "id_token"],
  );
  assert.deepEqual(refused, [["use_chip", "card_reader"]]);
});

test("each refusal of a reader has its own words, and a bad code the words of any bad code", () => {
  for (const reason of ["use_chip", "unreadable", "other_bank", "expired_card"])
    assert.equal(troubleKey(refusalOf(reason, "card_reader")), `trouble.card_${reason}`);
  assert.equal(troubleKey(refusalOf("unreadable", "scanner")), "trouble.neutral");
});

test("a kiosk with an enrolled agent speaks to the branch as the agent's device", async () => {
  const { agent, sent, say } = beside();
  say(said("welcome"));
  const device = new AgentDevice(agent);
  await device.find();
  const token = device.token();
  assert.deepEqual([device.isEnrolled, sent[1]], [true, FROM_PAGE[1]]);
  say(said("token"));
  assert.equal(await token, "t0");
  const next = device.token();
  say(said("token", 1));
  await assert.rejects(next, Unreachable);
});

test("a ticket of the kiosk's own is asked for once by its job, and a refusal keeps its reason", async () => {
  const { agent, sent, say } = beside();
  say(said("welcome"));
  const { job_id } = FROM_PAGE[3];
  const issued = agent.issue(SERVICE, "zh-CN", job_id);
  assert.deepEqual(sent[1], FROM_PAGE[3]);
  say({ ...said("issued"), job_id: "another" });
  say(said("issued"));
  assert.equal((await issued).number, "K02-017");
  const refused = agent.issue(SERVICE, "zh-CN", job_id);
  say(said("issued", 1));
  await assert.rejects(refused, (failure) => failure instanceof Refused && failure.code === "series_full");
});

test("an agent that goes answers nobody, and the page calls it again", async (given) => {
  given.mock.timers.enable({ apis: ["setTimeout"] });
  const { agent, link, sent, say } = beside();
  say(said("welcome"));
  const waiting = agent.token();
  link.onclose();
  await assert.rejects(waiting, Unreachable);
  assert.equal(agent.facts.value, null);
  given.mock.timers.tick(2000);
  link.onopen();
  await settled();
  assert.equal(sent.at(-1).type, "hello");
});

test("a ticket is printed once, and a kiosk without paper or printer prints none", () => {
  /** @type {any[]} */
  const jobs = [];
  const issued = { id: "j1", number: "A012", ahead: 3, overtake_cap: 5, url: null };
  const result = { name: "result", service: "cash", issued: { ...issued, expected_wait: { p50_s: 300, p90_s: 520 } } };
  const flow = /** @type {any} */ ({ step: signal(result) });
  const lobby = signal({ service_types: [SERVICE] });
  const parts = () => /** @type {any} */ ({ live: { lobby }, clock: { now: () => 1_763_863_200_000 } });
  const facts = signal(/** @type {any} */ ({ printer: "ok", paper: "low" }));
  printTickets({ facts, print: (job) => jobs.push(job) }, flow, parts);
  flow.step.value = { ...result, isBusy: true };
  const { is_reprint, ...shape } = FROM_PAGE[2];
  assert.deepEqual([jobs.length, Object.keys(jobs[0])], [1, Object.keys(shape).filter((key) => key !== "type")]);
  assert.deepEqual([jobs[0].wait_min, jobs[0].issued_at], [[5, 9], "2025-11-23T02:00:00.000Z"]);
  const papers = [{}, { printer: "lost" }, { printer: "ok", paper: "out" }, { printer: "ok" }].map(hasPaper);
  assert.deepEqual(papers, [null, false, false, true]);
});
