import assert from "node:assert/strict";
import test from "node:test";
import { ServerClock } from "#shared/lib/clock.js";
import { Refused } from "#shared/lib/failures.js";
import { Live } from "#shared/lib/live.js";
import { Branch } from "./branch.js";
import { dice } from "./make.js";

/** A socket of which the test is the server. */
class FakeSocket {
  connected = false;
  active = true;
  connects = 0;
  /** @type {Map<string, (...sent: any[]) => void>} */
  #listeners = new Map();
  on = (/** @type {string} */ name, /** @type {(...sent: any[]) => void} */ listen) =>
    this.#listeners.set(name, listen);
  connect = () => void (this.connects += 1);
  disconnect = () => this.say("disconnect");
  say = (/** @type {string} */ name, /** @type {any[]} */ ...sent) => this.#listeners.get(name)?.(...sent);
}

const settled = () => new Promise((done) => setImmediate(done));

/** @param {Branch} branch @param {{fetchLobby?: () => Promise<any>}} [other] */
async function screen(branch, { fetchLobby } = {}) {
  const socket = new FakeSocket();
  let nowMs = 1_000_000;
  /** @type {() => {epoch?: string, after?: number}} */
  let position = () => ({});
  const asked = { count: 0 };
  const live = new Live({
    clock: new ServerClock(() => nowMs),
    fetchLobby: async () => {
      asked.count++;
      return fetchLobby ? fetchLobby() : structuredClone(branch.truth);
    },
    openSocket: (where) => ((position = where), socket),
    pause: async () => {},
  });
  await live.start();
  return { live, socket, asked, position: () => position(), pass: (/** @type {number} */ ms) => void (nowMs += ms) };
}

test("it begins as connecting, and is live once snapshot and socket are there", async () => {
  const { live, socket } = await screen(new Branch(1));
  assert.equal(live.link.value, "connecting");
  socket.say("connect");
  assert.deepEqual([live.link.value, live.freshness.value], ["connected", "live"]);
});

test("news that comes while a snapshot is on its way is not lost", async () => {
  const branch = new Branch(2);
  const { live, socket } = await screen(branch);
  socket.say("connect");
  branch.happen(); // never sent: a gap
  socket.say("news", { epoch: "e1", events: [branch.happen()] });
  socket.say("news", { epoch: "e1", events: [branch.happen()] });
  await settled();
  assert.deepEqual(live.lobby.value?.tickets, branch.truth.tickets);
});

test("a connection says where the screen stands", async () => {
  const branch = new Branch(3);
  branch.happen();
  const { position } = await screen(branch);
  assert.deepEqual(position(), { epoch: "e1", after: branch.truth.seq });
});

test("a short break changes only the light, a longer one is offline", async () => {
  const { live, socket, pass } = await screen(new Branch(4));
  socket.say("connect");
  socket.say("disconnect");
  assert.deepEqual([live.link.value, live.freshness.value], ["reconnecting", "live"]);
  pass(2500);
  socket.say("beat", { epoch: "e1", seq: 0 });
  assert.equal(live.freshness.value, "offline");
});

test("silence on an open connection is stale, and a longer one makes a new connection", async () => {
  const { live, socket, pass } = await screen(new Branch(5));
  socket.say("connect");
  pass(12_500);
  live.lobby.value = { .../** @type {any} */ (live.lobby.value) };
  assert.equal(live.freshness.value, "stale");
  pass(10_000);
  live.watch();
  assert.deepEqual([live.link.value, socket.connects], ["reconnecting", 1]);
});

test("when the server says that it goes, the screen leaves and comes back", async () => {
  const { socket } = await screen(new Branch(6));
  socket.say("connect");
  socket.say("draining", { reconnect_in_ms: 500 });
  await settled();
  assert.equal(socket.connects, 1);
});

test("a refusal ends the asking", async () => {
  const branch = new Branch(7);
  const { live, asked } = await screen(branch, {
    fetchLobby: () => Promise.reject(new Refused(401, { code: "sign_in_needed" })),
  });
  assert.deepEqual([live.link.value, asked.count], ["refused", 1]);
});

test("whatever is lost, repeated or restored, a beat brings the screen back to the truth", async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const roll = dice(seed);
    const branch = new Branch(seed);
    const { live, socket } = await screen(branch);
    socket.say("connect");
    for (let step = 0; step < 40; step++) {
      if (roll(25) === 0) branch.restore();
      const happened = branch.happen();
      const fate = roll(5);
      if (fate === 0) continue; // lost on the way
      if (fate === 1) socket.say("disconnect");
      if (fate === 1) socket.say("connect");
      const events = fate === 2 ? branch.history.slice(-3) : [happened];
      socket.say("news", { epoch: branch.truth.epoch, events });
      if (roll(3) === 0) await settled();
    }
    socket.say("beat", { epoch: branch.truth.epoch, seq: branch.truth.seq });
    for (let turn = 0; turn < 5; turn++) await settled();
    assert.equal(live.lobby.value?.seq, branch.truth.seq, `seed ${seed}`);
    assert.deepEqual(live.lobby.value?.tickets, branch.truth.tickets, `seed ${seed}`);
  }
});
