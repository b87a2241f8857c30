/** What a relationship manager may do with a referral, by how it stands. Pure. */

/**
 * @typedef {{id: string, visit_id: string, state: string, product_line: string, need: string | null,
 *   masked_name: string | null, referrer: {staff_no: string, name: string} | null,
 *   receiver: {staff_no: string, name: string} | null, offered_to: {staff_no: string, name: string} | null,
 *   offered_at: string | null, created_at: string, protected_until: string, reason: string | null,
 *   customer_here: boolean, presence: {answer: string, at: string} | null}} Referral
 */
/** @typedef {"here" | "asked" | "mine" | "over"} Group */

/** What is logged most often stands first; the digits of the desk choose it. */
export const LINES = ["deposit", "wealth", "fund", "insurance", "loan", "card"];
export const DECLINE_REASONS = ["busy", "not_my_field", "knows_another", "customer_wish", "wrong_product"];
export const LOSE_REASONS = ["not_interested", "other_bank", "too_dear", "not_suitable", "unreachable"];
export const ANSWERS = ["coming", "in_3_minutes", "cannot"];
/** Of the sentence that is read to the customer, `refer.say`. */
const CONSENT_VERSION = "2026-11";
const OVER = new Set(["won", "lost", "expired", "withdrawn", "duplicate", "reversed"]);

/** Where a card stands: the customer in the hall before all, then who waits for an answer. @param {Referral} of */
export function groupOf({ state, customer_here, presence, receiver }) {
  if (OVER.has(state)) return "over";
  const isAsked = state === "offered" || state === "declined";
  if (customer_here && !presence && (isAsked || receiver)) return "here";
  return isAsked ? "asked" : "mine";
}

/** The deeds that come next, the likeliest first. @param {Referral} of @returns {string[]} */
export function deedsOf({ state }) {
  if (state === "offered") return ["accept", "decline"];
  if (state === "declined") return ["accept"];
  if (state === "accepted") return ["contact", "lose"];
  if (state === "contacted") return ["qualify", "lose"];
  if (state === "qualified") return ["propose", "lose"];
  return state === "proposed" ? ["lose"] : [];
}

/** In the order of the groups, the oldest of each first; what is over newest first. @param {Referral[]} referrals */
export function inboxOf(referrals) {
  /** @type {Record<Group, Referral[]>} */
  const groups = { here: [], asked: [], mine: [], over: [] };
  for (const each of referrals) groups[/** @type {Group} */ (groupOf(each))].push(each);
  for (const name of /** @type {const} */ (["here", "asked", "mine"])) groups[name].reverse();
  return groups;
}

/** What the customer agreed to, and where. @param {"counter" | "lobby"} channel */
export const consentBy = (channel) => ({ purpose: "refer_internal", wording_version: CONSENT_VERSION, channel });
