/** Whose camera looks for codes: the agent's where it has one, else this page's. */

import { effect } from "@preact/signals-core";

/** @import { Agent } from "#kiosk/lib/agent.js" */
/** @import { Camera } from "#kiosk/lib/camera.js" */

const EYES = ["camera", "scanner"];

/** @param {Agent} agent @param {Camera} camera */
export async function openEyes(agent, camera) {
  const hasEyes = (await agent.met()) && EYES.some((eye) => eye in (agent.facts.peek() ?? {}));
  if (!hasEyes) return camera.start();
  effect(() => {
    const facts = agent.facts.value;
    camera.state.value = EYES.some((eye) => facts?.[eye] === "ok") ? "ready" : "none";
  });
}

/** What the screen says of what the agent's reader did not take. @param {string} reason @param {string} kind */
export const refusalOf = (reason, kind) => (kind === "scanner" || kind === "camera" ? "malformed" : `card_${reason}`);
