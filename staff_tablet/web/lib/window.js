/** What a teller may do now at a window, and the line that stands before it. Pure. */

/** @import { Lobby, ServicePoint, Ticket, Visit } from "#shared/lib/shapes.js" */
/** @typedef {"call" | "start" | "finish"} Step the one deed that comes next */
/** @typedef {"hand" | "recall" | "no-show" | "park" | "transfer" | "next" | "resume"} Line what moves a ticket */
/** @typedef {Line | "why" | "card" | "refer" | "close"} Other */

/** The branch's rule: call again twice before a customer counts as not come. */
export const RECALLS_BEFORE_NO_SHOW = 2;

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

/** @param {Ticket | null} ticket @returns {Step} */
export function stepOf(ticket) {
  if (!ticket) return "call";
  return ticket.state === "called" ? "start" : "finish";
}

/**
 * @param {Ticket | null} ticket in hand
 * @param {{waiting: number, aside: number}} counts
 * @returns {ReadonlySet<Step | Other>}
 */
export function deedsOf(ticket, { waiting, aside }) {
  /** @type {Set<Step | Other>} */
  const can = new Set(aside > 0 ? ["resume"] : []);
  if (!ticket) {
    if (waiting > 0) can.add("hand");
    return can.add("call").add("close");
  }
  can.add("park").add("transfer").add("why").add("card").add("refer");
  if (ticket.state === "in_service") return can.add("finish").add("next");
  can.add("start").add("recall");
  return (ticket.recall_count ?? 0) >= RECALLS_BEFORE_NO_SHOW ? can.add("no-show") : can;
}

/** Whether a window calls this ticket: one that was sent to a window waits for that one alone. */
const isCalledAt = (/** @type {ServicePoint} */ point, /** @type {Ticket} */ ticket) =>
  ticket.only_at ? ticket.only_at === point.code : point.serves.includes(ticket.ticket_class);

const byPlace = (/** @type {Ticket} */ one, /** @type {Ticket} */ other) =>
  one.arrived_at.localeCompare(other.arrived_at) || one.number.localeCompare(other.number);

/**
 * The line: those this window serves first, each part by arrival; then who is set aside.
 * @param {Lobby} lobby
 * @param {ServicePoint | null} point
 */
export function lineOf(lobby, point) {
  const waiting = lobby.tickets.filter((ticket) => ticket.state === "waiting").sort(byPlace);
  const isMine = (/** @type {Ticket} */ ticket) => !point || isCalledAt(point, ticket);
  const isAside = (/** @type {Ticket} */ { state }) => ["parked", "missed", "delayed"].includes(state);
  return {
    mine: waiting.filter(isMine),
    others: waiting.filter((ticket) => !isMine(ticket)),
    aside: lobby.tickets.filter(isAside).sort(byPlace),
  };
}
