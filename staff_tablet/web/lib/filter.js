/** Which rows of a table are shown: those that hold every word of what was typed. Pure. */

/**
 * @template T
 * @param {T[]} rows
 * @param {string} typed
 * @param {(row: T) => string} textOf everything a row shows
 */
export function filtered(rows, typed, textOf) {
  const words = typed.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter((row) => {
    const text = textOf(row).toLocaleLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/**
 * Where the arrow keys lead in a list of `count` rows.
 * @param {number} at
 * @param {string} key
 * @param {number} count
 */
export function moved(at, key, count) {
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: count - 1 }[key];
  return to === undefined ? at : Math.max(0, Math.min(count - 1, to));
}

/** The address of a page of the office: "#staff" or "#staff?chen". @param {string} hash */
export function placeOf(hash) {
  const [name = "", typed = ""] = hash.replace(/^#/, "").split("?");
  return { name, typed: decodeURIComponent(typed) };
}

/** @param {string} name @param {string} typed */
export const hashOf = (name, typed) => `#${name}${typed ? `?${encodeURIComponent(typed)}` : ""}`;
