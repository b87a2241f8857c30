/**
 * Everything by twelve keys: 1 to 9 choose, # confirms, * goes back, 0 calls somebody. A key acts only when no other
 * follows at once: a scan gun types too.
 */

import { signal } from "@preact/signals-core";

const ALONE_MS = 45;
const BACK = new Set(["*", "Escape", "Backspace"]);

/** Whether this customer uses the keys: then the choices show their numbers, and the voice reads. */
export const isKeyed = signal(false);

export class Keypad {
  #needs;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {object} needs
   * @param {() => boolean} needs.isScanning
   * @param {() => void} needs.back
   * @param {() => void} needs.help
   * @param {(chosen: HTMLElement) => void} needs.chosen its name may be read
   * @param {() => void} needs.first the first key of this customer
   */
  constructor(needs) {
    this.#needs = needs;
  }

  start() {
    addEventListener("keydown", (event) => this.key(event), { capture: true });
  }

  /** @param {Pick<KeyboardEvent, "key" | "target">} event */
  key({ key, target }) {
    clearTimeout(this.#timer);
    if (target instanceof HTMLInputElement) return;
    if (!/^[0-9*#]$/.test(key) && !BACK.has(key)) return;
    this.#timer = setTimeout(() => void (!this.#needs.isScanning() && this.#act(key)), ALONE_MS);
  }

  /** @param {string} key */
  #act(key) {
    const isFirst = !isKeyed.value;
    if (isFirst) this.#needs.first();
    isKeyed.value = true;
    if (key === "0") this.#needs.help();
    else if (BACK.has(key)) this.#needs.back();
    else if (key === "#") this.#confirm();
    else this.#choose(key, isFirst);
  }

  #confirm() {
    const chosen = document.activeElement;
    if (chosen instanceof HTMLButtonElement) chosen.click();
    else /** @type {HTMLElement | null} */ (document.querySelector("[data-confirm]"))?.click();
  }

  /** @param {string} key @param {boolean} isFirst what the first key chooses is not read: the whole page is */
  #choose(key, isFirst) {
    const chosen = /** @type {HTMLElement | null} */ (document.querySelector(`[data-key="${key}"]:not(:disabled)`));
    chosen?.focus();
    if (chosen && !isFirst) this.#needs.chosen(chosen);
  }
}
