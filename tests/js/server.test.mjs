import assert from "node:assert/strict";
import test from "node:test";
import { Refused, Unreachable } from "#shared/lib/failures.js";
import { nobody, Server } from "#shared/lib/server.js";

const answer = (/** @type {number} */ status, /** @type {any} */ body) =>
  new Response(body && JSON.stringify(body), { status });

/** @param {(Response | Error)[]} answers @param {any} [access] */
function talk(answers, access = nobody) {
  /** @type {any[]} */
  const sent = [];
  const fetcher = async (/** @type {any} */ path, /** @type {any} */ request) => {
    sent.push({ path, ...request });
    const next = answers.shift();
    if (next instanceof Error) throw next;
    return next;
  };
  return { sent, server: new Server(access, /** @type {any} */ (fetcher), async () => {}) };
}

test("a command that gets no answer is sent again with the same key", async () => {
  const { sent, server } = talk([new TypeError("cut"), answer(503, {}), answer(201, { visit_id: "v" })]);
  assert.deepEqual(await server.command("/visits", {}, "key-1"), { visit_id: "v" });
  assert.deepEqual(
    sent.map((each) => each.headers["Idempotency-Key"]),
    ["key-1", "key-1", "key-1"],
  );
});

test("it gives up after four tries", async () => {
  const { sent, server } = talk(Array.from({ length: 4 }, () => new TypeError("cut")));
  await assert.rejects(server.command("/visits"), Unreachable);
  assert.equal(sent.length, 4);
});

test("a refusal is not repeated and carries its code and facts", async () => {
  const { sent, server } = talk([answer(409, { code: "claimed_by", by: { name: "X" } })]);
  const refusal = await server.command("/visits/v/claim").catch((failure) => failure);
  assert.ok(refusal instanceof Refused);
  assert.deepEqual([refusal.code, refusal.facts.by.name, sent.length], ["claimed_by", "X", 1]);
});

test("an ended right is renewed once", async () => {
  let renewed = 0;
  const access = { headers: async () => ({}), refused: async () => ++renewed > 0 };
  const { server } = talk([answer(401, { code: "token" }), answer(401, { code: "token" })], access);
  await assert.rejects(server.read("/lobby"), Refused);
  assert.equal(renewed, 1);
});

test("a device's command ends in time, whether a try, its token or its answer hangs", async () => {
  const awake = setTimeout(() => {}, 5000); // Node's own timers of signals do not keep it running
  const forever = new Promise(() => {});
  const hanging = (/** @type {any} */ _path, /** @type {any} */ { signal }) =>
    new Promise((_, fail) => signal.addEventListener("abort", () => fail(signal.reason)));
  const brokenOff = async () => new Response(new ReadableStream({ start: (body) => body.error(new Error("cut")) }));
  const noToken = { headers: () => forever, refused: async () => false };
  for (const [access, fetcher] of /** @type {any[]} */ ([
    [nobody, hanging],
    [noToken, hanging],
    [nobody, brokenOff],
  ])) {
    const beganMs = performance.now();
    const server = new Server(access, fetcher, undefined, 200);
    await assert.rejects(server.command("/visits"), Unreachable);
    assert.ok(performance.now() - beganMs < 1000);
  }
  clearTimeout(awake);
});

test("204 is null", async () => {
  assert.equal(await talk([answer(204, null)]).server.command("/service-points/W1/call-next"), null);
});
