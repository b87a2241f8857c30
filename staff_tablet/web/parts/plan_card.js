/** A version of the incentive plan in words, beside the one before it where the two differ. */

import { html } from "#shared/lib/html.js";
import { has, t } from "#shared/lib/words.js";
import { money } from "#staff/lib/figures.js";
import { lineName } from "#staff/lib/saying.js";
import { percent } from "#staff/lib/statement.js";

/** @typedef {{scheme: string, terms: Record<string, any>}} Rule */
/** @typedef {{money: Rule | null, points: Rule | null, split: Record<string, number>}} PlanLine */
/** @typedef {{lines: Record<string, PlanLine>, cap_minor: number | null,
 *   hold_back: {ppm: number, months: number[]}}} Document */
/** @typedef {{plan: {version: number, starts_on: string, sha256: string, is_approved: boolean}, document: Document,
 *   proposed_by: {name: string, staff_no: string} | null, approved_by: {name: string, staff_no: string} | null,
 *   accepted_by_me: boolean}} Listed */

/** A scheme with its terms, as the bank would say it. @param {Rule | null | undefined} rule */
function ruleText(rule) {
  if (!rule) return t("plan.nothing");
  const { scheme, terms } = rule;
  const name = has(`pay.scheme_${scheme}`) ? t(`pay.scheme_${scheme}`) : scheme;
  if (scheme === "flat") return `${name} ${money(terms.amount_minor)}`;
  if (scheme === "team") return `${name} ${percent(terms.rate_ppm)}%`;
  return `${name} ${JSON.stringify(terms)}`;
}

/** @param {PlanLine | undefined} line */
function lineText(line) {
  if (!line) return t("plan.nothing");
  const split = Object.entries(line.split).map(([part, ppm]) => {
    const name = has(`pay.part_${part}`) ? t(`pay.part_${part}`) : part;
    return `${name} ${percent(ppm)}%`;
  });
  return `${ruleText(line.money)} (${split.join(" / ")})`;
}

/** @param {{listed: Listed, before: Listed | undefined, children?: any}} sent */
export function PlanCard({ listed, before, children }) {
  const { plan, document, proposed_by, approved_by } = listed;
  const codes = [...new Set([...Object.keys(document.lines), ...Object.keys(before?.document.lines ?? {})])].sort();
  const cap = document.cap_minor === null ? t("plan.no_cap") : t("plan.cap", { amount: money(document.cap_minor) });
  const { ppm, months } = document.hold_back;
  const held = t("plan.hold_back", { share: percent(ppm), months: months.join(" / ") });
  const by = (/** @type {{name: string} | null} */ who) => who?.name ?? t("plan.nobody");
  return html`<li class="office-card mine-line">
    <h3>${t("plan.version", { n: plan.version, day: plan.starts_on })}
      <span class="badge plain">${t(plan.is_approved ? "plan.approved" : "plan.proposed")}</span></h3>
    <ul class="facts-rows">${codes.map((code) => {
      const [now, then] = [lineText(document.lines[code]), before && lineText(before.document.lines[code])];
      return html`<li key=${code}><span>${lineName(code)}</span>
        <span><b>${now}</b>${then && then !== now && html`<br /><small>${t("plan.was", { rule: then })}</small>`}</span>
      </li>`;
    })}</ul>
    <p class="quiet-text">${cap}${t("join.dot")}${held}</p>
    <p class="quiet-text">${t("plan.by", { proposed: by(proposed_by), approved: by(approved_by) })}</p>
    ${children}
  </li>`;
}
