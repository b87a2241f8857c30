/** The connection to the branch: it keeps the picture true, and is honest when it broke off. */

import { computed, effect, signal } from "@preact/signals-core";
import { isBehind } from "#shared/lib/apply.js";
import { freshnessOf, STALE_AFTER_MS } from "#shared/lib/freshness.js";
import { Picture } from "#shared/lib/picture.js";
import { pauseJittered } from "#shared/lib/server.js";

/** @import { Lobby, News, Beat } from "#shared/lib/shapes.js" */
/** @import { ServerClock } from "#shared/lib/clock.js" */
/**
 * @typedef {object} Socket the part of a Socket.IO socket that is used here
 * @property {boolean} active
 * @property {(name: string, listen: (...sent: any[]) => void) => unknown} on
 * @property {() => unknown} connect
 * @property {() => unknown} disconnect
 */

/** A silence that is more than stale: the connection only seems alive. */
const DEAD_AFTER_MS = STALE_AFTER_MS * 1.5;
/** After being sent away by a server that is there: soon, since mostly a right was merely to be renewed. */
const KNOCK_SOON_MS = 150;
const KNOCK_AGAIN_MS = 2000;

export class Live {
  link = signal(/** @type {"connecting" | "connected" | "reconnecting" | "refused"} */ ("connecting"));
  /** Monotonic time of the last sign of life. */
  heardMs = signal(0);
  /** What the strip, the light and every refusal go by; follows the clock each second. */
  freshness = computed(() => {
    this.#clock.second.value;
    const [hasLobby, link, heardMs] = [this.lobby.value !== null, this.link.value, this.heardMs.value];
    return freshnessOf({ hasLobby, link, heardMs, lostMs: this.#lostMs }, this.#clock.steady());
  });
  #lostMs = 0;
  #socket = /** @type {Socket | null} */ (null);
  #picture;
  #clock;
  #openSocket;
  #pause;

  /**
   * @param {object} needs
   * @param {ServerClock} needs.clock
   * @param {() => Promise<Lobby>} needs.fetchLobby
   * @param {(position: () => {epoch?: string, after?: number}) => Socket} needs.openSocket
   * @param {(ms: number) => Promise<void>} [needs.pause]
   */
  constructor({ clock, fetchLobby, openSocket, pause = pauseJittered }) {
    this.#clock = clock;
    this.#openSocket = openSocket;
    this.#pause = pause;
    this.#picture = new Picture({ clock, fetchLobby, pause });
    effect(() => void (this.#picture.isRefused.value && (this.link.value = "refused")));
  }

  /** The lobby of now, null until it first came. */
  get lobby() {
    return this.#picture.lobby;
  }

  /** First the snapshot, then the socket from just after it: nothing can fall between. */
  async start() {
    await this.catchUp();
    if (this.link.value === "refused" || this.#socket) return;
    this.#lostMs = this.#clock.steady();
    this.#socket = this.#openSocket(() => ({ epoch: this.lobby.value?.epoch, after: this.lobby.value?.seq }));
    this.#listen(this.#socket);
  }

  /** Ask for the whole lobby again. */
  async catchUp() {
    await this.#picture.catchUp();
    if (this.link.value !== "refused") this.#hear();
  }

  /** What a command answered, ahead of the news. @param {Parameters<Picture["put"]>} answered */
  put(...answered) {
    this.#picture.put(...answered);
  }

  /** Called every few seconds: a connection that only seems alive is made anew. */
  watch() {
    if (this.link.value !== "connected" || this.#clock.steady() - this.heardMs.value < DEAD_AFTER_MS) return;
    this.#socket?.disconnect();
    this.#lose();
    this.#socket?.connect();
  }

  /** @param {Socket} socket */
  #listen(socket) {
    socket.on("connect", () => {
      this.link.value = "connected";
      this.#hear();
    });
    socket.on("disconnect", (reason) => {
      this.#lose();
      // The server closed it, perhaps because our right ended: Socket.IO would not come back by itself.
      if (reason === "io server disconnect") void this.#knockAgain(socket, KNOCK_SOON_MS);
    });
    socket.on("connect_error", () => {
      this.#lose();
      // The server itself said no: Socket.IO gives up, we ask why and come back with fresh rights.
      if (!socket.active) void this.#knockAgain(socket, KNOCK_AGAIN_MS);
    });
    socket.on("news", (/** @type {News} */ news) => {
      this.#hear();
      const last = news.events.at(-1);
      if (last) this.#clock.notBefore(last.at);
      this.#picture.hear(news);
    });
    socket.on("beat", (/** @type {Beat} */ beat) => {
      this.#hear();
      if (this.lobby.value && isBehind(this.lobby.value, beat)) void this.catchUp();
    });
    socket.on("reset", () => void this.catchUp());
    socket.on("draining", ({ reconnect_in_ms }) => void this.#moveOver(socket, reconnect_in_ms));
  }

  /** @param {Socket} socket @param {number} afterMs */
  async #knockAgain(socket, afterMs) {
    await this.#pause(afterMs);
    await this.catchUp();
    if (this.link.value !== "refused") socket.connect();
  }

  /**
   * The server is about to restart: leave before it does, come back when it said.
   * @param {Socket} socket
   * @param {number} inMs
   */
  async #moveOver(socket, inMs) {
    socket.disconnect();
    await this.#pause(inMs);
    socket.connect();
  }

  #hear() {
    this.heardMs.value = this.#clock.steady();
  }

  #lose() {
    if (this.link.value === "connected") this.#lostMs = this.#clock.steady();
    if (this.link.value === "connected") this.link.value = "reconnecting";
  }
}
