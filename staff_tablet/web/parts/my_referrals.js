/** What I heard and what became of it; and what I answer for. */

import { monthDay } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { Empty, Shapes } from "#shared/parts/empty.js";
import { useAsked } from "#staff/lib/office.js";
import { lineName } from "#staff/lib/saying.js";

/** @import { Office } from "#staff/lib/office.js" */
/** @import { Referral } from "#staff/lib/referrals.js" */

const EVERY_MS = 15_000;

/** Who holds it now. @param {Referral} of */
function holderText({ receiver, offered_to }) {
  if (receiver) return t("mine.with", { who: receiver.name });
  return offered_to ? t("mine.asked", { who: offered_to.name }) : t("mine.nobody");
}

/** @param {{of: Referral, staffNo: string}} sent */
function Row({ of, staffNo }) {
  const isMine = of.referrer?.staff_no === staffNo;
  const dates = t("mine.when", { at: monthDay(of.created_at), until: monthDay(of.protected_until) });
  return html`<li class="mine-line">
    <h3><span>${of.masked_name ?? t("customer.unknown")}${t("join.dot")}${lineName(of.product_line)}</span>
      <span class="badge plain">${t(`referral_state.${of.state}`)}</span></h3>
    <p>${isMine ? t("mine.heard") : t("rm.from", { who: of.referrer?.name ?? "" })}${t("join.dot")}${holderText(of)}</p>
    <p class="quiet-text">${dates}</p>
  </li>`;
}

/** Both lists as one, newest first. @param {Referral[]} heard @param {Referral[]} held @returns {Referral[]} */
function together(heard, held) {
  const all = new Map([...heard, ...held].map((of) => [of.id, of]));
  return [...all.values()].sort((one, other) => other.created_at.localeCompare(one.created_at));
}

/** @param {{office: Office, staffNo: string}} sent */
export function MyReferrals({ office, staffNo }) {
  const heard = useAsked(office, "/referrals?role=referrer", EVERY_MS);
  const held = useAsked(office, "/referrals?role=receiver", EVERY_MS);
  const trouble = heard.trouble || held.trouble;
  /** @type {Referral[] | null} */
  const found = heard.content && held.content && together(heard.content.referrals, held.content.referrals);
  return html`
    <h2>${t("mine.referrals")}</h2>
    ${trouble && html`<div class="strip" role="alert"><span>${trouble}</span></div>`}
    ${!found && !trouble && html`<${Shapes} rows=${4} />`}
    ${found?.length === 0 && html`<${Empty} icon="user-round" title=${t("mine.none")} hint=${t("mine.none_hint")} />`}
    ${
      found &&
      found.length > 0 &&
      html`<ul class="mine-lines">${found.map((of) => html`<${Row} key=${of.id} of=${of} staffNo=${staffNo} />`)}</ul>`
    }
  `;
}
