/** What a teller may do now at a window, and the line that stands before it. Pure. */

/** @import { Lobby, ServicePoint, Ticket, Visit } from "#shared/lib/shapes.js" */
/** @typedef {"call" | "start" | "finish" | "close"} Deed */

/** The window where this person works. @param {Lobby} lobby @param {string} staffNo */
export const windowOf = (lobby, staffNo) =>
  lobby.service_points.find((point) => point.state === "open" && point.staff?.staff_no === staffNo) ?? null;

/** Where one can sit: windows, then desks, each in the branch's order. @param {Lobby} lobby */
export const seatsOf = (lobby) =>
  ["window", "desk"].flatMap((kind) => lobby.service_points.filter((point) => point.kind === kind));

/** The ticket that is called or served at a window. @param {Lobby} lobby @param {ServicePoint} point */
export function ticketAt(lobby, point) {
  const isThere = (/** @type {Ticket} */ ticket) => ticket.state === "called" || ticket.state === "in_service";
  return lobby.tickets.find((ticket) => ticket.service_point === point.code && isThere(ticket)) ?? null;
}

/** The visit behind a ticket. @param {Lobby} lobby @param {Ticket | null} ticket @returns {Visit | null} */
export const visitOf = (lobby, ticket) => lobby.visits.find((visit) => visit.visit_id === ticket?.visit_id) ?? null;

/** @param {Ticket | null} ticket @returns {ReadonlySet<Deed>} */
export function deedsOf(ticket) {
  if (!ticket) return new Set(["call", "close"]);
  return new Set(ticket.state === "called" ? ["start"] : ["finish"]);
}

/**
 * The line: those this window serves first, each part by arrival.
 * @param {Lobby} lobby
 * @param {ServicePoint | null} point
 */
export function lineOf(lobby, point) {
  const waiting = lobby.tickets
    .filter((ticket) => ticket.state === "waiting")
    .sort((one, other) => one.arrived_at.localeCompare(other.arrived_at) || one.number.localeCompare(other.number));
  const isMine = (/** @type {Ticket} */ ticket) => !point || point.serves.includes(ticket.ticket_class);
  return { mine: waiting.filter(isMine), others: waiting.filter((ticket) => !isMine(ticket)) };
}
