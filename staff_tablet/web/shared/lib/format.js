/** Figures as people read them: waits m:ss, estimates as a range, times of day in the branch's zone. */

/** Waited seconds as m:ss, above an hour h:mm:ss. @param {number} seconds */
export function waited(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (/** @type {number} */ part) => String(part).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** Whole minutes of a duration, rounded up. @param {number} seconds */
export const minutes = (seconds) => Math.ceil(seconds / 60);

/**
 * An estimate in minutes as a range, never one falsely precise figure: "4–7".
 * @param {{p50_s: number, p90_s: number}} wait
 */
export function range(wait) {
  const from = Math.floor(Math.max(0, wait.p50_s) / 60);
  const to = Math.max(from + 1, Math.ceil(wait.p90_s / 60));
  return `${from}–${to}`;
}

/**
 * A time of day, 24 hours: "10:24".
 * @param {number} epochMs
 * @param {string} [timeZone]
 */
export function timeOfDay(epochMs, timeZone) {
  return new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone }).format(epochMs);
}

/** A date without its year: "11-25". @param {string} isoDate */
export const monthDay = (isoDate) => isoDate.slice(5, 10);

/**
 * A window's name around its number, for display in two sizes: "Window 3" is ["Window", "3", ""].
 * @param {string} name
 */
export function aroundNumber(name) {
  const [, before = name, number = "", after = ""] = /^(\D*?)\s*(\d+)\s*(\D*)$/u.exec(name) ?? [];
  return { before, number, after };
}

/** The day at a moment, by the branch's calendar. @param {number} ms @param {string} [timeZone] */
export const dayAt = (ms, timeZone) => new Date(ms).toLocaleDateString("sv-SE", { timeZone });
