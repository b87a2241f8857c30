import assert from "node:assert/strict";
import test from "node:test";
import { signal } from "@preact/signals-core";
import { Refused, sentenceOf, Unreachable } from "#shared/lib/failures.js";
import { t } from "#shared/lib/words.js";
import { Claims } from "#staff/lib/claims.js";
import { Counter } from "#staff/lib/counter.js";
import { pressKey } from "#staff/lib/keys.js";
import { homeOf } from "#staff/lib/sign_in.js";
import { Desk } from "#staff/lib/desk.js";
import { deedsOf, lineOf, seatsOf, ticketAt, windowOf } from "#staff/lib/window.js";
import { lobby, ticket, visit } from "./make.js";

/** @type {any} the counter gives the keys back to the page */
(globalThis).document = { getElementById: () => null };

/** @param {string} code @param {any} [facts] @returns {any} */
const point = (code, facts = {}) => ({
  code,
  kind: "window",
  names: {},
  state: "closed",
  serves: ["A"],
  staff: null,
  ...facts,
});

/** A server, a lobby and notes of which the test sees everything. @param {(path: string) => any} answer */
function office(answer, freshness = "live") {
  /** @type {{path: string, key: string}[]} */
  const sent = [];
  /** @type {string[]} */
  const said = [];
  /** @type {any[]} */
  const put = [];
  const command = async (/** @type {string} */ path, /** @type {any} */ _body, /** @type {string} */ key) => {
    sent.push({ path, key });
    return answer(path);
  };
  const needs = {
    server: { command },
    live: { freshness: signal(freshness), lobby: signal(null), put: (/** @type {any[]} */ ...what) => put.push(what) },
    notes: { say: (/** @type {string} */ text) => said.push(text) },
    staffNo: "L001",
  };
  return { needs: /** @type {any} */ (needs), sent, said, put };
}

test("my window is the open one where I work; seats are windows, then desks, never machines", () => {
  const points = [
    point("D1", { kind: "desk" }),
    point("S1", { kind: "machine" }),
    point("W1", { state: "open", staff: { staff_no: "T001", name: "" } }),
  ];
  const here = lobby({ service_points: points });
  assert.equal(windowOf(here, "T001")?.code, "W1");
  assert.equal(windowOf(here, "T002"), null);
  assert.deepEqual(
    seatsOf(here).map((each) => each.code),
    ["W1", "D1"],
  );
});

test("a window has at most the ticket that is called or served there", () => {
  const tickets = [
    ticket("A001", { state: "finished", service_point: "W1" }),
    ticket("A002", { state: "called", service_point: "W1" }),
  ];
  assert.equal(ticketAt(lobby({ tickets }), point("W1"))?.number, "A002");
  assert.equal(ticketAt(lobby({ tickets }), point("W2")), null);
});

const nobody = { waiting: 0, aside: 0 };
const can = (/** @type {any} */ found, counts = nobody) => [...deedsOf(found, counts)].sort();

test("one calls only with empty hands, starts who is called, finishes who is served", () => {
  assert.deepEqual(can(null), ["call", "close"]);
  assert.deepEqual(can(null, { waiting: 1, aside: 1 }), ["call", "close", "hand", "resume"]);
  const called = ticket("A001", { state: "called" });
  assert.deepEqual(can(called), ["card", "park", "recall", "refer", "start", "transfer", "why"]);
  assert.deepEqual(can(ticket("A001", { state: "in_service" })), ["card", "finish", "next", "park", "refer", "transfer", "why"]);
});

test("nobody counts as not come before being called again twice", () => {
  const called = (/** @type {number} */ recall_count) => ticket("A001", { state: "called", recall_count });
  assert.equal(can(called(1)).includes("no-show"), false);
  assert.equal(can(called(2)).includes("no-show"), true);
});

test("the line is by arrival, and those for other windows stand apart", () => {
  const tickets = [
    ticket("A002", { arrived_at: "2" }),
    ticket("B001", { arrived_at: "0" }),
    ticket("A001", { arrived_at: "1" }),
  ];
  const { mine, others } = lineOf(lobby({ tickets }), point("W1"));
  assert.deepEqual(
    [mine, others].map((part) => part.map((each) => each.number)),
    [["A001", "A002"], ["B001"]],
  );
});

test("a ticket sent to one window waits there alone, and who is set aside stands apart", () => {
  const tickets = [ticket("A001", { only_at: "W2" }), ticket("B001", { only_at: "W1" }), ticket("A002")];
  tickets.push(ticket("A003", { state: "parked" }), ticket("A004", { state: "missed" }));
  const { mine, others, aside } = lineOf(lobby({ tickets }), point("W1"));
  const numbers = [mine, others, aside].map((part) => part.map((each) => each.number));
  assert.deepEqual(numbers, [["A002", "B001"], ["A001"], ["A003", "A004"]]);
});

