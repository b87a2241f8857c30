/** The camera looks for codes all the time; when it fails it is tried again, and the screen says so. */

import { signal } from "@preact/signals-core";
import { Decoder } from "#kiosk/lib/decoder.js";

const WISH = { video: { width: { ideal: 1280 }, height: { ideal: 720 }, facingMode: "user" }, audio: false };
/** Between two pictures: about eight a second, so that an idle kiosk stays cool. */
const PAUSE_MS = 100;
const RETRY_MS = 5000;

const pause = (/** @type {number} */ ms) => new Promise((done) => setTimeout(done, ms));

export class Camera {
  state = signal(/** @type {"starting" | "ready" | "none"} */ ("starting"));
  /** What the camera sees, for the preview. */
  stream = signal(/** @type {MediaStream | null} */ (null));
  #decoder = new Decoder();
  #video = document.createElement("video");
  #seen;

  /** @param {(text: string) => void} seen */
  constructor(seen) {
    this.#seen = seen;
    this.#video.muted = true;
    this.#video.playsInline = true;
  }

  /** Its part of the sign of life, as the server knows it. */
  get health() {
    return this.state.value === "starting" ? {} : { camera: this.state.value === "ready" ? "ok" : "lost" };
  }

  /** Runs for ever. */
  async start() {
    for (;;) {
      try {
        await this.#open();
        this.state.value = "ready";
        while (this.stream.value?.active) await this.#look();
      } catch {
        // Unplugged, taken by another program or forbidden: looked for again below.
      }
      this.#close();
      this.state.value = "none";
      await pause(RETRY_MS);
    }
  }

  async #open() {
    if (!navigator.mediaDevices) throw new Error("no secure context");
    const stream = await navigator.mediaDevices.getUserMedia(WISH);
    this.stream.value = stream;
    this.#video.srcObject = stream;
    await this.#video.play();
    await this.#decoder.start();
  }

  async #look() {
    if (!document.hidden && this.#video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
      const text = await this.#decoder.decode(await createImageBitmap(this.#video));
      if (text) this.#seen(text);
    }
    await pause(PAUSE_MS);
  }

  #close() {
    this.#decoder.stop();
    for (const track of this.stream.value?.getTracks() ?? []) track.stop();
    this.stream.value = null;
  }
}
