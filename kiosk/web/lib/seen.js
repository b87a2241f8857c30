/** What was read, looked at before anything else is done with it. Pure. */

const TRACK = /^[%;+]?B?\d{12,19}[=^D]/;
/** WeChat and Alipay begin with 1 or 2; no card of a bank does. */
const CARD = /^[3-9]\d{12,18}$/;

/** A card's number or stripe: it must not go anywhere from here, least of all to the server. @param {string} text */
export const isCard = (text) => TRACK.test(text) || (CARD.test(text) && isLuhn(text));

/** @param {string} digits */
function isLuhn(digits) {
  const sum = [...digits].reverse().reduce((all, digit, at) => {
    const value = Number(digit) * (at % 2 === 1 ? 2 : 1);
    return all + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

/** A number by which the same text is known again, and from which nobody gets it back (FNV-1a). @param {string} text */
export function sumOf(text) {
  let sum = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) sum = Math.imul(sum ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return sum;
}

/** The same code seen again within this time is the same showing of it. */
const SAME_CODE_MS = 3000;

/** The codes before the camera, remembered as sums only. */
export class Showing {
  /** When each was last seen. @type {Map<number, number>} */
  #lastMs = new Map();

  /**
   * Whether a code was not there a moment ago and is taken now; one that stays there stays known.
   * @param {string} text
   * @param {number} nowMs
   * @param {boolean} isTaken
   */
  isNew(text, nowMs, isTaken) {
    for (const [code, seenMs] of this.#lastMs) if (nowMs - seenMs >= SAME_CODE_MS) this.#lastMs.delete(code);
    const sum = sumOf(text);
    const isKnown = this.#lastMs.has(sum);
    if (isKnown || isTaken) this.#lastMs.set(sum, nowMs);
    return isTaken && !isKnown;
  }
}
