import assert from "node:assert/strict";
import test from "node:test";
import { labelled, lineOf, outside, percent, rowOfPoints, scale, ticks } from "#staff/lib/chart.js";
import { counted, firstDay, intervalText, largestLoss, minutesText, money, placeOfHead, rateText, rowsAt } from "#staff/lib/figures.js";
import { homeOf } from "#staff/lib/sign_in.js";

/** A random number that is the same in every run. */
function dice(/** @type {number} */ seed) {
  let state = seed;
  return () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648;
  };
}

test("ticks begin at nought, are evenly apart, reach the largest value and are never many", () => {
  const roll = dice(7);
  for (let round = 0; round < 500; round++) {
    const largest = roll() * 10 ** Math.floor(roll() * 7 - 2);
    const found = ticks(largest);
    assert.equal(found[0], 0);
    assert.ok((found.at(-1) ?? 0) >= largest * (1 - 1e-9), `${largest}: ${found}`);
    assert.ok(found.length >= 2 && found.length <= 6, `${largest}: ${found}`);
    const step = found[1];
    found.forEach((each, at) => assert.ok(Math.abs(each - at * step) < 1e-6 * step + 1e-12));
    assert.ok([1, 2, 5].includes(Math.round(step / 10 ** Math.floor(Math.log10(step * 1.0000001)))), `${step}`);
  }
  assert.deepEqual(ticks(0), [0, 1]);
  assert.deepEqual(ticks(17.4), [0, 5, 10, 15, 20]);
});

test("a scale keeps order and proportion, and a range of nothing stands at the first edge", () => {
  const y = scale([0, 20], [270, 26]);
  assert.deepEqual([y(0), y(20), y(10)], [270, 26, 148]);
  assert.equal(scale([5, 5], [3, 9])(5), 3);
});

test("every point of a row lies inside its box, the first at the left and the last at the right", () => {
  const roll = dice(11);
  const box = { left: 34, right: 400, top: 26, bottom: 270 };
  for (let round = 0; round < 200; round++) {
    const values = Array.from({ length: 1 + Math.floor(roll() * 60) }, () => roll() * 50);
    const points = rowOfPoints(values, box, Math.max(...values));
    assert.equal(points.length, values.length);
    assert.equal(points[0].x, box.left);
    if (values.length > 1) assert.ok(Math.abs((points.at(-1)?.x ?? 0) - box.right) < 1e-9);
    for (const { x, y } of points) {
      assert.ok(x >= box.left && x <= box.right + 1e-9 && y >= box.top - 1e-9 && y <= box.bottom + 1e-9);
    }
  }
  assert.deepEqual(rowOfPoints([], box, 1), []);
  assert.equal(lineOf(rowOfPoints([0, 0], box, 0)), "34,270 400,270");
});

test("labels are the last and evenly before it, never more than there is room for", () => {
  for (let count = 0; count < 80; count++) {
    for (let room = 1; room < 12; room++) {
      const found = labelled(count, room);
      assert.ok(found.length <= Math.max(2, room), `${count} ${room}: ${found}`);
      if (count) assert.equal(found.at(-1), count - 1);
      assert.equal(new Set(found).size, found.length);
    }
  }
});

test("only days outside the limits are marked, and none where there are no limits", () => {
  const limits = { low_s: 60, high_s: 600 };
  assert.deepEqual(outside([60, 601, 600, 59], limits), [1, 3]);
  assert.deepEqual(outside([0, 99999], null), []);
});

test("a part of nothing has no width, and no part is wider than the whole", () => {
  assert.deepEqual([percent(0, 0), percent(1, 3), percent(5, 3), percent(-1, 3)], ["0%", "33.3%", "100%", "0%"]);
});

test("figures are written as people read them", () => {
  assert.deepEqual([rateText(0.0432), rateText(0.0996), rateText(0.5), rateText(0), rateText(null)], ["4.3%", "10%", "50%", "0%", ""]);
  assert.deepEqual([money(0), money(5), money(123456789), money(-120)], ["0.00", "0.05", "1,234,567.89", "−1.20"]);
  assert.deepEqual([counted(999), counted(1000), counted(1234567)], ["999", "1,000", "1,234,567"]);
  assert.deepEqual([minutesText(492), minutesText(1044)], ["8.2", "17"]);
  assert.equal(intervalText({ n: 1, of: 2, rate: null, low: null, high: null }), "");
  assert.deepEqual([firstDay("2026-03-02", 1), firstDay("2026-03-02", 28)], ["2026-03-02", "2026-02-03"]);
});

test("the largest loss is the smallest part from the needs on; who was not identified is nobody's loss", () => {
  const step = (/** @type {string} */ name, /** @type {number | null} */ rate) => ({
    step: name,
    n: 9,
    share: rate === null ? null : { n: 1, of: 9, rate, low: 0, high: 1 },
    before_n: 9,
    before_share: null,
  });
  const steps = [step("visits", null), step("identified", 0.1), step("need", 0.5), step("referred", 0.2), step("won", 0.4)];
  const found = largestLoss(steps);
  assert.deepEqual([found?.from, found?.to], ["need", "referred"]);
  assert.equal(largestLoss(steps.slice(0, 2)), null);
  assert.equal(largestLoss([]), null);
});

test("a branch head begins at the board and may go to the other screens of theirs", () => {
  assert.equal(homeOf(["head"]), "/head");
  assert.equal(homeOf(["head"], "/tablet"), "/tablet");
});

test("an address names the days and the open figure, and what is no period means four weeks", () => {
  const at = rowsAt("week", "line", "a&b=c");
  assert.deepEqual(placeOfHead(at), { period: "week", figure: "line", key: "a&b=c" });
  assert.deepEqual(placeOfHead("#today"), { period: "today", figure: "", key: "" });
  for (const hash of ["", "#ever", "#__proto__"]) assert.equal(placeOfHead(hash).period, "weeks_4");
});
