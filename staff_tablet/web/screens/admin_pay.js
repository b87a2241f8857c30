/** Pay: months to close, disputes to rule on, plans to approve. Each wants two people, and says who is missing. */

import { useState } from "preact/hooks";
import { ServerClock } from "#shared/lib/clock.js";
import { dayAt } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { page } from "#shared/lib/page.js";
import { t } from "#shared/lib/words.js";
import { Button } from "#shared/parts/button.js";
import { useAsked } from "#staff/lib/office.js";
import { AdminPage } from "#staff/parts/admin_page.js";
import { Amounts, whoText } from "#staff/parts/amounts.js";
import { DisputeCard } from "#staff/parts/dispute_card.js";
import { later } from "#staff/parts/later.js";
import { PayrollFiles, save } from "#staff/parts/payroll_files.js";
import { PlanCard } from "#staff/parts/plan_card.js";
import { Reviews } from "#staff/parts/reviews.js";

/** @import { Office } from "#staff/lib/office.js" */
/** @import { Listed } from "#staff/parts/plan_card.js" */
/** @import { Amount, Who } from "#staff/parts/amounts.js" */
/** @import { Open } from "#staff/parts/dispute_card.js" */
/** @typedef {{period: string, state: "open" | "proposed" | "closed", proposed_by: Who, approved_by: Who,
 *   amounts: Amount[]}} Month */
/** @typedef {(path: string, body: object, done: string) => Promise<void>} Act */

const me = page.me?.staff_no;
const zone = page.branch?.timezone ?? "UTC";
const today = dayAt(new ServerClock().now(), zone);
const PlanEditor = later(async () => (await import("#staff/parts/plan_editor.js")).PlanEditor);

/** @param {{office: Office}} sent */
export function PayPage({ office }) {
  const [months, files, disputes, plans, reviews] = [
    useAsked(office, "/incentives/periods"),
    useAsked(office, "/incentives/payroll"),
    useAsked(office, "/disputes"),
    useAsked(office, "/plans"),
    useAsked(office, "/reviews"),
  ];
  /** @type {Act} */
  const act = async (path, body, done) => {
    if (!(await office.change("POST", path, body, done))) return;
    for (const each of [months, disputes, plans, reviews]) each.reload();
  };
  const pay = async () => {
    const file = await office.change("POST", "/incentives/payroll", {});
    if (!file) return;
    if (file.no) save(file);
    files.reload();
    office.notes.say(file.no ? t("pay.exported", { no: file.no, n: file.lines.length }) : t("pay.nothing_due"));
  };
  /** @type {Listed[]} */
  const listed = plans.content?.plans ?? [];
  const [isWriting, write] = useState(false);
  const acts = html`<${Button} onPress=${pay}>${t("pay.export")}<//>
    ${listed.length > 0 && html`<${Button} onPress=${() => write(true)}>${t("plan.write")}<//>`}`;
  const close = (isDone = false) => {
    write(false);
    if (isDone) plans.reload();
  };
  const editing = { office, newest: listed[0]?.document, schemes: plans.content?.schemes ?? [], today, onClose: close };
  if (isWriting) return html`<${AdminPage} name="pay" asked=${plans}><${PlanEditor} ...${editing} /><//>`;
  return html`<${AdminPage} name="pay" asked=${months} acts=${acts}>
    <h3>${t("pay.reviews")}</h3>
    <${Reviews} ...${{ office, reviews: reviews.content?.reviews, act }} />
    <h3>${t("pay.disputes")}</h3>
    ${disputes.content?.disputes.length === 0 && html`<p class="quiet-text">${t("pay.no_disputes")}</p>`}
    <ul class="office-cards">${(disputes.content?.disputes ?? []).map(
      (/** @type {Open} */ each) => html`<${DisputeCard} key=${each.dispute.id} open=${each} act=${act} />`,
    )}</ul>
    <h3>${t("pay.months")}</h3>
    <ul class="office-cards">${(months.content?.periods ?? []).map(
      (/** @type {Month} */ each) => html`<${MonthCard} key=${each.period} of=${each} act=${act} />`,
    )}</ul>
    <h3>${t("pay.files")}</h3>
    <${PayrollFiles} files=${files.content?.files ?? []} />
    <h3>${t("pay.plans")}</h3>
    <ul class="office-cards">${listed.map(
      (each, at) => html`<${PlanCard} key=${each.plan.version} listed=${each} before=${listed[at + 1]}>
        ${!each.plan.is_approved && html`<${Approval} listed=${each} act=${act} />`}
      <//>`,
    )}</ul>
  <//>`;
}

/** Who proposed it waits for somebody else. @param {{by: Who, words: string, onPress: () => void}} sent */
const Second = ({ by, words, onPress }) =>
  by?.staff_no === me
    ? html`<p class="quiet-text">${t("pay.second_person")}</p>`
    : html`<${Button} kind="solid" onPress=${onPress}>${words}<//>`;

/** @param {{listed: Listed, act: Act}} sent */
function Approval({ listed: { plan, proposed_by }, act }) {
  const press = () => act(`/plans/${plan.version}/approve`, { sha256: plan.sha256 }, t("plan.did_approve"));
  return html`<${Second} by=${proposed_by} words=${t("plan.approve")} onPress=${press} />`;
}

/** @param {{of: Month, act: Act}} sent */
function MonthCard({ of: { period, state, proposed_by, approved_by, amounts }, act }) {
  const send = (/** @type {string} */ deed) => act(`/incentives/periods/${period}/${deed}`, {}, t(`pay.did_${deed}`));
  const isOver = period < new Date(new ServerClock().now()).toISOString().slice(0, 7);
  return html`<li class="office-card">
    <h3>${period} <span class="badge plain">${t(`pay.month_${state}`)}</span></h3>
    ${amounts.length > 0 && html`<${Amounts} rows=${amounts} />`}
    ${proposed_by && html`<p class="quiet-text">${t("pay.proposed_by", { who: whoText(proposed_by) })}</p>`}
    ${approved_by && html`<p class="quiet-text">${t("pay.approved_by", { who: whoText(approved_by) })}</p>`}
    ${state === "open" && isOver && html`<${Button} onPress=${() => send("close")}>${t("pay.close")}<//>`}
    ${
      state === "proposed" &&
      html`<${Second} by=${proposed_by} words=${t("pay.approve")} onPress=${() => send("approve")} />`
    }
  </li>`;
}
