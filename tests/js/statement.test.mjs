import assert from "node:assert/strict";
import { test } from "node:test";
import { monthAt, payrollOf, percent, sumsOf } from "#staff/lib/statement.js";

test("a month is followed by the next, over the turn of the year", () => {
  assert.equal(monthAt("2026-11", 1), "2026-12");
  assert.equal(monthAt("2026-12", 1), "2027-01");
  assert.equal(monthAt("2026-01", -1), "2025-12");
  assert.equal(monthAt("2026-11", 0), "2026-11");
});

test("what stands in each place adds up to what the lines say", () => {
  const line = (/** @type {Record<string, number>} */ there) => /** @type {any} */ ({ there });
  assert.deepEqual(sumsOf([line({ accrued: 600 }), line({ payable: 360, held: 240 }), line({ accrued: 1 })]), {
    accrued: 601,
    payable: 360,
    held: 240,
    paid: 0,
    receivable: 0,
  });
});

test("a share is written as it is, without a false digit", () => {
  assert.deepEqual([300_000, 1_000_000, 333_333].map(percent), ["30", "100", "33.3333"]);
});

test("a payroll file keeps minor units whole and a name with a comma in one field", () => {
  const line = { staff: { staff_no: "T001", name: '周,"敏"' }, currency: "CNY", amount_minor: 36_000, journal_no: 7 };
  assert.equal(
    payrollOf([line, { ...line, staff: null }]),
    'staff_no,name,currency,amount_minor,journal_no\r\nT001,"周,""敏""",CNY,36000,7\r\n,"",CNY,36000,7\r\n',
  );
});
