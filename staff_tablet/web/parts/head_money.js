/** What was credited, and what waits for a second person. */

import { monthDay } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { has, t } from "#shared/lib/words.js";
import { money as amountOf } from "#staff/lib/figures.js";
import { headsOf, Panel, PlainTable } from "#staff/parts/head_panel.js";
import { RowsLink } from "#staff/parts/rows_link.js";

const SHOWN = 6;
const lineName = (/** @type {string} */ code) => (has(`head.line_${code}`) ? t(`head.line_${code}`) : code);

/** @import { RowsOf } from "#staff/lib/figures.js" */

/** @param {{money: any, reviewN: number, csv: string, rows: RowsOf}} sent `reviewN`: patterns nobody has looked at */
export function Incentives({ money, reviewN, csv, rows }) {
  const people = money && {
    caption: t("head.by_person"),
    heads: headsOf("person", "n amount points disputed"),
    rows: money.people.map((/** @type {any} */ each) => [
      `${each.staff.name} ${each.staff.staff_no}`,
      html`<${RowsLink} href=${rows("credits", each.staff.staff_no)}>${each.n}<//>`,
      amountOf(each.amount_minor),
      each.points,
      each.disputed_n,
    ]),
  };
  const ledger = money && {
    caption: t("head.ledger"),
    heads: headsOf("account", "amount"),
    rows: money.balances
      .filter((/** @type {any} */ each) => each.currency !== "PTS")
      .map((/** @type {any} */ each) => [
        `${t(`head.account_${each.account}`)} ${each.currency}`,
        amountOf(each.amount_minor),
      ]),
  };
  let total = 0;
  for (const each of money?.people ?? []) total += each.amount_minor;
  const months = money?.to_approve.join(" ");
  const newest = (money?.credits ?? []).slice(-SHOWN).reverse();
  const credits = {
    caption: t("head.newest"),
    heads: ["booked", "line", "people", "amount", "state"].map((each) => ({
      words: `head.col_${each}`,
      kind: each === "amount" ? /** @type {const} */ ("number") : undefined,
    })),
    rows: newest.map((/** @type {any} */ each) => [
      monthDay(each.booked_on),
      lineName(each.product_line),
      each.staff.map((/** @type {any} */ who) => who.name).join(" → "),
      amountOf(each.amount_minor),
      t(each.is_disputed ? "head.is_disputed" : `head.credit_${each.state}`),
    ]),
  };
  return html`<${Panel} name="money" content=${money} csv=${csv} tables=${money ? [people, ledger] : []}
    isEmpty=${money?.credits_n === 0}>
    ${money && html`
      <p class="big-line"><b>${amountOf(total)}</b>
        <${RowsLink} href=${rows("credits")}>${t("head.credited", { n: money.credits_n })}<//></p>
      ${months && html`<p class="to-approve">${t("head.to_approve", { months })}</p>`}
      ${reviewN > 0 && html`<p class="to-approve"><a href="/admin#pay">${t("head.to_review", { n: reviewN })}</a></p>`}
      <${PlainTable} table=${credits} />`}
  <//>`;
}
