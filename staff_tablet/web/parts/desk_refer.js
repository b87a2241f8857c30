/** Referring who stands here: what is likeliest is chosen already, and Enter hands it on. */

import { useEffect } from "preact/hooks";
import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { Button } from "#shared/parts/button.js";
import { Shapes } from "#shared/parts/empty.js";
import { useAsked } from "#staff/lib/office.js";
import { bringsText, BY_RULE_KEY, claimedText, lineChosen, standingOf, WISH_KEYS } from "#staff/lib/refer_form.js";
import { lineName, sayingOf } from "#staff/lib/saying.js";
import { DeskPanel } from "#staff/parts/desk_panel.js";
import { ReferredToday } from "#staff/parts/referred_today.js";

/** @import { Visit } from "#shared/lib/shapes.js" */
/** @import { Server } from "#shared/lib/server.js" */
/** @import { Desk } from "#staff/lib/desk.js" */
/** @import { Office } from "#staff/lib/office.js" */
/** @import { Form, LineOnForm } from "#staff/lib/refer_form.js" */
/** @typedef {{desk: Desk, server: Server, isAble: boolean}} Tools */

/** @typedef {{content: Form | null, trouble: string, reload: () => void}} Known */

/** @param {Server} server @param {string} visitId @returns {Known} */
const useForm = (server, visitId) => useAsked(/** @type {Office} */ ({ server }), `/visits/${visitId}/referral-form`);

/** @param {Tools & {visit: Visit | null, timezone: string, nowMs: number}} sent */
export function ReferPanel({ desk, visit, server, timezone, nowMs, isAble }) {
  const hint = visit?.customer_id ? t("refer.form_hint") : t("refer.unknown");
  return html`<${DeskPanel} title=${t("refer.title")} hint=${hint} onClose=${desk.close}>
    ${visit?.customer_id && html`<${ReferForm} ...${{ desk, visit, server, isAble }} />`}
    <${ReferredToday} ...${{ server, timezone, nowMs }} />
  <//>`;
}

/** @param {Tools & {visit: Visit}} sent */
function ReferForm({ desk, visit, server, isAble }) {
  const { content: form, trouble } = useForm(server, visit.visit_id);
  const { line: chosen, wish } = desk.panel.value ?? {};
  const line = form && lineChosen(form, chosen);
  const choose = (/** @type {object} */ more) => (desk.panel.value = { name: "refer", line: chosen, wish, ...more });
  const submit = () => line && isAble && desk.refer(visit.visit_id, line.product_line, wish);
  useEffect(() => {
    const takers = line?.may_take.slice(0, WISH_KEYS.length) ?? [];
    const lines = form?.lines.map(({ product_line, claimed }, at) => {
      const press = () => claimed || choose({ line: product_line, wish: undefined });
      return [String(at + 1), press];
    });
    const wishes = takers.map(({ staff_no }, at) => [WISH_KEYS[at], () => choose({ wish: staff_no })]);
    const rule = [BY_RULE_KEY, () => choose({ wish: undefined })];
    return desk.listen(Object.fromEntries([...(lines ?? []), ...wishes, rule, ["enter", submit]]));
  });
  if (trouble) return html`<div class="strip" role="alert"><span>${trouble}</span></div>`;
  if (!form) return html`<${Shapes} rows=${2} />`;
  return html`
    <h4>${t("refer.which")}</h4>
    <div class="choices">
      ${form.lines.map((each, at) => {
        const isChosen = each === line;
        const press = () => choose({ line: each.product_line, wish: undefined });
        return html`<${LineChoice} key=${each.product_line} ...${{ each, at, isChosen, press }} />`;
      })}
    </div>
    ${line && html`<${Hand} ...${{ form, line, wish, choose, submit, isAble }} />`}
  `;
}

/** @param {{each: LineOnForm, at: number, isChosen: boolean, press: () => void}} sent */
function LineChoice({ each, at, isChosen, press }) {
  return html`<button type="button" class="choice" aria-keyshortcuts=${at + 1} aria-pressed=${isChosen}
    disabled=${Boolean(each.claimed)} onClick=${press}>
    <kbd>${at + 1}</kbd><span class="choice-label">${lineName(each.product_line)}</span>
    ${each.claimed && html`<span class="choice-hint">${claimedText(each.claimed)}</span>`}
  </button>`;
}

/**
 * To whom, the sentence to read, and what it would bring.
 * @param {{form: Form, line: LineOnForm, wish: string | undefined, choose: (more: object) => void,
 *   submit: () => void, isAble: boolean}} sent
 */
function Hand({ form, line, wish, choose, submit, isAble }) {
  const takers = line.may_take.slice(0, WISH_KEYS.length);
  return html`
    <h4>${t("refer.to")}</h4>
    <div class="choices">
      ${takers.map((who, at) => {
        const press = () => choose({ wish: who.staff_no });
        const isChosen = wish === who.staff_no;
        const shown = { hotkey: WISH_KEYS[at], label: who.name, hint: standingOf(who), isChosen, press };
        return html`<${Taker} key=${who.staff_no} ...${shown} />`;
      })}
      <${Taker} hotkey=${BY_RULE_KEY} label=${t("refer.by_rule")} isChosen=${!wish}
        hint=${t(takers.length ? "refer.by_rule_hint" : "refer.nobody")} press=${() => choose({ wish: undefined })} />
    </div>
    <p class="refer-say">${form.has_consent ? t("refer.has_consent") : t("refer.say")}</p>
    <div class="refer-send">
      <${Button} kind="solid" size="large" hotkey=${t("key.enter")} isOff=${!isAble} onPress=${submit}>
        ${t(form.has_consent ? "refer.submit" : "refer.yes")}<//>
      <span>${bringsText(line.brings)}</span>
    </div>
  `;
}

/** @param {{hotkey: string, label: string, hint: string, isChosen: boolean, press: () => void}} sent */
function Taker({ hotkey, label, hint, isChosen, press }) {
  return html`<button type="button" class="choice" aria-keyshortcuts=${hotkey} aria-pressed=${isChosen}
    onClick=${press}>
    <kbd>${hotkey.toUpperCase()}</kbd><span class="choice-label">${label}</span><span class="choice-hint">${hint}</span>
  </button>`;
}

/** The likeliest need, before anything was asked: one key. @param {Tools & {visit: Visit}} sent */
export function ReferStrip({ desk, visit, server, isAble }) {
  const { content: form, reload } = useForm(server, visit.visit_id);
  const line = form && lineChosen(form, undefined);
  const submit = async () => isAble && line && (await desk.refer(visit.visit_id, line.product_line)) && reload();
  useEffect(() => (line ? desk.listen({ enter: submit }) : undefined));
  if (!form || !line) return null;
  const why = sayingOf("reason", form.reason);
  const isSaid = why === sayingOf("reason", visit.need?.reason);
  return html`<div class="refer-strip">
    <p><b>${t("refer.likely", { line: lineName(line.product_line) })}</b> ${isSaid ? "" : why}</p>
    <p class="refer-say">${form.has_consent ? t("refer.has_consent") : t("refer.say")}</p>
    <${Button} kind="outlined" hotkey=${t("key.enter")} isOff=${!isAble} onPress=${submit}>
      ${t(form.has_consent ? "refer.submit" : "refer.yes")}<//>
    <span class="quiet-text">${bringsText(line.brings)}</span>
  </div>`;
}
