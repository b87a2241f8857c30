/** Daily means with their natural limits and the promise; only days outside the limits are marked and named. */

import { labelled, lineOf, outside, rowOfPoints, scale, ticks } from "#staff/lib/chart.js";
import { minutesText } from "#staff/lib/figures.js";
import { useWidth } from "#staff/lib/width.js";
import { monthDay } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";

/** @typedef {{day: string, n: number, mean_s: number}} Day */
/** @typedef {{days: Day[], limits: {mean_s: number, low_s: number, high_s: number} | null, promise_s: number}} Waits */

const HEIGHT = 300;
const LABEL_WIDTH = 76;

/** @param {{waits: Waits}} sent */
export function WaitsChart({ waits: { days, limits, promise_s } }) {
  const [place, width] = useWidth(480);
  const values = days.map((each) => each.mean_s);
  const box = { left: 34, right: Math.max(120, width - 88), top: 26, bottom: HEIGHT - 30 };
  const steps = ticks(Math.max(...values, promise_s, limits?.high_s ?? 0) / 60);
  const largest = (steps.at(-1) ?? 1) * 60;
  const y = scale([0, largest], [box.bottom, box.top]);
  const points = rowOfPoints(values, box, largest);
  const marked = outside(values, limits);
  const named = labelled(days.length, Math.floor((box.right - box.left) / LABEL_WIDTH) + 1);
  const sentence = t("head.waits_said", {
    n: days.length,
    mean: minutesText(limits?.mean_s ?? values.reduce((sum, each) => sum + each, 0) / Math.max(1, values.length)),
    out: marked.length,
  });
  return html`<figure ref=${place} class="chart">
    <svg width=${width} height=${HEIGHT} role="img" aria-label=${sentence}>
      ${steps.map((step) => html`<g key=${step}>
        <line class="grid" x1=${box.left} x2=${box.right} y1=${y(step * 60)} y2=${y(step * 60)} />
        <text class="tick" x=${box.left - 8} y=${y(step * 60) + 5} text-anchor="end">${step}</text>
      </g>`)}
      ${limits && html`<rect class="band" x=${box.left} width=${box.right - box.left}
        y=${y(limits.high_s)} height=${Math.max(0, y(limits.low_s) - y(limits.high_s))} />`}
      ${limits && html`<line class="mean" x1=${box.left} x2=${box.right}
        y1=${y(limits.mean_s)} y2=${y(limits.mean_s)} />`}
      <line class="promise" x1=${box.left} x2=${box.right} y1=${y(promise_s)} y2=${y(promise_s)} />
      ${labelsAtRight({ limits, promise_s, y, x: box.right + 8 })}
      <polyline class="line" points=${lineOf(points)} />
      ${points.map(({ x, y: at }, index) => html`<circle key=${index} cx=${x} cy=${at}
        class=${marked.includes(index) ? "dot out" : "dot"} r=${marked.includes(index) ? 7 : 3.5} />`)}
      ${marked.map((index) => html`<text key=${index} class="tick out" x=${Math.min(points[index].x, box.right - 44)}
        y=${Math.max(16, points[index].y - 14)} text-anchor="middle">${t("head.outside", {
          n: minutesText(values[index]),
          day: monthDay(days[index].day),
        })}</text>`)}
      ${named.map((index) => html`<text key=${index} class="tick" x=${points[index].x} y=${HEIGHT - 8}
        text-anchor="middle">${monthDay(days[index].day)}</text>`)}
    </svg>
  </figure>`;
}

/** Words at the lines' ends, pushed apart where they would touch. */
function labelsAtRight(/** @type {any} */ { limits, promise_s, y, x }) {
  const told = [{ name: "promise", at: promise_s, kind: "of-promise" }];
  if (limits) {
    told.push({ name: "limit", at: limits.high_s, kind: "" }, { name: "mean", at: limits.mean_s, kind: "of-mean" });
  }
  told.sort((one, other) => other.at - one.at);
  let last = -Infinity;
  return told.map(({ name, at, kind }) => {
    last = Math.max(y(at) + 5, last + 18);
    return html`<text key=${name} class="tick ${kind}" x=${x} y=${last}>${t(`head.at_${name}`, {
      n: minutesText(at),
    })}</text>`;
  });
}
