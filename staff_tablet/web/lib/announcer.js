/** Says the calls of the wall aloud: a chime, twice in Chinese, then in English for who took the ticket in English. */

import { spokenCall } from "#shared/lib/spoken.js";

/** @import { ServicePoint } from "#shared/lib/shapes.js" */
/** @import { Saying, Voice } from "#shared/lib/voice.js" */
/** @import { CallShown } from "#staff/lib/call_queue.js" */
/** @typedef {Pick<ServicePoint, "kind" | "names">} Place */

/** @param {CallShown} call @param {Place} point @returns {Saying[]} */
export function sayingsOf({ number, language }, point) {
  const inLanguage = (/** @type {string} */ spoken) => ({ language: spoken, clips: spokenCall(number, point, spoken) });
  return ["zh-CN", "zh-CN", ...(language === "en" ? ["en"] : [])].map(inLanguage);
}

export class Announcer {
  isSpeaking = false;
  #voice;
  #turn = 0;

  /** @param {Pick<Voice, "say">} voice */
  constructor(voice) {
    this.#voice = voice;
  }

  /** @param {CallShown} call @param {Place | undefined} point */
  async announce(call, point) {
    if (call.isOld || !point) return;
    const turn = ++this.#turn;
    this.isSpeaking = true;
    await this.#voice.say(sayingsOf(call, point), true);
    if (turn === this.#turn) this.isSpeaking = false;
  }
}
