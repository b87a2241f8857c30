/** One range for the whole lobby: what those who wait now may expect, on average. Pure. */

/** @import { Lobby, Wait } from "#shared/lib/shapes.js" */

/** @param {Lobby} lobby @returns {Wait | null} */
export function overallWait(lobby) {
  const waiting = lobby.tickets.filter((ticket) => ticket.state === "waiting");
  const known = waiting.map((ticket) => lobby.expected_wait[ticket.ticket_class]).filter(Boolean);
  const waits = known.length > 0 ? known : Object.values(lobby.expected_wait);
  if (waits.length === 0) return null;
  const mean = (/** @type {"p50_s" | "p90_s"} */ part) =>
    waits.reduce((sum, wait) => sum + wait[part], 0) / waits.length;
  return { p50_s: mean("p50_s"), p90_s: mean("p90_s") };
}

/** How many wait. @param {Lobby} lobby */
export const waitingCount = (lobby) => lobby.tickets.filter((ticket) => ticket.state === "waiting").length;
