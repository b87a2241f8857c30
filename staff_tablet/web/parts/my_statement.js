/** A person's month: what stands where, how each amount came about, and a way to contest it. */

import { useState } from "preact/hooks";
import { monthDay } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { has, t } from "#shared/lib/words.js";
import { Button } from "#shared/parts/button.js";
import { Empty, Shapes } from "#shared/parts/empty.js";
import { money } from "#staff/lib/figures.js";
import { useAsked } from "#staff/lib/office.js";
import { lineName } from "#staff/lib/saying.js";
import { monthAt, percent, PLACES, sumsOf } from "#staff/lib/statement.js";

/** @import { Office } from "#staff/lib/office.js" */
/** @import { Line, Statement } from "#staff/lib/statement.js" */

const named = (/** @type {string} */ area, /** @type {string | null} */ code) => {
  return code && has(`pay.${area}_${code}`) ? t(`pay.${area}_${code}`) : code;
};

const NONE = () => ({ title: t("pay.none"), hint: t("pay.none_hint") });

/** @param {{office: Office, staffNo: string, today: string}} sent */
export function MyStatement({ office, staffNo, today }) {
  const newest = today.slice(0, 7);
  const [period, show] = useState(newest);
  const asked = useAsked(office, `/incentives/statements/${staffNo}/${period}`);
  /** @type {Statement | null} */
  const told = asked.content?.period === period ? asked.content : null;
  return html`
    <div class="mine-month">
      <${Button} kind="quiet" onPress=${() => show(monthAt(period, -1))}>${t("pay.before")}<//>
      <h2 aria-live="polite">${t("pay.month", { year: period.slice(0, 4), month: period.slice(5) })}</h2>
      <${Button} kind="quiet" isOff=${period >= newest} onPress=${() => show(monthAt(period, 1))}>${t("pay.after")}<//>
    </div>
    ${asked.trouble && html`<div class="strip" role="alert"><span>${asked.trouble}</span></div>`}
    ${!told && !asked.trouble && html`<${Shapes} rows=${3} />`}
    ${told && told.lines.length === 0 && html`<${Empty} icon="user-round" ...${NONE()} />`}
    ${told && told.lines.length > 0 && html`<${Lines} lines=${told.lines} office=${office} />`}
  `;
}

/** @param {{lines: Line[], office: Office}} sent */
const Lines = ({ lines, office }) => html`<${Sums} lines=${lines} />
  <ul class="mine-lines">${lines.map(
    (line) => html`<${Credit} key=${line.credit_id} line=${line} office=${office} />`,
  )}</ul>`;

/** @param {{lines: Line[]}} sent */
function Sums({ lines }) {
  const sums = sumsOf(lines);
  const currency = lines[0].currency;
  return html`<dl class="mine-sums">${PLACES.filter((place) => sums[place] !== 0 || place === "accrued").map(
    (place) => html`<div key=${place}><dt>${t(`pay.in_${place}`)}</dt>
      <dd>${money(sums[place])} <small>${currency}</small></dd></div>`,
  )}</dl>`;
}

/** One booking: what it gave, by which rule, and where the money is. @param {{line: Line, office: Office}} sent */
function Credit({ line, office }) {
  const [isAsked, ask] = useState(false);
  const isCapped = line.amount_minor < line.uncapped_minor;
  const where = PLACES.filter((place) => line.there[place]).map(
    (place) => `${t(`pay.in_${place}`)} ${money(line.there[place])}`,
  );
  const rule = { version: line.plan_version ?? 0, scheme: named("scheme", line.scheme) ?? "" };
  const facts = { base: money(line.base_minor), currency: line.currency, share: percent(line.share_ppm) };
  const held = { share: percent(line.hold_back_ppm) };
  const claim = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const said = String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("claim"));
    const path = `/referrals/${line.referral_id}/dispute`;
    if (await office.change("POST", path, { claim: said }, t("pay.disputed"))) ask(false);
  };
  return html`<li class="mine-line">
    <h3><span>${lineName(line.product_line)}${t("join.dot")}${monthDay(line.booked_at)}</span>
      <b>${money(line.amount_minor)} ${line.currency}</b></h3>
    <p>${t("pay.how", { ...facts, part: named("part", line.part) ?? "" })}</p>
    <p>${line.reason === "allowed" ? t("pay.rule", rule) : named("because", line.reason)}</p>
    ${isCapped && html`<p>${t("pay.capped", { amount: money(line.uncapped_minor) })}</p>`}
    <p class="quiet-text">${[...where, t("pay.booking", { id: line.booking_id })].join(t("join.dot"))}</p>
    ${line.hold_back_ppm > 0 && html`<p class="quiet-text">${t("pay.hold_back", held)}</p>`}
    ${
      isAsked
        ? html`<form class="beside-form" onSubmit=${claim}>
            <label class="field"><span>${t("pay.claim")}</span><input name="claim" required maxlength="500" /></label>
            <button class="button solid">${t("pay.send_claim")}</button>
          </form>`
        : html`<${Button} kind="quiet" onPress=${() => ask(true)}>${t("pay.dispute")}<//>`
    }
  </li>`;
}
