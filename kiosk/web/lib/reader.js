/** Reads the kiosk aloud from its customer's first key on, until they go. */

import { effect } from "@preact/signals-core";
import { lang } from "#shared/lib/words.js";
import { guideOf } from "#kiosk/lib/guide.js";
import { isKeyed } from "#kiosk/lib/keypad.js";

/** @import { Voice } from "#shared/lib/voice.js" */
/** @import { Flow } from "#kiosk/lib/flow.js" */
/** @import { Lobby } from "#shared/lib/shapes.js" */

export class Reader {
  /** While it speaks nobody is asked whether they are still there. */
  isSpeaking = false;
  #voice;
  #turn = 0;

  /** @param {Voice} voice */
  constructor(voice) {
    this.#voice = voice;
  }

  /** @param {Flow} flow @param {() => Lobby | null} lobby */
  follow(flow, lobby) {
    effect(() => {
      const [step, language] = [flow.step.value, lang.value];
      if (isKeyed.value) void this.say(guideOf(step, language, lobby()));
      else this.hush();
    });
  }

  /** @param {string[]} clips */
  async say(clips) {
    const turn = ++this.#turn;
    this.isSpeaking = clips.length > 0;
    await this.#voice.say([{ language: lang.value, clips }]);
    if (turn === this.#turn) this.isSpeaking = false;
  }

  hush() {
    this.#turn++;
    this.isSpeaking = false;
    this.#voice.hush();
  }
}