/** The desk of one who works at W1, with what its counter was asked. @param {any[]} tickets */
function deskAt(tickets) {
  const { needs, sent, put, said } = office((path) => ({ ticket: { number: "A001", id: "t-A001" }, path }));
  const counter = new Counter(needs);
  const desk = new Desk(counter);
  const here = lobby({ tickets, service_points: [point("W1", { state: "open", staff: { staff_no: "T001" } })] });
  const press = (/** @type {string} */ key) => desk.keysNow(here, "T001")[key]?.();
  return { desk, press, sent, put, said };
}

test("one key calls the next, and in a question digits answer instead", async () => {
  const { desk, press, sent } = deskAt([ticket("A001")]);
  press("h");
  assert.equal(desk.panel.value?.name, "hand");
  press(" ");
  assert.equal(sent.length, 0, "Space calls nobody while a question is open");
  let chosen = 0;
  desk.choices = () => [{ label: "", press: () => void chosen++ }];
  press("1");
  press("escape");
  assert.deepEqual([chosen, desk.panel.value], [1, null]);
  press(" ");
  await Promise.resolve();
  assert.deepEqual(
    sent.map((each) => each.path),
    ["/service-points/W1/call-next"],
  );
});

/** A desk whose server answers when the test says so: the lobby is then as the answer made it. */
function slowDesk() {
  /** @type {{done: (answer: any) => void, fail: (why: any) => void}[]} */
  const waiting = [];
  const { needs, sent, said } = office(() => new Promise((done, fail) => waiting.push({ done, fail })));
  const desk = new Desk(new Counter(needs));
  const lobbyWith = (/** @type {any[]} */ ...tickets) =>
    lobby({ tickets, service_points: [point("W1", { state: "open", staff: { staff_no: "T001" } })] });
  needs.live.lobby.value = lobbyWith(ticket("A001"));
  const press = (/** @type {string} */ key) => desk.keysNow(needs.live.lobby.value, "T001")[key]?.();
  const answer = async (/** @type {any[]} */ ...tickets) => {
    needs.live.lobby.value = lobbyWith(...tickets);
    waiting.shift()?.done({});
    await new Promise((done) => setTimeout(done));
  };
  const refuse = async () => {
    waiting.shift()?.fail(new Unreachable("no line"));
    await new Promise((done) => setTimeout(done));
  };
  return { desk, press, answer, refuse, said, paths: () => sent.map((each) => each.path.split("/").at(-1)) };
}

const atMine = (/** @type {"called" | "in_service"} */ state) => ticket("A001", { state, service_point: "W1" });

test("a key pressed before the answer came is pressed when it is there, and only the newest", async () => {
  const { press, answer, paths } = slowDesk();
  press(" ");
  press("f");
  press("s");
  assert.deepEqual(paths(), ["call-next"]);
  await answer(atMine("called"));
  assert.deepEqual(paths(), ["call-next", "start"]);
});

test("pressed twice out of impatience is done once", async () => {
  const { press, answer, paths } = slowDesk();
  press(" ");
  press(" ");
  await answer(atMine("called"), ticket("A002"));
  press("s");
  press("s");
  await answer(atMine("in_service"), ticket("A002"));
  assert.deepEqual(paths(), ["call-next", "start"]);
});

test("what was typed after a deed that failed is not pressed, nor later", async () => {
  const { press, answer, refuse, paths, said } = slowDesk();
  press(" ");
  press("s");
  await refuse();
  press(" ");
  await answer(atMine("called"));
  assert.deepEqual([paths(), said], [["call-next", "call-next"], [sentenceOf(new Unreachable(""))]]);
});

test("what was typed long before the answer is asked for again", async (context) => {
  const { press, answer, paths, said } = slowDesk();
  press(" ");
  press("s");
  const late = performance.now() + 3001;
  context.mock.method(performance, "now", () => late);
  await answer(atMine("called"));
  assert.deepEqual([paths(), said], [["call-next"], [t("desk.press_again")]]);
});

test("what asks nothing of the server opens meanwhile", async () => {
  const { press, answer, desk } = slowDesk();
  press(" ");
  await answer(atMine("called"));
  press("s");
  press("w");
  assert.equal(desk.panel.value?.name, "why");
});

test("Ctrl+Z takes back what was set aside, once", async () => {
  const { press, sent } = deskAt([ticket("A001", { state: "called", service_point: "W1" })]);
  press("p");
  await new Promise((done) => setTimeout(done));
  press("ctrl+z");
  await new Promise((done) => setTimeout(done));
  press("ctrl+z");
  assert.deepEqual(
    sent.map((each) => each.path),
    ["/service-points/W1/park", "/tickets/t-A001/resume"],
  );
});

