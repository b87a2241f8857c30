/** What can be gaming: each pattern as a sentence, whom it concerns, the referrals, and what somebody says of it. */

import { useState } from "preact/hooks";
import { dayAt, monthDay } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { page } from "#shared/lib/page.js";
import { has, t } from "#shared/lib/words.js";
import { Button } from "#shared/parts/button.js";
import { Shapes } from "#shared/parts/empty.js";
import { useAsked } from "#staff/lib/office.js";
import { lineName } from "#staff/lib/saying.js";
import { whoText } from "#staff/parts/amounts.js";

/** @import { Office } from "#staff/lib/office.js" */
/** @import { Referral } from "#staff/lib/referrals.js" */
/** @import { Who } from "#staff/parts/amounts.js" */
/** @typedef {{id: string, pattern: string, period: string, people: Who[], referrals: string[],
 *   facts: Record<string, number>, is_mine: boolean, verdict: "held" | null, closed_by: Who}} Review */
/** @typedef {(path: string, body: object, done: string) => Promise<void>} Act */

/** @param {{office: Office, reviews: Review[] | undefined, act: Act}} sent */
export const Reviews = ({ office, reviews, act }) => html`
  <p class="quiet-text">${t(reviews?.length === 0 ? "pay.no_reviews" : "pay.about_reviews")}</p>
  <ul class="office-cards">${(reviews ?? []).map(
    (each) => html`<${ReviewCard} key=${each.id} office=${office} of=${each} act=${act} />`,
  )}</ul>`;

/** @param {{office: Office, of: Review, act: Act}} sent */
function ReviewCard({ office, of, act }) {
  const [isOpen, open] = useState(false);
  return html`<li class="office-card">
    <h3>${has(`review.${of.pattern}`) ? t(`review.${of.pattern}`, of.facts) : of.pattern}</h3>
    <p>${of.people.map(whoText).join(t("join.list"))}</p>
    <p class="quiet-text">${t("review.found", { period: of.period, n: of.referrals.length })}</p>
    <${Verdict} of=${of} act=${act} />
    <details onToggle=${(/** @type {any} */ event) => open(event.currentTarget.open)}>
      <summary>${t("review.open")}</summary>
      ${isOpen && html`<${Looked} office=${office} id=${of.id} />`}
    </details>
  </li>`;
}

/** Nobody looks at what concerns them; who held the money does not let it go. @param {{of: Review, act: Act}} sent */
function Verdict({ of, act }) {
  const close = (/** @type {"hold" | "nothing"} */ deed) =>
    act(`/reviews/${of.id}/close`, { verdict: deed === "hold" ? "held" : "nothing" }, t(`review.did_${deed}`));
  const release = () => act(`/reviews/${of.id}/release`, {}, t("review.did_release"));
  const isHolder = of.closed_by?.staff_no === page.me?.staff_no;
  if (of.is_mine) return html`<p class="quiet-text">${t("review.mine")}</p>`;
  if (of.verdict)
    return html`<p>${t("review.held", { who: whoText(of.closed_by) })}</p>
      ${
        isHolder
          ? html`<p class="quiet-text">${t("pay.second_person")}</p>`
          : html`<div class="choice-row"><${Button} onPress=${release}>${t("review.release")}<//></div>`
      }`;
  return html`<div class="choice-row">
    <${Button} onPress=${() => close("nothing")}>${t("review.nothing")}<//>
    <${Button} onPress=${() => close("hold")}>${t("review.hold")}<//>
  </div>`;
}

/** @param {{office: Office, id: string}} sent */
function Looked({ office, id }) {
  const { content, trouble } = useAsked(office, `/reviews/${id}`);
  if (trouble) return html`<p class="late-text" role="alert">${trouble}</p>`;
  if (!content) return html`<${Shapes} rows=${2} />`;
  return html`<ul class="facts-rows">${content.referrals.map(
    (/** @type {Referral} */ of) => html`<li key=${of.id}>
      <span>${monthDay(dayAt(Date.parse(of.created_at), page.branch?.timezone))}${t("join.dot")}${
        of.masked_name ?? t("customer.unknown")
      }${t("join.dot")}${lineName(of.product_line)}</span>
      <b>${t(`referral_state.${of.state}`)}</b></li>`,
  )}</ul>`;
}
