/** The next version of the plan: written from the newest, rehearsed on what was booked, proposed to a second person. */

import { useEffect, useState } from "preact/hooks";
import { Refused } from "#shared/lib/failures.js";
import { html } from "#shared/lib/html.js";
import { uuidv7 } from "#shared/lib/ids.js";
import { t } from "#shared/lib/words.js";
import { Button } from "#shared/parts/button.js";
import { money } from "#staff/lib/figures.js";
import { firsts, lineWith, nextOf, put, read, written } from "#staff/lib/plan_form.js";
import { LINES } from "#staff/lib/referrals.js";
import { lineName } from "#staff/lib/saying.js";
import { monthAt } from "#staff/lib/statement.js";
import { Figure, LineFields, Many } from "#staff/parts/plan_fields.js";
import { refusalOf } from "#staff/lib/refusals.js";

/** @import { Office } from "#staff/lib/office.js" */
/** @import { Plan, Scheme } from "#staff/lib/plan_form.js" */
/** @typedef {{staff: {staff_no: string, name: string} | null, was_minor: number, would_be_minor: number}} Difference */

const MONTHS_AHEAD = 6;
const MONTHS_PLAYED = 3;

/**
 * @param {object} sent
 * @param {Office} sent.office
 * @param {Plan} sent.newest
 * @param {Scheme[]} sent.schemes
 * @param {string} sent.today
 * @param {(isDone?: boolean) => void} sent.onClose
 */
export function PlanEditor({ office, newest, schemes, today, onClose }) {
  const [plan, write] = useState(() => nextOf(newest, today));
  const [played, tell] = useState(/** @type {Difference[] | null} */ (null));
  const [trouble, say] = useState("");
  const [faults, mark] = useState(/** @type {string[]} */ ([]));
  const [key, renew] = useState(uuidv7);
  const isChanged = JSON.stringify(plan) !== JSON.stringify(nextOf(newest, today));
  const edit = (/** @type {import("#staff/lib/plan_form.js").Path} */ path, /** @type {any} */ value) => {
    write((was) => put(was, path, value));
    tell(null);
    renew(uuidv7());
  };
  useEffect(() => {
    const ask = (/** @type {BeforeUnloadEvent} */ event) => event.preventDefault();
    if (isChanged) addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [isChanged]);
  const send = async (/** @type {string} */ path, /** @type {object} */ body, /** @type {string} */ as) => {
    try {
      const answer = await office.server.command(path, body, as);
      say("");
      mark([]);
      return answer;
    } catch (failure) {
      say(refusalOf(failure));
      const wrong = failure instanceof Refused ? failure.facts : {};
      mark(wrong.fields ?? (wrong.errors ?? []).map((/** @type {{field: string}} */ each) => each.field));
      return null;
    }
  };
  const month = today.slice(0, 7);
  const rehearse = async () => {
    const body = { plan, first: monthAt(month, 1 - MONTHS_PLAYED), last: month };
    const answer = await send("/plans/rehearse", body, uuidv7());
    if (answer) tell(answer.differences);
  };
  const propose = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (!(await send("/plans", plan, key))) return;
    office.notes.say(t("plan.did_propose", { n: plan.version }));
    onClose(true);
  };
  const form = { faults, edit, schemes };
  const missing = LINES.filter((code) => !(code in plan.lines));
  return html`<form class="plan-form" onSubmit=${propose}>
    <header class="beside-head"><h3>${t("plan.writes", { n: plan.version })}</h3>
      <${Button} kind="quiet" size="small" onPress=${() => onClose()}>${t("act.close")}<//></header>
    <p class="quiet-text">${t("plan.writes_hint")}</p>
    <label class="field"><span>${t("plan.starts_on")}</span>
      <select onChange=${(/** @type {any} */ event) => edit(["starts_on"], event.target.value)}>
        ${firsts(today, MONTHS_AHEAD).map(
          (each) => html`<option key=${each} value=${each} selected=${each === plan.starts_on}>${each}</option>`,
        )}
      </select></label>
    ${Object.keys(plan.lines).sort().map(
      (code) => html`<${LineFields} key=${code} form=${form} code=${code} line=${plan.lines[code]} />`,
    )}
    <div class="choice-row">${missing.map(
      (code) => html`<${Button} key=${code} size="small" onPress=${() => edit(["lines", code], lineWith(schemes))}>
        ${t("plan.add_line", { line: lineName(code) })}<//>`,
    )}</div>
    <${Limits} form=${form} plan=${plan} />
    ${trouble && html`<p class="strip" role="alert">${trouble}</p>`}
    <${Played} differences=${played} />
    <div class="choice-row">
      <${Button} onPress=${rehearse}>${t("plan.rehearse")}<//>
      <button class="button solid" disabled=${!isChanged}>${t("plan.propose")}</button>
    </div>
  </form>`;
}

/** The cap, what is held back, and what is taken back. @param {{form: any, plan: Plan}} sent */
function Limits({ form, plan: { cap_minor, hold_back, clawback } }) {
  const cap = (/** @type {any} */ { target }) => {
    const found = target.value.trim() === "" ? null : read(target.value, "minor");
    const isBad = found === null && target.value.trim() !== "";
    target.setCustomValidity(isBad ? t("plan.no_number") : "");
    if (!isBad) form.edit(["cap_minor"], found);
  };
  const months = (/** @type {any} */ { target }) => {
    const found = target.value.split(/[^0-9]+/).filter(Boolean).map(Number);
    form.edit(["hold_back", "months"], found);
  };
  return html`<fieldset class="plan-line"><legend>${t("plan.limits")}</legend>
    <div class="many-row">
      <label class="field figure-field"><span>${t("plan.cap_is")}${t("plan.unit_minor")}</span>
        <input inputmode="decimal" onChange=${cap}
          value=${cap_minor === null ? "" : written(cap_minor, "minor")} /></label>
      <${Figure} form=${form} path=${["hold_back", "ppm"]} name="ppm" words=${t("plan.held")} value=${hold_back.ppm} />
      <label class="field figure-field"><span>${t("plan.held_months")}</span>
        <input inputmode="numeric" value=${hold_back.months.join(" ")} onChange=${months} /></label>
    </div>
    <${Many} form=${form} path=${["clawback"]} words=${t("plan.clawback")} values=${clawback} />
  </fieldset>`;
}

/** Everybody's amount before and after. @param {{differences: Difference[] | null}} sent */
function Played({ differences }) {
  if (!differences) return null;
  if (differences.length === 0) return html`<p class="quiet-text" role="status">${t("plan.nothing_played")}</p>`;
  const sum = (/** @type {"was_minor" | "would_be_minor"} */ name) =>
    differences.reduce((all, each) => all + each[name], 0);
  const rows = [...differences, { staff: null, was_minor: sum("was_minor"), would_be_minor: sum("would_be_minor") }];
  return html`<section role="status"><h4>${t("plan.played", { n: MONTHS_PLAYED })}</h4>
    <ul class="facts-rows">${rows.map(({ staff, was_minor, would_be_minor }, at) => {
      const change = would_be_minor - was_minor;
      return html`<li key=${at}><span>${staff ? `${staff.name} ${staff.staff_no}` : t("plan.all")}</span>
        <span>${t("queue.from_to", { from: money(was_minor), to: money(would_be_minor) })}
          <b> ${change > 0 ? "+" : ""}${money(change)}</b></span></li>`;
    })}</ul></section>`;
}
