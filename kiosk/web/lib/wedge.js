/** A scan gun that types: characters faster than any hand, ended by Enter, wherever the focus is. */

/** A hand needs longer between two keys; a gun does not. */
const KEY_GAP_MS = 30;
const LENGTH_MIN = 8;
const LENGTH_MAX = 512;

export class Wedge {
  #typed = "";
  #lastMs = -Infinity;
  #seen;

  /** @param {(text: string) => void} seen */
  constructor(seen) {
    this.#seen = seen;
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
      this.#seen(this.#typed);
      this.#typed = "";
    } else if (event.key.length === 1 && this.#typed.length < LENGTH_MAX) {
      this.#typed += event.key;
    }
  }
}