test("a referral is handed on by one key where the likeliest is right, and taken back by another", async () => {
  const { needs, sent, said } = office((path) =>
    path === "/referrals" ? { referral: { id: "r1", offered_to: { name: "吴子昂" } } } : { referral: { id: "r1" } },
  );
  const desk = new Desk(new Counter(needs));
  const tickets = [ticket("A001", { state: "in_service", service_point: "W1" })];
  const here = lobby({ tickets, service_points: [point("W1", { state: "open", staff: { staff_no: "T001" } })] });
  const press = (/** @type {string} */ key) => desk.keysNow(here, "T001")[key]?.();
  press("enter");
  assert.equal(sent.length, 0, "Enter does nothing where nothing is proposed");
  const forget = desk.listen({ enter: () => void desk.refer("v1", "deposit") });
  press("enter");
  await new Promise((done) => setTimeout(done));
  forget();
  press("enter");
  press("ctrl+z");
  await new Promise((done) => setTimeout(done));
  press("ctrl+z");
  assert.deepEqual(
    sent.map((each) => each.path),
    ["/referrals", "/referrals/r1/withdraw"],
  );
  assert.equal(said.length, 2);
});

test("what another drew does not lose its keys when the one before it goes", () => {
  const desk = new Desk(new Counter(office(() => null).needs));
  const here = lobby({ service_points: [point("W1", { state: "open", staff: { staff_no: "T001" } })] });
  const forgetFirst = desk.listen({ q: () => undefined });
  desk.listen({ w: () => undefined });
  forgetFirst();
  assert.deepEqual([typeof desk.keysNow(here, "T001").q, typeof desk.keysNow(here, "T001").w], ["undefined", "function"]);
});

test("keys do nothing while somebody writes, composes or holds a button", () => {
  let count = 0;
  const press = (/** @type {any} */ facts, closest = "") =>
    pressKey(
      { " ": () => count++, n: () => count++, escape: () => count++ },
      /** @type {any} */ ({
        preventDefault() {},
        target: { closest: (/** @type {string} */ list) => list.split(", ").includes(closest) },
        ...facts,
      }),
    );
  press({ key: " " });
  press({ key: "N" });
  assert.equal(count, 2);
  press({ key: "n" }, "input");
  press({ key: " " }, "button");
  press({ key: "n", isComposing: true });
  press({ key: "n", ctrlKey: true });
  press({ key: "n", repeat: true });
  assert.equal(count, 2);
  press({ key: "n" }, "button");
  assert.equal(count, 3);
  press({ key: "Escape" }, "input");
  assert.equal(count, 4);
});

test("a claim shows at once, and is undone with the winner's name when somebody was first", async () => {
  const lost = new Refused(409, { code: "claimed_by", by: { name: "Lin" } });
  const { needs, said } = office(() => Promise.reject(lost));
  const claims = new Claims(needs);
  const asked = claims.take(visit("v1"));
  assert.equal(claims.isMine(visit("v1")), true);
  await asked;
  assert.equal(claims.isTaken(visit("v1")), false);
  assert.match(said[0], /Lin/);
});

test("a claim without an answer is asked again under the same key", async () => {
  let isCut = true;
  const { needs, sent, put } = office(() => (isCut ? Promise.reject(new Unreachable("cut")) : { visit: visit("v1") }));
  const claims = new Claims(needs);
  await claims.take(visit("v1"));
  isCut = false;
  await claims.take(visit("v1"));
  assert.equal(sent[0].key, sent[1].key);
  assert.equal(put.length, 1);
});

test("what is not fresh is neither claimed nor called", async () => {
  for (const state of ["stale", "offline", "connecting"]) {
    const { needs, sent, said } = office(() => null, state);
    await new Claims(needs).take(visit("v1"));
    await new Counter(needs).at("W1", "call-next");
    assert.deepEqual([sent.length, said.length], [0, 2], state);
  }
});

test("one deed at a time, and a call that finds nobody says so", async () => {
  const { needs, sent, said } = office(() => null);
  const counter = new Counter(needs);
  await Promise.all([counter.at("W1", "call-next"), counter.at("W1", "call-next")]);
  assert.deepEqual([sent.map((each) => each.path), said.length], [["/service-points/W1/call-next"], 1]);
});

test("everybody goes to their own screen, to the wished one if it is theirs", () => {
  assert.equal(homeOf(["teller"], "/tablet"), "/desk");
  assert.equal(homeOf(["lobby_manager", "teller"], "/desk"), "/desk");
  assert.equal(homeOf(["lobby_manager", "teller"]), "/tablet");
  assert.equal(homeOf(["admin"]), "/admin");
  assert.equal(homeOf([]), "/");
  assert.equal(homeOf(["teller"], "/mine"), "/mine");
});
