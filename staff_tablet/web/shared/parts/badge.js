/** Pills with words: the customer's tier in four weights of indigo, and help needed in blue. */

import { html } from "#shared/lib/html.js";
import { has, t } from "#shared/lib/words.js";
import { Icon } from "#shared/parts/icon.js";

/** @param {{tier: string | null}} sent ordinary customers have no badge */
export function TierBadge({ tier }) {
  if (!tier || !has(`tier.${tier}`)) return null;
  return html`<span class="badge tier-${tier}">${t(`tier.${tier}`)}</span>`;
}

/** @param {{level: string}} sent */
export function LevelBadge({ level }) {
  if (level === "vulnerable") {
    return html`<span class="badge assist"><${Icon} name="accessibility" />${t("level.vulnerable")}</span>`;
  }
  if (level === "appointment") return html`<span class="badge plain">${t("level.appointment")}</span>`;
  return null;
}
