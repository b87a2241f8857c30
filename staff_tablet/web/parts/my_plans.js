/** The rules by which I am paid: each version, what changed, and accepting what I have read. */

import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { Button } from "#shared/parts/button.js";
import { Shapes } from "#shared/parts/empty.js";
import { useAsked } from "#staff/lib/office.js";
import { PlanCard } from "#staff/parts/plan_card.js";

/** @import { Office } from "#staff/lib/office.js" */
/** @import { Listed } from "#staff/parts/plan_card.js" */

/** @param {{office: Office}} sent */
export function MyPlans({ office }) {
  const { content, trouble, reload } = useAsked(office, "/plans");
  /** @type {Listed[] | null} */
  const plans = content?.plans ?? null;
  const accept = async (/** @type {Listed} */ { plan: { version, sha256 } }) => {
    if (await office.change("POST", `/plans/${version}/accept`, { sha256 }, t("plan.did_accept"))) reload();
  };
  return html`
    <h2>${t("mine.plans")}</h2>
    ${trouble && html`<div class="strip" role="alert"><span>${trouble}</span></div>`}
    ${!plans && !trouble && html`<${Shapes} rows=${2} />`}
    ${plans && html`<ul class="mine-lines">${plans.map(
      (each, at) => html`<${PlanCard} key=${each.plan.version} listed=${each} before=${plans[at + 1]}>
        ${each.accepted_by_me && html`<p>${t("plan.accepted")}</p>`}
        ${
          each.plan.is_approved &&
          !each.accepted_by_me &&
          html`<${Button} kind="solid" onPress=${() => accept(each)}>${t("plan.accept")}<//>`
        }
      <//>`,
    )}</ul>`}
  `;
}
