/** What a branch promises each service level, and what another promise would have meant for those who came. */

/** @typedef {{wait_s: number, answer_s: number}} Promised */
/** @typedef {{level: string, n: number, within: number[]}} Tried `within[m]`: how many were called within m minutes */

/** In the order in which people think of them. */
export const LEVELS = ["ordinary", "vip", "vulnerable", "appointment"];
/** What the branch's server takes: minutes of waiting, seconds until an alert is answered. */
export const LIMITS = { wait: { min: 1, max: 120 }, answer: { min: 10, max: 1800 } };

/** How many waited longer than promised; null where nobody of that level was called. */
export function lateOf(/** @type {Tried | undefined} */ tried, /** @type {number} */ wait_s) {
  if (!tried?.n) return null;
  const at = Math.min(Math.floor(wait_s / 60), tried.within.length - 1);
  return tried.n - tried.within[at];
}

/** Whether anything differs. @param {Record<string, Promised>} before @param {Record<string, Promised>} after */
export const differ = (before, after) =>
  LEVELS.some(
    (level) =>
      before[level].wait_s !== after[level].wait_s || before[level].answer_s !== after[level].answer_s,
  );
