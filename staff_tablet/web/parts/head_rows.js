/** What a figure was counted from, one by one: who, when, how it stands, and whether it counts. */

import { useEffect, useRef, useState } from "preact/hooks";
import { dayAt, monthDay, timeOfDay, waited } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { page } from "#shared/lib/page.js";
import { has, nameOf, t } from "#shared/lib/words.js";
import { Button } from "#shared/parts/button.js";
import { Shapes } from "#shared/parts/empty.js";
import { counted, firstDay, money, PERIODS } from "#staff/lib/figures.js";
import { useAsked } from "#staff/lib/office.js";
import { PlainTable } from "#staff/parts/head_panel.js";

/** @import { Office } from "#staff/lib/office.js" */
/** @typedef {{staff_no: string, name: string}} Staff */
/** @typedef {{id: string, at: string, number: string | null, masked_name: string | null, what: string | null,
 *   what_names: Record<string, string> | null, state: string, staff: Staff[], waited_s: number | null,
 *   amount_minor: number | null, currency: string | null, counts: boolean}} Row */
/** @typedef {"visit" | "ticket" | "task" | "referral" | "credit"} Kind */
/** @typedef {{office: Office, day: string, period: string, figure: string, of: string}} Sent */

const PAGE = 50;
/** Which panel says what the figure means; of the hall of this moment there is nothing to say. */
const MEANS = /** @type {Record<string, string>} */ ({
  step: "way",
  kept: "waits",
  tasks: "diversion",
  outcome: "diversion",
  line: "conversion",
  source: "conversion",
  referrals: "conversion",
  referrer: "people",
  receiver: "people",
  credits: "money",
  overdue: "overdue",
  late: "late",
});

const lineName = (/** @type {string} */ code) => (has(`head.line_${code}`) ? t(`head.line_${code}`) : code);
const endedName = (/** @type {string} */ code) => (has(`head.ended_${code}`) ? t(`head.ended_${code}`) : code);

/** What is opened, as it is called on the panel. @param {string} figure @param {string} of @param {Row[]} rows */
function titleOf(figure, of, rows) {
  if (figure === "step") return t(`head.step_${of}`);
  if (figure === "outcome") return endedName(of);
  if (figure === "line") return lineName(of);
  if (figure === "source") return t(`head.source_${of}`);
  if (figure === "tasks" && of) return nameOf(rows[0]?.what_names ?? undefined) || of;
  if (figure === "kept" && of) return has(`level.${of}`) ? t(`level.${of}`) : monthDay(of);
  const who = rows.flatMap(({ staff }) => staff).find(({ staff_no }) => staff_no === of)?.name ?? of;
  if (figure === "referrer" || figure === "receiver") return `${who} ${t("join.dot")} ${t(`head.${figure}s`)}`;
  if (figure in MEANS && figure !== "referrals" && figure !== "overdue" && figure !== "late")
    return [of && who, t(`head.${MEANS[figure]}`)].filter(Boolean).join(t("join.dot"));
  return t(`head.now_${figure}`);
}

/** @param {Kind} kind @param {Row} row */
function stateName(kind, { state }) {
  if (kind === "task") return endedName(state);
  if (kind === "credit") return t(state === "disputed" ? "head.is_disputed" : `head.credit_${state}`);
  if (kind === "referral") return t(`referral_state.${state}`);
  return kind === "ticket" ? t(`ticket_state.${state}`) : t(`visit_state.${state}`);
}

/** @param {Kind} kind @param {Row[]} rows @param {string} caption */
function tableOf(kind, rows, caption) {
  const zone = page.branch?.timezone ?? "UTC";
  const isTimed = kind !== "credit";
  const dayOf = (/** @type {string} */ at) => dayAt(Date.parse(at), zone);
  const when = (/** @type {string} */ at) =>
    isTimed ? `${monthDay(dayOf(at))} ${timeOfDay(Date.parse(at), zone)}` : monthDay(at);
  const isWaited = rows.some(({ waited_s }) => waited_s !== null);
  const isPaid = kind === "credit";
  const isStaffed = kind === "credit" || kind === "referral";
  const more = [isStaffed && "people", isWaited && "waited", isPaid && "amount", "counts"];
  const number = /** @type {const} */ ("number");
  return {
    caption,
    heads: ["when", "who", "what", "state", ...more].filter(Boolean).map((each) => ({
      words: `head.col_${each}`,
      kind: each === "waited" || each === "amount" ? number : undefined,
    })),
    rows: rows.map((row) =>
      [
        when(row.at),
        [row.number, row.masked_name].filter(Boolean).join(" ") || t("customer.unknown"),
        row.what_names ? nameOf(row.what_names) : row.what ? lineName(row.what) : "",
        stateName(kind, row),
        isStaffed ? row.staff.map(({ name }) => name).join(t("join.arrow")) : null,
        isWaited ? waited(row.waited_s ?? 0) : null,
        isPaid ? money(row.amount_minor ?? 0) : null,
        t(row.counts ? "head.counts_yes" : "head.counts_no"),
      ].filter((each) => each !== null),
    ),
  };
}

/** @param {Sent} sent */
export function Rows({ office, day, period, figure, of }) {
  const [offset, turn] = useState(0);
  const title = useRef(/** @type {HTMLElement | null} */ (null));
  const days = `from=${firstDay(day, PERIODS[period])}&to=${day}`;
  const query = `/statistics/rows?${days}&figure=${figure}&key=${encodeURIComponent(of)}`;
  const { content, trouble, reload } = useAsked(office, `${query}&offset=${offset}`);
  useEffect(() => title.current?.focus(), []);
  const name = titleOf(figure, of, content?.rows ?? []);
  const span = content && { from: offset + 1, to: offset + content.rows.length, of: counted(content.of) };
  const count = content && t(content.n === content.of ? "head.rows_all" : "head.rows_some", content);
  return html`<section class="panel panel-rows" aria-labelledby="rows-title">
    <header class="panel-head">
      <a class="rows-back" href="#${period}">${t("head.rows_back")}</a>
      <h2 id="rows-title" tabindex="-1" ref=${title}>${t("head.rows", { figure: name })}</h2>
      <p>${t(`head.period_${period}`)}${count && t("join.dot")}${count}</p>
      ${figure in MEANS && html`<p class="rows-means">${t(`head.${MEANS[figure]}_means`)}</p>`}
    </header>
    ${trouble && html`<div class="strip" role="alert"><span>${trouble}</span>
      <${Button} size="small" onPress=${reload}>${t("act.again")}<//></div>`}
    ${!content && !trouble && html`<${Shapes} rows=${4} />`}
    ${content?.of === 0 && html`<p class="panel-none">${t("head.rows_none")}</p>`}
    ${content && content.of > 0 && html`<${PlainTable} table=${tableOf(content.kind, content.rows, name)} />`}
    ${content && content.of > 0 && html`<footer class="panel-foot">
      <span>${t("head.rows_page", span)}</span>
      <${Button} size="small" isOff=${offset === 0} onPress=${() => turn(Math.max(0, offset - PAGE))}>
        ${t("head.rows_newer")}<//>
      <${Button} size="small" isOff=${content.next_offset === null} onPress=${() => turn(content.next_offset)}>
        ${t("head.rows_older")}<//>
      <a class="panel-csv" href="/api/v1${query}&format=csv" download>CSV<span class="unseen"> ${name}</span></a>
    </footer>`}
  </section>`;
}
