/** Tickets on paper, where the agent has a printer. */

import { effect } from "@preact/signals-core";
import { minutes } from "#shared/lib/format.js";
import { lang, nameOf } from "#shared/lib/words.js";

/** @import { Agent } from "#kiosk/lib/agent.js" */
/** @import { Flow } from "#kiosk/lib/flow.js" */
/** @import { LobbyParts } from "#shared/lib/device_page.js" */

/** Whether paper comes out of this kiosk; null when it has no printer. @param {Record<string, any> | null} facts */
export const hasPaper = (facts) =>
  facts?.printer === undefined ? null : facts.printer === "ok" && facts.paper !== "out";

/**
 * Print each new ticket once; the agent too knows a job by its id.
 * @param {Pick<Agent, "facts" | "print">} agent
 * @param {Pick<Flow, "step">} flow
 * @param {() => Pick<LobbyParts, "live" | "clock"> | null} parts
 */
export function printTickets(agent, flow, parts) {
  let printed = "";
  effect(() => {
    const step = flow.step.value;
    if (step.name !== "result" || step.issued.id === printed || !hasPaper(agent.facts.peek())) return;
    printed = step.issued.id;
    const { id, number, ahead, expected_wait: wait, overtake_cap, url } = step.issued;
    const types = parts()?.live.lobby.peek()?.service_types ?? [];
    agent.print({
      job_id: id,
      language: lang.peek(),
      number,
      service: nameOf(types.find(({ code }) => code === step.service)?.names),
      ahead,
      wait_min: wait && [Math.floor(wait.p50_s / 60), Math.max(1, minutes(wait.p90_s))],
      cap: overtake_cap,
      issued_at: new Date(parts()?.clock.now() ?? 0).toISOString(),
      url,
    });
  });
}
