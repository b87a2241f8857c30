/** Pay: months to close, disputes to rule on, plans to approve. Each wants two people, and says who is missing. */

import { useState } from "preact/hooks";
import { ServerClock } from "#shared/lib/clock.js";
import { html } from "#shared/lib/html.js";
import { page } from "#shared/lib/page.js";
import { has, t } from "#shared/lib/words.js";
import { Button } from "#shared/parts/button.js";
import { money } from "#staff/lib/figures.js";
import { useAsked } from "#staff/lib/office.js";
import { AdminPage } from "#staff/parts/admin_page.js";
import { later } from "#staff/parts/later.js";
import { PayrollFiles, save } from "#staff/parts/payroll_files.js";
import { PlanCard } from "#staff/parts/plan_card.js";

/** @import { Office } from "#staff/lib/office.js" */
/** @import { Listed } from "#staff/parts/plan_card.js" */
/** @typedef {{staff_no: string, name: string} | null} Who */
/** @typedef {{staff: Who, amount_minor: number}} Amount */
/** @typedef {{period: string, state: "open" | "proposed" | "closed", proposed_by: Who, approved_by: Who,
 *   amounts: Amount[]}} Month */
/** @typedef {{dispute: {id: string, claim: string, raised_by: Who, raised_at: string, ruling: string | null,
 *   proposed_by: Who, due_at: string | null, escalated_at: string | null},
 *   outcomes: {ruling: string, amounts: Amount[]}[]}} Open */
/** @typedef {(path: string, body: object, done: string) => Promise<void>} Act */

const me = page.me?.staff_no;
const zone = page.branch?.timezone ?? "UTC";
const dayOf = (/** @type {number} */ ms) => new Date(ms).toLocaleDateString("sv-SE", { timeZone: zone });
const today = dayOf(new ServerClock().now());
const PlanEditor = later(async () => (await import("#staff/parts/plan_editor.js")).PlanEditor);
const whoText = (/** @type {Who} */ who) => (who ? `${who.name} ${who.staff_no}` : t("pay.somebody"));

/** @param {{office: Office}} sent */
export function PayPage({ office }) {
  const [months, files, disputes, plans] = [
    useAsked(office, "/incentives/periods"),
    useAsked(office, "/incentives/payroll"),
    useAsked(office, "/disputes"),
    useAsked(office, "/plans"),
  ];
  /** @type {Act} */
  const act = async (path, body, done) => {
    if (await office.change("POST", path, body, done)) for (const each of [months, disputes, plans]) each.reload();
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
    <h3>${t("pay.disputes")}</h3>
    ${disputes.content?.disputes.length === 0 && html`<p class="quiet-text">${t("pay.no_disputes")}</p>`}
    <ul class="office-cards">${(disputes.content?.disputes ?? []).map(
      (/** @type {Open} */ each) => html`<${Dispute} key=${each.dispute.id} open=${each} act=${act} />`,
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

/** @param {{rows: Amount[]}} sent */
const Amounts = ({ rows }) =>
  html`<ul class="facts-rows">${rows.map(
    (each, at) => html`<li key=${at}><span>${whoText(each.staff)}</span><b>${money(each.amount_minor)}</b></li>`,
  )}</ul>`;

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

/** By when the branch rules, or that it did not. @param {{dueAt: string, toldAt: string | null}} sent */
const Limit = ({ dueAt, toldAt }) =>
  toldAt
    ? html`<p class="late-text">${t("pay.ruled_late", { at: dayOf(Date.parse(toldAt)) })}</p>`
    : html`<p class="quiet-text">${t("pay.rule_by", { at: dayOf(Date.parse(dueAt) - 1) })}</p>`;

/** @param {{open: Open, act: Act}} sent */
function Dispute({ open: { dispute, outcomes }, act }) {
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
