/** Sounds that each need an act: few enough that they are still heard. */

import { signal } from "@preact/signals-core";

const HOUR_MS = 3_600_000;
const AN_HOUR_MAX = 6;
const SHARED_MS = 10_000;
const LATE_MS = 60_000;
/** Two soft bells, a fifth apart: seen as kind in a hall that is never silent. */
const CHIME_HZ = [659.3, 987.8];
const SOFT_HZ = [523.3];

/** How many sounds one manager hears: at most six an hour, two within ten seconds are one. Pure but for its memory. */
export class SoundBudget {
  /** @type {number[]} */
  #playedMs = [];
  #lateMs = -Infinity;

  /** @param {"meet" | "late"} kind @param {number} nowMs steady @returns {boolean} whether it may sound */
  take(kind, nowMs) {
    this.#playedMs = this.#playedMs.filter((each) => nowMs - each < HOUR_MS);
    const last = this.#playedMs.at(-1) ?? -Infinity;
    if (nowMs - last < SHARED_MS || this.#playedMs.length >= AN_HOUR_MAX) return false;
    if (kind === "late" && nowMs - this.#lateMs < LATE_MS) return false;
    if (kind === "late") this.#lateMs = nowMs;
    this.#playedMs.push(nowMs);
    return true;
  }
}

export class Tones {
  /** "asleep" until a finger has touched the page: browsers make no sound before. */
  state = signal(/** @type {"asleep" | "on" | "muted"} */ ("asleep"));
  #budget = new SoundBudget();
  /** @type {AudioContext | null} */
  #audio = null;

  constructor() {
    globalThis.addEventListener?.("pointerdown", () => this.#wake(), { once: true });
  }

  toggle() {
    if (this.state.value === "asleep") this.#wake();
    else this.state.value = this.state.value === "on" ? "muted" : "on";
  }

  /** @param {"meet" | "late"} kind @param {number} nowMs steady */
  ring(kind, nowMs) {
    if (this.state.value !== "on" || !this.#budget.take(kind, nowMs)) return;
    if (kind === "meet") navigator.vibrate?.(300);
    (kind === "meet" ? CHIME_HZ : SOFT_HZ).forEach((hz, at) => this.#bell(hz, at * 0.18));
  }

  #wake() {
    this.#audio ??= new AudioContext();
    void this.#audio.resume();
    if (this.state.value === "asleep") this.state.value = "on";
  }

  /** @param {number} hz @param {number} inS */
  #bell(hz, inS) {
    const audio = this.#audio;
    if (!audio) return;
    const [tone, loudness] = [audio.createOscillator(), audio.createGain()];
    const from = audio.currentTime + inS;
    tone.frequency.value = hz;
    loudness.gain.setValueAtTime(0.0001, from);
    loudness.gain.exponentialRampToValueAtTime(0.25, from + 0.02);
    loudness.gain.exponentialRampToValueAtTime(0.0001, from + 0.9);
    tone.connect(loudness).connect(audio.destination);
    tone.start(from);
    tone.stop(from + 1);
  }
}
