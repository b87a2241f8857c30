/** What the kiosk says when something was refused. Refused codes mostly sound the same: a forger learns nothing. */

const OWN_WORDS = new Set([
  "expired",
  "foreign_paycode",
  "not_ours",
  "already_checked_in",
  "already_routed",
  "closed",
  "series_full",
  "unreachable",
  "card_unread",
  "alone_failed",
  "card_use_chip",
  "card_unreadable",
  "card_other_bank",
  "card_expired_card",
]);
const DOUBTFUL = new Set([
  "not_yet_valid",
  "bad_signature",
  "unknown_key",
  "revoked",
  "replay",
  "wrong_audience",
  "malformed",
]);

/** The word key for a refusal. @param {string} code */
export function troubleKey(code) {
  if (code === "pan_forbidden") return "trouble.card_unread";
  if (OWN_WORDS.has(code)) return `trouble.${code}`;
  return DOUBTFUL.has(code) ? "trouble.neutral" : "trouble.failed";
}
