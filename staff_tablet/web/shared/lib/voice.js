/** The voice of a screen: clips fetched once and joined without a gap, after a chime where somebody is called. */

import { signal } from "@preact/signals-core";
import { chime } from "#shared/lib/chime.js";
import { PAUSE } from "#shared/lib/spoken.js";

/** @typedef {{language: string, clips: string[]}} Saying */

const PAUSE_S = 0.22;
const BETWEEN_S = 0.55;
const AWAY_MS = 15_000;
const WAKE_MS = 400;

const pause = (/** @type {number} */ ms) => new Promise((done) => setTimeout(done, ms));

export class Voice {
  /** "silent": there are no clips; "blocked": the browser waits for a touch; "broken": a clip could not be read. */
  state = signal(/** @type {"silent" | "blocked" | "ready" | "broken"} */ ("silent"));
  /** Where each clip is, by language: asked for when something is said first. */
  #addresses = /** @type {Promise<Record<string, Record<string, string>>> | null} */ (null);
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {Map<string, Promise<AudioBuffer | null>>} */
  #clips = new Map();
  /** @type {Set<AudioScheduledSourceNode>} */
  #sounding = new Set();
  #turn = 0;

  /** @param {boolean | undefined} hasClips */
  constructor(hasClips) {
    if (hasClips) this.state.value = "blocked";
  }

  /** Wake the sound; a browser that wants a touch first gets it from the first one. */
  start() {
    if (this.state.value === "silent" || this.#context) return;
    const context = (this.#context = new AudioContext());
    const look = () => (this.state.value = context.state === "running" ? "ready" : "blocked");
    context.addEventListener("statechange", look);
    for (const name of ["pointerup", "keydown"]) addEventListener(name, () => void context.resume(), { capture: true });
    look();
    void context.resume();
  }

  /**
   * Say these one after the other, instead of what is being said; resolves when silent again. Sounds nothing, at
   * once, where there is no voice.
   * @param {Saying[]} sayings
   * @param {boolean} [isCall] with the chime before it
   */
  async say(sayings, isCall = false) {
    const turn = ++this.#turn;
    this.hush();
    const context = this.#context;
    // Blocked, resuming would wait for a touch: then this is not said at all.
    if (context && context.state !== "running") await Promise.race([context.resume(), pause(WAKE_MS)]);
    if (!context || context.state !== "running") return;
    const addresses = await (this.#addresses ??= this.#look());
    const parts = await Promise.all(sayings.flatMap((saying) => this.#read(saying, addresses[saying.language] ?? {})));
    if (turn !== this.#turn) return;
    let atS = context.currentTime + 0.05;
    if (isCall) atS = chime(context, atS, (tone) => this.#keep(tone));
    for (const part of parts) atS = part instanceof AudioBuffer ? this.#play(context, part, atS) : atS + (part ?? 0);
    await pause((atS - context.currentTime) * 1000);
  }

  /** Silence now. */
  hush() {
    for (const source of this.#sounding) source.stop();
    this.#sounding.clear();
  }

  async #look() {
    try {
      const answer = await fetch("/voice", { signal: AbortSignal.timeout(AWAY_MS) });
      if (!answer.ok) throw new Error(`${answer.status}`);
      return await answer.json();
    } catch {
      this.#addresses = null;
      this.state.value = "broken";
      return {};
    }
  }

  /**
   * @param {Saying} saying
   * @param {Record<string, string>} addresses
   * @returns {(Promise<AudioBuffer | null> | number)[]}
   */
  #read({ clips }, addresses) {
    return [...clips.map((name) => (name === PAUSE ? PAUSE_S : this.#clip(addresses[name]))), BETWEEN_S];
  }

  /** @param {string | undefined} address */
  #clip(address) {
    if (!address) return Promise.resolve(null);
    const known = this.#clips.get(address) ?? this.#fetch(address);
    this.#clips.set(address, known);
    return known;
  }

  /** @param {string} address @returns {Promise<AudioBuffer | null>} */
  async #fetch(address) {
    try {
      const answer = await fetch(address, { signal: AbortSignal.timeout(AWAY_MS) });
      if (!answer.ok) throw new Error(`${answer.status}`);
      return await /** @type {AudioContext} */ (this.#context).decodeAudioData(await answer.arrayBuffer());
    } catch {
      this.#clips.delete(address); // asked for again at the next call
      this.state.value = "broken";
      return null;
    }
  }

  /** @param {AudioContext} context @param {AudioBuffer} clip @param {number} atS */
  #play(context, clip, atS) {
    const source = new AudioBufferSourceNode(context, { buffer: clip });
    source.connect(context.destination);
    this.#keep(source);
    source.start(atS);
    return atS + clip.duration;
  }

  /** What can be hushed until it ends. @param {AudioScheduledSourceNode} source */
  #keep(source) {
    source.onended = () => void this.#sounding.delete(source);
    this.#sounding.add(source);
  }
}
