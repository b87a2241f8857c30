/** A month's statement in figures: what stands where, and how one amount came about. Pure. */

/**
 * @typedef {{credit_id: string, booking_id: string, referral_id: string, product: string, product_line: string,
 *   base_minor: number, currency: string, booked_at: string, origin_period: string, state: string, part: string,
 *   share_ppm: number, plan_version: number | null, scheme: string | null, reason: string, legal_basis: string,
 *   uncapped_minor: number, amount_minor: number, points: number, hold_back_ppm: number,
 *   there: Record<string, number>}} Line
 */
/** @typedef {{lines: Line[], movements: {journal_no: number, at: string, kind: string, reason: string,
 *   credit_id: string | null, amounts: Record<string, number>}[]}} Statement */

/** Where money may stand, in its order; what is owed back stands last. */
export const PLACES = ["accrued", "payable", "held", "paid", "receivable"];

/** A month before or after one: "2026-01" and -1 is "2025-12". @param {string} period @param {number} by */
export function monthAt(period, by) {
  const [year, month] = period.split("-").map(Number);
  const at = year * 12 + month - 1 + by;
  return `${Math.floor(at / 12)}-${String((at % 12) + 1).padStart(2, "0")}`;
}

/** What stands in each place, of all lines together. @param {Line[]} lines @returns {Record<string, number>} */
export function sumsOf(lines) {
  const sums = Object.fromEntries(PLACES.map((place) => [place, 0]));
  for (const { there } of lines) for (const place of PLACES) sums[place] += there[place] ?? 0;
  return sums;
}

/** A share in parts per million as a percentage: 300000 is "30", 333333 is "33.3333". @param {number} ppm */
export const percent = (ppm) => String(ppm / 10_000);

/**
 * A payroll file as CSV: whole minor units, so that nothing is rounded on the way.
 * @param {{staff: {staff_no: string, name: string} | null, currency: string, amount_minor: number,
 *   journal_no: number}[]} lines
 */
export function payrollOf(lines) {
  const quoted = (/** @type {string} */ text) => `"${text.replaceAll('"', '""')}"`;
  const rows = lines.map(({ staff, currency, amount_minor, journal_no }) =>
    [staff?.staff_no ?? "", quoted(staff?.name ?? ""), currency, amount_minor, journal_no].join(","),
  );
  return ["staff_no,name,currency,amount_minor,journal_no", ...rows, ""].join("\r\n");
}
