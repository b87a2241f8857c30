/**
 * How large text must be on this panel. A capital must subtend 0.7 degrees at 0.6 m in at least one mode: 7.3 mm, which
 * is 10 mm of type. The layout scales with the panel's pixels; this scales the words with its millimetres. Pure.
 */

/** Type of this height passes, in mm. */
const TYPE_MM = 10;
/** What body text measures in px of the reference layout, 1080 px across the short side. */
const BODY_PX = 30;
const SHORT_SIDE_PX = 1080;
const LARGE = { least: 1.3, most: 1.6 };
const USUAL_MOST = 1.15;
/** Smaller than a telephone or larger than a wall: a slip of whoever typed it. */
const PANEL_MM = { least: 150, most: 3000 };

/**
 * By how much words grow in the usual and in the large mode.
 * @param {number | null} panelMm the panel's diagonal
 * @param {{width: number, height: number}} page
 */
export function scalesOf(panelMm, { width, height }) {
  if (panelMm === null) return { usual: 1, large: LARGE.least };
  const shortMm = (panelMm * Math.min(width, height)) / Math.hypot(width, height);
  const wanted = TYPE_MM / (shortMm / SHORT_SIDE_PX) / BODY_PX;
  const large = Math.min(LARGE.most, Math.max(LARGE.least, wanted));
  return { usual: Math.min(USUAL_MOST, large / LARGE.least), large };
}

/** The diagonal that an address names with `panel_mm`, or null. @param {string} query */
export function panelOf(query) {
  const told = Number(new URLSearchParams(query).get("panel_mm"));
  return told >= PANEL_MM.least && told <= PANEL_MM.most ? told : null;
}

/** Set the scales of the page, now and whenever its size changes. */
export function followPanel() {
  const set = () => {
    const { usual, large } = scalesOf(panelOf(location.search), { width: innerWidth, height: innerHeight });
    document.documentElement.style.setProperty("--k-usual", String(usual));
    document.documentElement.style.setProperty("--k-large", String(large));
  };
  set();
  addEventListener("resize", set);
}
