/** What to offer this customer, why, and the answer in one tap. */

import { html } from "#shared/lib/html.js";
import { nameOf, t } from "#shared/lib/words.js";
import { Button } from "#shared/parts/button.js";
import { sayingOf } from "#staff/lib/saying.js";

/** @import { Visit } from "#shared/lib/shapes.js" */
/** @import { Care } from "#staff/lib/care.js" */

/** @type {("accepted" | "deferred" | "declined")[]} */
const ANSWERS = ["accepted", "deferred", "declined"];

/** @param {{visit: Visit, care: Care, isAble: boolean}} sent */
export function DetailOffer({ visit, care, isAble }) {
  const offer = visit.recommendation;
  if (!offer) return null;
  const why = sayingOf("reason", offer.reason);
  const give = (/** @type {string} */ answer) =>
    void care.of(visit, "responses", { offer_id: offer.offer_id, answer }, t(`offer.said_${answer}`));
  return html`<section class="detail-part">
    <h3>${t("offer.title")}</h3>
    <p class="detail-offer"><b>${nameOf(offer.names)}</b>${why && html`<span>${why}</span>`}</p>
    ${
      offer.answer
        ? html`<p class="card-claim mine">${t(`offer.said_${offer.answer}`)}</p>`
        : html`<div class="detail-acts">
          ${ANSWERS.map(
            (answer) =>
              html`<${Button} key=${answer} isOff=${!isAble} onPress=${() => give(answer)}>${t(`offer.${answer}`)}<//>`,
          )}
        </div>`
    }
  </section>`;
}
