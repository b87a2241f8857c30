/** A plan as a form: what stands in each field, what was typed into it, and the plan that this makes. Pure. */

/** @typedef {(string | number)[]} Path */
/** @typedef {{scheme: string, terms: Record<string, any>}} Rule */
/** @typedef {{money: Rule | null, points: Rule | null, split: Record<string, number>}} Line */
/** @typedef {{version: number, starts_on: string, currency: string, lines: Record<string, Line>,
 *   cap_minor: number | null, hold_back: {ppm: number, months: number[]},
 *   clawback: {days: number, ppm: number}[]}} Plan */
/** @typedef {{name: string, unit: "money" | "points", example: Record<string, any>}} Scheme */

/** How many digits stand behind the point, by the unit that a name ends with. */
const DIGITS = /** @type {Record<string, number>} */ ({ minor: 2, ppm: 4 });
const FIRST_SPLIT = { referrer: 400_000, receiver: 600_000 };

/** @param {string} name @returns {"minor" | "ppm" | "count"} */
export function unitOf(name) {
  const unit = name.split("_").findLast((part) => part in DIGITS);
  return unit === "minor" || unit === "ppm" ? unit : "count";
}

/**
 * A whole number as people write it: 2000 minor is "20.00", 40000 ppm is "4".
 * @param {number} value
 * @param {string} unit
 */
export function written(value, unit) {
  const digits = DIGITS[unit] ?? 0;
  if (digits === 0) return String(value);
  const text = String(value).padStart(digits + 1, "0");
  const [whole, part] = [text.slice(0, -digits), text.slice(-digits)];
  if (unit === "minor") return `${whole}.${part}`;
  return part === "0000" ? whole : `${whole}.${part.replace(/0+$/, "")}`;
}

/** The reverse, exact; null for what is no such number. @param {string} text @param {string} unit */
export function read(text, unit) {
  const digits = DIGITS[unit] ?? 0;
  const found = text.trim().replaceAll(",", "").match(/^(\d{1,13})(?:\.(\d*))?$/);
  if (!found || (found[2] ?? "").length > digits) return null;
  return Number(found[1] + (found[2] ?? "").padEnd(digits, "0"));
}

/** The same with one thing changed; undefined takes an entry of a list or a product line away.
 * @template T @param {T} of @param {Path} path @param {any} value @returns {T} */
export function put(of, [first, ...rest], value) {
  /** @type {any} */
  const copy = Array.isArray(of) ? [...of] : { ...of };
  if (rest.length) copy[first] = put(copy[first], rest, value);
  else if (value === undefined && Array.isArray(copy)) copy.splice(Number(first), 1);
  else if (value === undefined) delete copy[first];
  else copy[first] = value;
  return copy;
}

/** What a new version begins with: the newest one, from the first of the next month.
 * @param {Plan} newest @param {string} today @returns {Plan} */
export const nextOf = (newest, today) => ({ ...newest, version: newest.version + 1, starts_on: firsts(today, 1)[0] });

/** The firsts of the next months. @param {string} today @param {number} count */
export function firsts(today, count) {
  const [year, month] = today.split("-").map(Number);
  return Array.from({ length: count }, (_, at) => new Date(Date.UTC(year, month + at, 1)).toISOString().slice(0, 10));
}

/** A product line that the plan did not have. @param {Scheme[]} schemes @returns {Line} */
export function lineWith(schemes) {
  const first = schemes.find(({ unit }) => unit === "money");
  return { money: first ? { scheme: first.name, terms: first.example } : null, points: null, split: FIRST_SPLIT };
}

/** Another scheme with its own terms, or none. @param {Scheme[]} schemes @param {string} name @returns {Rule | null} */
export function ruleWith(schemes, name) {
  const found = schemes.find((each) => each.name === name);
  return found ? { scheme: name, terms: found.example } : null;
}

/**
 * Whether the server found fault with a field, or with what it is a part of.
 * @param {string[]} faults
 * @param {Path} path
 */
export function isWrong(faults, path) {
  const at = path.join(".");
  return faults.some((each) => each === at || at.startsWith(`${each}.`));
}
