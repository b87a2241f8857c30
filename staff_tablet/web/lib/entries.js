/** Whom the lobby manager may go to: visits joined with their tickets, as long as no window has them. */

/** @import { Lobby, Visit, Ticket } from "#shared/lib/shapes.js" */
/** @typedef {{id: string, visit: Visit, ticket: Ticket | null}} Entry */

/** The same entry as long as nothing about it changed, so that its card need not be drawn again. */
const made = new WeakMap();

/** @param {Visit} visit @param {Ticket | null} ticket @returns {Entry} */
function entryOf(visit, ticket) {
  const before = made.get(visit);
  if (before?.ticket === ticket) return before;
  const entry = { id: visit.visit_id, visit, ticket };
  made.set(visit, entry);
  return entry;
}

/** @param {Lobby} lobby @returns {Entry[]} */
export function entriesOf(lobby) {
  const ticketOf = new Map(lobby.tickets.map((ticket) => [ticket.visit_id, ticket]));
  return lobby.visits
    .filter((visit) => visit.state === "arrived" || visit.state === "routed")
    .map((visit) => entryOf(visit, ticketOf.get(visit.visit_id) ?? null))
    .filter(({ visit, ticket }) => (ticket ? ticket.state === "waiting" : visit.state === "arrived"));
}

/** Everybody who is in the lobby, also at a window. @param {Lobby} lobby */
export const inLobbyCount = (lobby) => lobby.visits.filter((visit) => visit.state !== "left").length;

/** Seconds that this customer has waited. @param {Visit} visit @param {number} nowMs */
export const waitedS = (visit, nowMs) => Math.max(0, (nowMs - Date.parse(visit.arrived_at)) / 1000);

/** Share of the promised time that is used. @param {Visit} visit @param {number} nowMs */
export const shareOf = (visit, nowMs) => waitedS(visit, nowMs) / Math.max(1, visit.promise_s);
