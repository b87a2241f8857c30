/** The order in which the wall shows calls: each long enough to be read, none lost, each only once. Pure. */

/** @import { Ticket } from "#shared/lib/shapes.js" */
/**
 * @typedef {object} CallShown
 * @property {string} number
 * @property {string} point
 * @property {string} calledAt
 * @property {number} again how often it was called again
 * @property {string} language
 * @property {string | null} reason why somebody who came later went first
 * @property {boolean} [isOld] called before this wall was switched on: shown, not said
 */
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

/** A call again is a call of its own. */
export const keyOf = (/** @type {CallShown} */ call) => `${call.number} ${call.calledAt} ${call.again}`;

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
  if (fresh.length === 0) return isFirst ? { ...NO_CALLS } : calls;
  fresh.sort((one, other) => one.calledAt.localeCompare(other.calledAt));
  const heard = new Set([...calls.heard, ...fresh.map(keyOf)]);
  // At the start everything but the last call is history, already seen or heard by those it was for.
  if (isFirst) {
    const old = fresh.map((call) => ({ ...call, isOld: true })).reverse();
    return { ...calls, heard, past: old.slice(1, PAST_MAX + 1), next: old.slice(0, 1) };
  }
  return { ...calls, heard, next: [...calls.next, ...fresh].slice(-NEXT_MAX) };
}

/**
 * Go to the next call when this one has been held long enough, and said to its end.
 * @param {Calls} calls
 * @param {number} nowMs monotonic
 * @param {boolean} [isSpeaking]
 * @returns {Calls}
 */
export function turn(calls, nowMs, isSpeaking = false) {
  if (calls.next.length === 0 || isSpeaking || nowMs - calls.sinceMs < HOLD_MS) return calls;
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
function asCall({ number, state, called_at, service_point, language, recall_count = 0, reason = null }) {
  const wasCalled = state !== "waiting" && state !== "cancelled" && called_at && service_point;
  if (!wasCalled) return null;
  return { number, point: service_point, calledAt: called_at, again: recall_count, language, reason };
}
