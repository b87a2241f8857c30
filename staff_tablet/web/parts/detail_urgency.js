/** Why this card stands high: the parts of its urgency, as shares of the promise. */

import { html } from "#shared/lib/html.js";
import { minutes } from "#shared/lib/format.js";
import { t } from "#shared/lib/words.js";
import { partsOf } from "#staff/lib/urgency.js";

/** @import { Visit } from "#shared/lib/shapes.js" */
/** @import { ServerClock } from "#shared/lib/clock.js" */

const percent = (/** @type {number} */ share) => `${Math.round(share * 100)}%`;

/** @param {{visit: Visit, clock: ServerClock}} sent */
export function DetailUrgency({ visit, clock }) {
  const { waited, tier, assistance } = partsOf(visit, clock.second.value);
  const tierText = t("urgency.tier", { tier: t(`tier.${visit.tier}`) });
  return html`<section class="detail-part">
    <h3>${t("urgency.title")}</h3>
    <dl class="facts-list">
      <div>
        <dt>${t("urgency.waited", { n: minutes(visit.promise_s) })}</dt><dd>${percent(waited)}</dd>
      </div>
      ${tier > 0 && html`<div><dt>${tierText}</dt><dd>+${percent(tier)}</dd></div>`}
      ${assistance > 0 && html`<div><dt>${t("urgency.assistance")}</dt><dd>+${percent(assistance)}</dd></div>`}
      <div class="sum"><dt>${t("urgency.sum")}</dt><dd>${percent(waited + tier + assistance)}</dd></div>
    </dl>
  </section>`;
}
