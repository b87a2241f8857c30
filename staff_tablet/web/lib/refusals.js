/** What colleagues are told when the server says no to something that only they can do. */

import { Refused, sentenceOf } from "#shared/lib/failures.js";
import { has, t } from "#shared/lib/words.js";

/** The sentence for a failure; what every screen can meet is said as everywhere. @param {unknown} failure */
export function refusalOf(failure) {
  if (!(failure instanceof Refused) || !has(`refusal.${failure.code}`)) return sentenceOf(failure);
  return t(`refusal.${failure.code}`, { ...failure.facts, who: failure.facts.by?.name ?? "" });
}
