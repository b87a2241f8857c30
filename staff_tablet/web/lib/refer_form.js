/** What the referral form knows and asks. Pure. */

import { t } from "#shared/lib/words.js";
import { money } from "#staff/lib/figures.js";

/** @typedef {{staff_no: string, name: string, is_owner: boolean, is_present: boolean, open_count: number}} MayTake */
/** @typedef {{of_minor: number, amount_minor: number, currency: string, points: number,
 *   is_cash_allowed: boolean}} WouldBring */
/** @typedef {{referrer: {staff_no: string, name: string} | null, since: string, until: string}} Claimed */
/** @typedef {{product_line: string, may_take: MayTake[], brings: WouldBring | null,
 *   claimed: Claimed | null}} LineOnForm */
/** @typedef {{visit_id: string, preset: string | null, reason: {code: string} | null, has_consent: boolean,
 *   lines: LineOnForm[]}} Form */

/** The keys of the first two whom a wish may name; the next one leaves it to the rules. */
export const WISH_KEYS = ["q", "w"];
export const BY_RULE_KEY = "e";

/** What is chosen, else what is likeliest. @param {Form} form @param {string | undefined} chosen */
export function lineChosen(form, chosen) {
  const wanted = chosen ?? form.preset;
  return form.lines.find(({ product_line, claimed }) => product_line === wanted && !claimed) ?? null;
}

/** What speaks for a colleague, in a few words. @param {MayTake} who */
export function standingOf({ is_owner, is_present, open_count }) {
  if (is_owner) return t("refer.owner");
  return is_present ? t("refer.load", { n: open_count }) : t("refer.absent");
}

/** What it would bring me, and when; never a promise. @param {WouldBring | null} brings */
export function bringsText(brings) {
  if (!brings) return t("refer.no_plan");
  const points = brings.points ? t("refer.points", { n: brings.points }) : "";
  if (!brings.is_cash_allowed) return [t("refer.no_cash"), points].filter(Boolean).join(t("join.dot"));
  const told = { of: money(brings.of_minor), amount: money(brings.amount_minor), currency: brings.currency };
  return [t("refer.brings", told), points].filter(Boolean).join(t("join.dot"));
}

/** Who was first, and how long it holds. @param {Claimed} claimed */
export function claimedText({ referrer, until }) {
  const day = until.slice(0, 10);
  return referrer ? t("refer.first", { who: referrer.name, day }) : t("refer.first_elsewhere", { day });
}
