/** The order in which the wall shows calls: each long enough to be read, none lost, each only once. Pure. */

/** @import { Ticket } from "#shared/lib/shapes.js" */
/** @typedef {{number: string, point: string, calledAt: string, language: string}} CallShown */
/**
 * @typedef {object} Calls
 * @property {CallShown | null} showing
 * @property {number} sinceMs monotonic
 * @property {CallShown[]} next
 * @property {CallShown[]} past the latest first
 * @property {ReadonlySet<string>} heard
 */

export const HOLD_MS = 8000;
const PAST_MAX = 5;
/** A queue longer than this would show calls that are minutes old. */
const NEXT_MAX = 8;

/** @type {Calls} */
export const NO_CALLS = { showing: null, sinceMs: -Infinity, next: [], past: [], heard: new Set() };

const keyOf = (/** @type {CallShown} */ call) => `${call.number} ${call.calledAt}`;

/**
 * Hear of the tickets as they are now.
 * @param {Calls} calls
 * @param {Ticket[]} tickets
 * @returns {Calls}
 */
export function hearCalls(calls, tickets) {
  const isFirst = calls === NO_CALLS;
  const fresh = tickets
    .map(asCall)
    .filter((call) => call !== null)
    .filter((call) => !calls.heard.has(keyOf(call)));
  if (fresh.length === 0) return calls;
  fresh.sort((one, other) => one.calledAt.localeCompare(other.calledAt));
  const heard = new Set([...calls.heard, ...fresh.map(keyOf)]);
  // At the start everything but the last call is history, already seen or heard by those it was for.
  if (isFirst) return { ...calls, heard, past: fresh.slice(0, -1).reverse().slice(0, PAST_MAX), next: fresh.slice(-1) };
  return { ...calls, heard, next: [...calls.next, ...fresh].slice(-NEXT_MAX) };
}

/**
 * Go to the next call when this one has been held long enough.
 * @param {Calls} calls
 * @param {number} nowMs monotonic
 * @returns {Calls}
 */
export function turn(calls, nowMs) {
  if (calls.next.length === 0 || nowMs - calls.sinceMs < HOLD_MS) return calls;
  const [showing, ...next] = calls.next;
  const past = calls.showing ? [calls.showing, ...calls.past] : calls.past;
  return {
    ...calls,
    showing,
    sinceMs: nowMs,
    next,
    past: past.filter((call) => call.number !== showing.number).slice(0, PAST_MAX),
  };
}

/** @param {Ticket} ticket @returns {CallShown | null} */
function asCall({ number, state, called_at, service_point, language }) {
  const wasCalled = state !== "waiting" && state !== "cancelled" && called_at && service_point;
  return wasCalled ? { number, point: service_point, calledAt: called_at, language } : null;
}
