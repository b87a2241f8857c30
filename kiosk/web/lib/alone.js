/** Numbers while the branch server does not answer: from the agent, of this kiosk's own series. */

import { Refused } from "#shared/lib/failures.js";

/** @import { Agent } from "#kiosk/lib/agent.js" */
/** @import { Step } from "#kiosk/lib/steps.js" */

/**
 * What the customer is shown; the same key is the same number.
 * @param {Pick<Agent, "issue">} agent
 * @param {{code: string, names: Record<string, string>}} service
 * @param {string} language
 * @param {string} key
 * @returns {Promise<Step>}
 */
export async function takeOwn(agent, service, language, key) {
  try {
    const { number } = await agent.issue(service, language, key);
    return { name: "alone", number, service: service.code };
  } catch (failure) {
    const isFull = failure instanceof Refused && failure.code === "series_full";
    return { name: "trouble", code: isFull ? "series_full" : "alone_failed", again: null };
  }
}
