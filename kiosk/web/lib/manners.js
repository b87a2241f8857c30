/** How the kiosk's steps end. */

/** How each step ends when nobody touches: never, after asking, or by itself. */
export const MANNERS = /** @type {const} */ ({
  home: "none",
  reading: "none",
  choose: "ask",
  result: "leave",
  alone: "leave",
  already: "leave",
  trouble: "leave",
  helped: "leave",
  machine: "leave",
});
