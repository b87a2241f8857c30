/** An estimate as words, alone or in a sentence. */

import { range } from "#shared/lib/format.js";
import { t } from "#shared/lib/words.js";

/** @import { Wait } from "#shared/lib/shapes.js" */

/** @param {Wait | null | undefined} wait @param {"wait.range" | "wait.about"} key */
function words(wait, key) {
  if (!wait) return t("wait.unknown");
  return wait.p90_s <= 60 ? t("wait.short") : t(key, { range: range(wait) });
}

/** @param {Wait | null | undefined} wait */
export const rangeText = (wait) => words(wait, "wait.range");

/** @param {Wait | null | undefined} wait */
export const waitText = (wait) => words(wait, "wait.about");
