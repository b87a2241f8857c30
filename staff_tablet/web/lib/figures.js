/** What the head's page makes of the figures: periods, rates as people read them, and where most is lost. */

/** @typedef {{n: number, of: number, rate: number | null, low: number | null, high: number | null}} Share */
/** @typedef {(figure: string, key?: string) => string} RowsOf where the rows of a figure are */
/** @typedef {{step: string, n: number, share: Share | null, before_n: number, before_share: Share | null}} Step */

export const PERIODS = /** @type {Record<string, number>} */ ({ today: 1, week: 7, weeks_4: 28, weeks_8: 56 });
const DAY_MS = 86_400_000;

/** The first of so many days that end on a day. @param {string} last @param {number} days */
export function firstDay(last, days) {
  return new Date(Date.parse(`${last}T00:00:00Z`) - (days - 1) * DAY_MS).toISOString().slice(0, 10);
}

/** The address of a figure's rows. @param {string} period @param {string} figure @param {string} [key] */
export const rowsAt = (period, figure, key = "") => `#${period}&figure=${figure}&key=${encodeURIComponent(key)}`;

/**
 * Which days, and whose rows if anybody's, an address names.
 * @param {string} hash
 * @returns {{period: string, figure: string, key: string}}
 */
export function placeOfHead(hash) {
  const [name = "", ...rest] = hash.replace(/^#/, "").split("&");
  const told = new URLSearchParams(rest.join("&"));
  const period = Object.hasOwn(PERIODS, name) ? name : "weeks_4";
  return { period, figure: told.get("figure") ?? "", key: told.get("key") ?? "" };
}

/** A rate as people read it: one decimal below 10 %; nothing where there is none. @param {number | null} rate */
export function rateText(rate) {
  if (rate === null) return "";
  const percent = rate * 100;
  return percent === 0 || percent >= 9.95 ? `${Math.round(percent)}%` : `${percent.toFixed(1)}%`;
}

/** The interval of a rate. @param {Share} share */
export function intervalText({ low, high }) {
  return low === null || high === null ? "" : `${Math.round(low * 100)}–${Math.round(high * 100)}%`;
}

/**
 * The step that loses the largest part of the one before it, from the needs on: who comes unknown is nobody's loss.
 * @param {Step[]} steps
 * @returns {{from: string, to: string, step: Step} | null}
 */
export function largestLoss(steps) {
  let found = null;
  for (let at = 2; at < steps.length; at++) {
    const step = steps[at];
    const rate = step.share?.rate ?? 1;
    if (rate < (found?.step.share?.rate ?? 1)) found = { from: steps[at - 1].step, to: step.step, step };
  }
  return found;
}

/** Whole minor units with two decimals and thousands separators; the unit stands in the column's head. */
export function money(/** @type {number} */ minor) {
  const sign = minor < 0 ? "−" : "";
  const whole = Math.floor(Math.abs(minor) / 100);
  return `${sign}${counted(whole)}.${String(Math.abs(minor) % 100).padStart(2, "0")}`;
}

/** A count with thousands separators. @param {number} n */
export const counted = (n) => String(n).replace(/\B(?=(\d{3})+(?!\d))/g, ",");

/** Minutes with one decimal below ten. @param {number} seconds */
export function minutesText(seconds) {
  const minutes = seconds / 60;
  return minutes < 9.95 ? minutes.toFixed(1) : String(Math.round(minutes));
}
