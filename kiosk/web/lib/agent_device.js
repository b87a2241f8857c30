/** This kiosk at the branch: the agent's device where one runs and is enrolled, else the browser's own. */

import { Device } from "#shared/lib/device.js";

/** @import { Agent } from "#kiosk/lib/agent.js" */

export class AgentDevice extends Device {
  #agent;

  /** @param {Agent} agent */
  constructor(agent) {
    super("kiosk");
    this.#agent = agent;
  }

  /** @override */
  get isEnrolled() {
    return this.#agent.device !== null || super.isEnrolled;
  }

  /** @override */
  async find() {
    await this.#agent.met();
    if (!this.#agent.device) await super.find();
  }

  /** @override */
  token() {
    return this.#agent.device ? this.#agent.token() : super.token();
  }

  /** The agent gives the signs of life itself. @override @param {Parameters<Device["beat"]>} told */
  beat(...told) {
    if (!this.#agent.device) super.beat(...told);
  }
}
