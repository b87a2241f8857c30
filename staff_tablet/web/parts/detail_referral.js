/** A need that was heard in the hall, handed on in three taps; and whether the relationship manager comes. */

import { useState } from "preact/hooks";
import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { Button } from "#shared/parts/button.js";
import { useAsked } from "#staff/lib/office.js";
import { groupOf, LINES } from "#staff/lib/referrals.js";
import { lineName } from "#staff/lib/saying.js";

/** @import { Server } from "#shared/lib/server.js" */
/** @import { Visit } from "#shared/lib/shapes.js" */
/** @import { Care } from "#staff/lib/care.js" */
/** @import { Office } from "#staff/lib/office.js" */
/** @import { Referral } from "#staff/lib/referrals.js" */

const EVERY_MS = 5000;

/** Who has it, and whether they come. @param {Referral} of */
function standing({ state, receiver, offered_to, presence }) {
  const who = receiver ?? offered_to;
  const said = presence && t("refer.says", { who: who?.name ?? "", answer: t(`presence.${presence.answer}`) });
  if (said) return said;
  if (receiver) return t("mine.with", { who: receiver.name });
  return who ? t("mine.asked", { who: who.name }) : t(`referral_state.${state}`);
}

/** @param {{visit: Visit, care: Care, server: Server, isAble: boolean}} sent */
export function DetailReferral({ visit, care, server, isAble }) {
  const [line, choose] = useState(/** @type {string | null} */ (null));
  const [isOpen, open] = useState(false);
  const { content, reload } = useAsked(/** @type {Office} */ ({ server }), "/referrals", EVERY_MS);
  if (!visit.customer_id) return null;
  /** @type {Referral[]} */
  const here = (content?.referrals ?? []).filter((/** @type {Referral} */ of) => of.visit_id === visit.visit_id);
  const close = () => {
    open(false);
    choose(null);
  };
  const send = async () => {
    const logged = await care.refer(visit, line ?? "");
    close();
    if (logged) reload();
  };
  return html`<section class="detail-part">
    <h3>${t("refer.title")}</h3>
    <ul>${here.map(
      (of) => html`<li key=${of.id} class=${groupOf(of) === "over" ? "quiet-text" : ""}>
        ${lineName(of.product_line)}${t("join.dot")}<b>${standing(of)}</b></li>`,
    )}</ul>
    ${!isOpen && html`<${Button} isOff=${!isAble} onPress=${() => open(true)}>${t("refer.begin")}<//>`}
    ${
      isOpen &&
      !line &&
      html`<p>${t("refer.which")}</p><div class="detail-acts">${LINES.map(
        (each) => html`<${Button} key=${each} onPress=${() => choose(each)}>${lineName(each)}<//>`,
      )}</div>`
    }
    ${
      isOpen &&
      line &&
      html`<p><b>${t("refer.consent")}${t("join.dot")}${lineName(line)}</b></p><p>${t("refer.say")}</p>
        <div class="detail-acts">
          <${Button} kind="solid" isOff=${!isAble} onPress=${send}>${t("refer.yes")}<//>
          <${Button} onPress=${close}>${t("refer.no")}<//>
        </div>`
    }
  </section>`;
}
