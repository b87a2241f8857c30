/** The fields of a plan, drawn from the plan itself: a scheme's terms need no form of their own. */

import { html } from "#shared/lib/html.js";
import { has, t } from "#shared/lib/words.js";
import { Button } from "#shared/parts/button.js";
import { isWrong, read, ruleWith, unitOf, written } from "#staff/lib/plan_form.js";
import { lineName } from "#staff/lib/saying.js";

/** @import { Line, Path, Rule, Scheme } from "#staff/lib/plan_form.js" */
/** @typedef {{faults: string[], edit: (path: Path, value: any) => void, schemes: Scheme[]}} Form */
/** @typedef {{form: Form, path: Path}} Place */

const termName = (/** @type {string} */ code) => (has(`plan.term_${code}`) ? t(`plan.term_${code}`) : code);
const partName = (/** @type {string} */ code) => (has(`pay.part_${code}`) ? t(`pay.part_${code}`) : code);
const schemeName = (/** @type {string} */ code) => (has(`pay.scheme_${code}`) ? t(`pay.scheme_${code}`) : code);
const PARTS = ["referrer", "receiver", "host"];

/** A number in its name's unit. @param {Place & {name: string, words: string, value: number}} sent */
export function Figure({ form, path, name, words, value }) {
  const unit = unitOf(name);
  const type = (/** @type {any} */ { target }) => {
    const found = read(target.value, unit);
    target.setCustomValidity(found === null ? t("plan.no_number") : "");
    if (found !== null) form.edit(path, found);
  };
  const said = unit === "count" ? words : words + t(`plan.unit_${unit}`);
  return html`<label class="field figure-field"><span>${said}</span>
    <input inputmode="decimal" required autocomplete="off" value=${written(value, unit)} onChange=${type}
      aria-invalid=${isWrong(form.faults, path)} /></label>`;
}

/** Whatever terms there are: a number is a field, a list has rows. @param {Place & {value: any}} sent */
function Terms({ form, path, value }) {
  return Object.entries(value).map(([name, each]) => {
    const at = [...path, name];
    if (typeof each === "number") {
      return html`<${Figure} key=${name} ...${{ form, path: at, name, words: termName(name), value: each }} />`;
    }
    return html`<${Many} key=${name} ...${{ form, path: at, words: termName(name), values: each }} />`;
  });
}

/** @param {Place & {words: string, values: any[]}} sent */
export function Many({ form, path, words, values }) {
  const more = () => form.edit([...path, values.length], values.at(-1));
  return html`<fieldset class="many" aria-invalid=${isWrong(form.faults, path)}><legend>${words}</legend>
    ${values.map(
      (each, at) => html`<div key=${at} class="many-row">
        <${Terms} form=${form} path=${[...path, at]} value=${each} />
        <${Button} kind="quiet" size="small" isOff=${values.length < 2}
          onPress=${() => form.edit([...path, at], undefined)}>${t("plan.take_away")}<//></div>`,
    )}
    <${Button} size="small" onPress=${more}>${t("plan.add_row")}<//></fieldset>`;
}

/** @param {Place & {unit: "money" | "points", rule: Rule | null}} sent */
function RuleFields({ form, path, unit, rule }) {
  const offered = form.schemes.filter((each) => each.unit === unit);
  const choose = (/** @type {any} */ { target }) => form.edit(path, ruleWith(form.schemes, target.value));
  return html`
    <label class="field"><span>${t(`plan.gives_${unit}`)}</span>
      <select onChange=${choose} aria-invalid=${isWrong(form.faults, [...path, "scheme"])}>
        <option value="" selected=${!rule}>${t("plan.nothing")}</option>
        ${offered.map(
          ({ name }) => html`<option key=${name} value=${name} selected=${rule?.scheme === name}>
            ${schemeName(name)}</option>`,
        )}
      </select></label>
    ${rule && html`<${Terms} form=${form} path=${[...path, "terms"]} value=${rule.terms} />`}
  `;
}

/** One product line. @param {{form: Form, code: string, line: Line}} sent */
export function LineFields({ form, code, line }) {
  const path = ["lines", code];
  const isSplitWrong = isWrong(form.faults, [...path, "split"]);
  const share = (/** @type {string} */ part, /** @type {any} */ { target }) => {
    const found = target.value.trim() === "" ? 0 : read(target.value, "ppm");
    target.setCustomValidity(found === null ? t("plan.no_number") : "");
    if (found !== null) form.edit([...path, "split", part], found || undefined);
  };
  return html`<fieldset class="plan-line"><legend>${lineName(code)}</legend>
    <div class="many-row">
      <${RuleFields} form=${form} path=${[...path, "money"]} unit="money" rule=${line.money} />
      <${RuleFields} form=${form} path=${[...path, "points"]} unit="points" rule=${line.points} />
    </div>
    <div class="many-row">${PARTS.map(
      (part) => html`<label key=${part} class="field figure-field"><span>${partName(part)}${t("plan.unit_ppm")}</span>
        <input inputmode="decimal" autocomplete="off"
          value=${part in line.split ? written(line.split[part], "ppm") : ""}
          onChange=${(/** @type {any} */ event) => share(part, event)} aria-invalid=${isSplitWrong} /></label>`,
    )}
      <${Button} kind="quiet" size="small" onPress=${() => form.edit(path, undefined)}>${t("plan.drop_line")}<//></div>
  </fieldset>`;
}
