/** What is said, as the names of clips in order. Pure. */

/** @import { ServicePoint } from "#shared/lib/shapes.js" */

/** A pause between two parts of a sentence. */
export const PAUSE = "pause";

/** A number below 100 as people say it, above it digit by digit. @param {number} value @returns {string[]} */
export function spokenNumber(value) {
  if (value < 0 || value >= 100) return spokenCode(String(value));
  if (value < 20 || value % 10 === 0) return [`number_${value}`];
  return [`number_${value - (value % 10)}`, `number_${value % 10}`];
}

/** A ticket's number letter by letter, digit by digit; what has no sound is left out. @param {string} code */
export const spokenCode = (code) =>
  [...code.toLowerCase()].flatMap((sign) =>
    /[a-z]/.test(sign) ? [`letter_${sign}`] : /\d/.test(sign) ? [`number_${sign}`] : [],
  );

/**
 * Where to go: "window three"; in Chinese the number of a window comes first.
 * @param {Pick<ServicePoint, "kind" | "names">} point
 * @param {string} language
 */
export function spokenPoint({ kind, names }, language) {
  const figure = /\d+/.exec(names[language] ?? "")?.[0];
  const number = figure ? spokenNumber(Number(figure)) : [];
  if (language === "en" || kind === "machine") return [kind, ...number];
  return kind === "window" ? [...number, kind] : [kind, ...number, "number_sign"];
}

/**
 * A call: "ticket A zero three seven, please go to window three".
 * @param {string} number
 * @param {Pick<ServicePoint, "kind" | "names">} point
 * @param {string} language
 */
export const spokenCall = (number, point, language) => [
  "please",
  ...spokenCode(number),
  PAUSE,
  "to",
  ...spokenPoint(point, language),
];
