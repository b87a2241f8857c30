/** The lobby as it stands: a snapshot and every event after it, in order; asked for anew when something is missing. */

import { signal } from "@preact/signals-core";
import { applyEvent, applyNews } from "#shared/lib/apply.js";
import { Refused } from "#shared/lib/failures.js";
import { pauseJittered } from "#shared/lib/server.js";

/** @import { Lobby, News } from "#shared/lib/shapes.js" */
/** @import { ServerClock } from "#shared/lib/clock.js" */

/** News kept while a snapshot is on its way; more than this and the next gap asks again. */
const KEPT_NEWS_MAX = 500;
const PAUSES_MS = [250, 1000, 2000, 4000];

export class Picture {
  lobby = signal(/** @type {Lobby | null} */ (null));
  /** The server does not let us look any more. */
  isRefused = signal(false);
  #isAsking = false;
  /** Asked for while an answer was on its way, which may be older than the asking. */
  #isMore = false;
  /** @type {News[]} */
  #kept = [];
  #clock;
  #fetchLobby;
  #pause;

  /**
   * @param {object} needs
   * @param {ServerClock} needs.clock
   * @param {() => Promise<Lobby>} needs.fetchLobby
   * @param {(ms: number) => Promise<void>} [needs.pause]
   */
  constructor({ clock, fetchLobby, pause = pauseJittered }) {
    this.#clock = clock;
    this.#fetchLobby = fetchLobby;
    this.#pause = pause;
  }

  /** Ask for the whole lobby, again and again until it comes or is refused; one asking at a time. */
  async catchUp() {
    this.#isMore = true;
    if (this.#isAsking) return;
    this.#isAsking = true;
    for (let tries = 0; this.#isAsking; tries++) {
      this.#isMore = false;
      this.#isAsking = !(await this.#look()) || this.#isMore;
      if (this.isRefused.value) this.#isAsking = false;
      if (this.#isAsking) await this.#pause(PAUSES_MS[Math.min(tries, PAUSES_MS.length - 1)]);
    }
  }

  /** Take news, or keep them for the snapshot that is on its way. @param {News} news */
  hear(news) {
    if (this.#isAsking || !this.lobby.value) {
      if (this.#kept.length < KEPT_NEWS_MAX) this.#kept.push(news);
      return;
    }
    const { lobby, isGap } = applyNews(this.lobby.value, news);
    this.lobby.value = lobby;
    if (!isGap) return;
    this.#kept.push(news);
    void this.catchUp();
  }

  /**
   * Put what a command answered, ahead of the news that will say the same.
   * @param {"visit" | "ticket" | "service_point" | "alert"} kind
   * @param {any} thing
   */
  put(kind, thing) {
    if (this.lobby.value) this.lobby.value = applyEvent(this.lobby.value, { type: `${kind}.answered`, data: thing });
  }

  /** Ask once. True when the lobby came and nothing is missing. */
  async #look() {
    const sentMs = this.#clock.steady();
    try {
      const lobby = await this.#fetchLobby();
      this.#clock.hear(lobby.server_time, sentMs);
      return this.#take(lobby);
    } catch (failure) {
      this.isRefused.value = failure instanceof Refused && failure.http < 500;
      return false;
    }
  }

  /** Take a snapshot and the news that came meanwhile. False when even so something is missing. @param {Lobby} lobby */
  #take(lobby) {
    let isGap = false;
    while (this.#kept.length > 0 && !isGap) {
      const news = this.#kept[0];
      // News of another epoch is older than the snapshot; if it is not, the next beat says so.
      if (news.epoch === lobby.epoch) ({ lobby, isGap } = applyNews(lobby, news));
      if (!isGap) this.#kept.shift();
    }
    this.lobby.value = lobby;
    return !isGap;
  }
}
