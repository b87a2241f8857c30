/** How a kiosk or wall page comes to life: known from before, let in by the code in its address, or asking for one. */

import { signal } from "@preact/signals-core";
import { Device } from "#shared/lib/device.js";
import { openLobby } from "#shared/lib/lobby.js";
import { pauseJittered } from "#shared/lib/server.js";

/** @typedef {ReturnType<typeof openLobby>} LobbyParts */

const RETRY_MS = 3000;
/** Who stands at a kiosk has a number after this and the second that its agent takes, or hears that there is none. */
const PATIENCE_MS = 5000;

export class DevicePage {
  /** "starting" until it is known whether this machine is enrolled. */
  state = signal(/** @type {"starting" | "asking" | "open"} */ ("starting"));
  /** @type {LobbyParts | null} */
  parts = null;
  #device;
  #name;

  /**
   * @param {import("#shared/lib/device.js").Kind} kind
   * @param {string} name as the device page of the branch shows it
   * @param {Device} [device]
   */
  constructor(kind, name, device = new Device(kind)) {
    this.#device = device;
    this.#name = name;
  }

  /** @param {() => object} health facts for the heartbeat */
  async start(health = () => ({})) {
    const code = /(?:^#|&)enrol=([^&]+)/.exec(location.hash)?.[1];
    await this.#device.find();
    if (!this.#device.isEnrolled && code) await this.enrol(decodeURIComponent(code)).catch(() => {});
    // The code is used up or not needed: it should not stay in the address.
    if (code) {
      const rest = location.hash.replace(/(^#|&)enrol=[^&]+/, "");
      history.replaceState(null, "", location.pathname + location.search + rest);
    }
    if (!this.#device.isEnrolled) {
      this.state.value = "asking";
      return;
    }
    this.#open(health);
  }

  /** Rejects with Refused when the code is not good. @param {string} code */
  async enrol(code) {
    await this.#device.enrol(code.trim(), this.#name);
    if (this.state.value === "asking") this.#open(() => ({}));
  }

  /** @param {() => object} health */
  #open(health) {
    const device = this.#device;
    this.parts = openLobby(device.access(), () => device.token(), PATIENCE_MS);
    device.beat(this.parts.server, health);
    this.parts.live.link.subscribe((link) => void (link === "refused" && this.#startOver()));
    this.state.value = "open";
  }

  /** The branch no longer knows this device: look again after a while, then ask for a code. */
  async #startOver() {
    await pauseJittered(RETRY_MS);
    location.reload();
  }
}
