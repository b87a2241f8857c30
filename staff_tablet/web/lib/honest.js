/** How honest the announced waits were, put so that it can be read. Pure. */

/**
 * @typedef {{week: string, ticket_class: string, n: number, within_p10_p90: number, under_p90: number, mae_s: number}}
 *   Coverage of one series in one ISO week
 */

const DAY_MS = 86_400_000;
/** A rate of fewer says nothing. */
export const CASES_MIN = 5;
/** A well made interval holds four in five; a few under that is chance. */
const GOOD_FROM = 0.75;

/** Monday and Sunday of an ISO week as dates. @param {string} week 2026-W48 @returns {[string, string]} */
export function daysOf(week) {
  const [year, number] = week.split("-W").map(Number);
  const fourth = Date.UTC(year, 0, 4); // is in the first week, whatever its weekday
  const monday = fourth - ((new Date(fourth).getUTCDay() + 6) % 7) * DAY_MS + (number - 1) * 7 * DAY_MS;
  const day = (/** @type {number} */ at) => new Date(at).toISOString().slice(5, 10);
  return [day(monday), day(monday + 6 * DAY_MS)];
}

/** Shares of those who waited longer than was said, and far shorter. @param {Coverage} of */
export function missesOf({ within_p10_p90, under_p90 }) {
  return { longer: Math.max(0, 1 - under_p90), shorter: Math.max(0, under_p90 - within_p10_p90) };
}

/** What it comes to. @param {Coverage} of @returns {"few" | "good" | "longer" | "shorter"} */
export function verdictOf(of) {
  if (of.n < CASES_MIN) return "few";
  if (of.within_p10_p90 >= GOOD_FROM) return "good";
  const { longer, shorter } = missesOf(of);
  return longer >= shorter ? "longer" : "shorter";
}
