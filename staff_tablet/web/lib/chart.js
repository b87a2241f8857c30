/** Where things stand in a chart: plain arithmetic from figures to places, without a pixel drawn. */

/** @typedef {{x: number, y: number}} Point */

/**
 * Round steps from nought to at least the largest value: 1, 2 or 5 times a power of ten.
 * @param {number} largest
 * @param {number} [most] at most so many steps
 */
export function ticks(largest, most = 5) {
  if (!(largest > 0)) return [0, 1];
  const rough = largest / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough * (1 - 1e-9)) ?? rough;
  const count = Math.ceil(largest / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, at) => Number((at * step).toPrecision(12)));
}

/**
 * From a value to a place between two edges; a range of nothing puts everything at the first edge.
 * @param {[number, number]} values
 * @param {[number, number]} edges
 */
export function scale([low, high], [from, to]) {
  return (/** @type {number} */ value) => (high === low ? from : from + ((value - low) / (high - low)) * (to - from));
}

/**
 * Points of a row of values over the whole width.
 * @param {number[]} values
 * @param {{left: number, right: number, top: number, bottom: number}} box
 * @param {number} largest what stands at the top
 * @returns {Point[]}
 */
export function rowOfPoints(values, box, largest) {
  const x = scale([0, Math.max(1, values.length - 1)], [box.left, box.right]);
  const y = scale([0, Math.max(largest, 1e-9)], [box.bottom, box.top]);
  return values.map((value, at) => ({ x: x(at), y: y(value) }));
}

const short = (/** @type {number} */ place) => Number(place.toFixed(1));

/** The points as an SVG line. @param {Point[]} points */
export const lineOf = (points) => points.map(({ x, y }) => `${short(x)},${short(y)}`).join(" ");

/**
 * Which of many marks get a label: first, last and evenly between, so that none touches another.
 * @param {number} count
 * @param {number} room for how many there is place
 */
export function labelled(count, room) {
  if (count <= 1) return count ? [0] : [];
  const every = Math.ceil((count - 1) / Math.max(1, room - 1));
  const from = (count - 1) % every;
  return Array.from({ length: Math.floor((count - 1) / every) + 1 }, (_, at) => from + at * every);
}

/** Days whose figure lies outside the natural limits: those alone are worth a question. */
export function outside(/** @type {number[]} */ values, /** @type {{low_s: number, high_s: number} | null} */ limits) {
  return values.flatMap((value, at) => (limits && (value > limits.high_s || value < limits.low_s) ? [at] : []));
}

/** A part as an SVG length along the width. @param {number} n @param {number} of */
export const percent = (n, of) => `${short(of > 0 ? Math.min(1, Math.max(0, n / of)) * 100 : 0)}%`;
