/** A scan gun that types: characters faster than any hand, ended by Enter, wherever the focus is. */

import { sumOf } from "#kiosk/lib/seen.js";

/** A hand needs longer between two keys; a gun does not. */
const KEY_GAP_MS = 30;
const LENGTH_MIN = 8;
const LENGTH_MAX = 512;

/** A gun whose trigger stays pressed says the same again and again. */
const REPEAT_MS = 2000;

export class Wedge {
  #typed = "";
  #lastMs = -Infinity;
  /** The last text as a sum, and when. */
  #said = { sum: 0, ms: -Infinity };
  #seen;

  /** @param {(text: string) => void} seen */
  constructor(seen) {
    this.#seen = seen;
  }

  /** Characters are coming faster than a hand could type. */
  get isTyping() {
    return this.#typed.length > 1;
  }

  start() {
    addEventListener("keydown", (event) => this.key(event), { capture: true });
  }

  /** @param {Pick<KeyboardEvent, "key" | "timeStamp" | "preventDefault">} event */
  key(event) {
    const isFast = event.timeStamp - this.#lastMs <= KEY_GAP_MS;
    this.#lastMs = event.timeStamp;
    if (!isFast) this.#typed = "";
    if (event.key === "Enter" && isFast && this.#typed.length >= LENGTH_MIN) {
      event.preventDefault();
      this.#say(this.#typed, event.timeStamp);
      this.#typed = "";
    } else if (event.key.length === 1 && this.#typed.length < LENGTH_MAX) {
      this.#typed += event.key;
    }
  }

  /** @param {string} text @param {number} nowMs */
  #say(text, nowMs) {
    const sum = sumOf(text);
    const isRepeat = sum === this.#said.sum && nowMs - this.#said.ms < REPEAT_MS;
    this.#said = { sum, ms: nowMs };
    if (!isRepeat) this.#seen(text);
  }
}
