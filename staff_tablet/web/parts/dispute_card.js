/** A contested credit: what is claimed, by when it is to be ruled on, and what each ruling would give. */

import { dayAt } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { page } from "#shared/lib/page.js";
import { has, t } from "#shared/lib/words.js";
import { Button } from "#shared/parts/button.js";
import { Amounts, whoText } from "#staff/parts/amounts.js";

/** @import { Amount, Who } from "#staff/parts/amounts.js" */
/** @typedef {{dispute: {id: string, claim: string, raised_by: Who, raised_at: string, ruling: string | null,
 *   proposed_by: Who, due_at: string | null, escalated_at: string | null},
 *   outcomes: {ruling: string, amounts: Amount[]}[]}} Open */
/** @typedef {(path: string, body: object, done: string) => Promise<void>} Act */

const dayOf = (/** @type {number} */ ms) => dayAt(ms, page.branch?.timezone);

/** By when the branch rules, or that it did not. @param {{dueAt: string, toldAt: string | null}} sent */
const Limit = ({ dueAt, toldAt }) =>
  toldAt
    ? html`<p class="late-text">${t("pay.ruled_late", { at: dayOf(Date.parse(toldAt)) })}</p>`
    : html`<p class="quiet-text">${t("pay.rule_by", { at: dayOf(Date.parse(dueAt) - 1) })}</p>`;

/** @param {{open: Open, act: Act}} sent */
export function DisputeCard({ open: { dispute, outcomes }, act }) {
  const rule = (/** @type {string} */ ruling) => {
    const done = dispute.ruling === ruling ? t("pay.ruled") : t("pay.ruling_proposed");
    return act(`/disputes/${dispute.id}/resolve`, { ruling }, done);
  };
  const by = whoText(dispute.proposed_by);
  const raised = { who: whoText(dispute.raised_by), at: dayOf(Date.parse(dispute.raised_at)) };
  const name = (/** @type {string} */ code) => (has(`pay.ruling_${code}`) ? t(`pay.ruling_${code}`) : code);
  return html`<li class="office-card">
    <h3>${dispute.claim}</h3>
    <p class="quiet-text">${t("pay.raised", raised)}</p>
    ${dispute.due_at && html`<${Limit} dueAt=${dispute.due_at} toldAt=${dispute.escalated_at} />`}
    ${dispute.ruling && html`<p>${t("pay.first_says", { who: by, ruling: name(dispute.ruling) })}</p>`}
    ${outcomes.map(
      ({ ruling, amounts }) => html`<section key=${ruling}>
        <h4>${t("pay.would_give", { ruling: name(ruling) })}</h4>
        <${Amounts} rows=${amounts} />
        <${Button} onPress=${() => rule(ruling)}>${name(ruling)}<//>
      </section>`,
    )}
  </li>`;
}
