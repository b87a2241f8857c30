/** How long customers waited against what was promised, and what machines took off the windows. */

import { monthDay } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { has, nameOf, t } from "#shared/lib/words.js";
import { counted, intervalText, minutesText, rateText } from "#staff/lib/figures.js";
import { Shares } from "#staff/parts/chart_shares.js";
import { WaitsChart } from "#staff/parts/chart_waits.js";
import { headsOf, Panel } from "#staff/parts/head_panel.js";
import { RowsLink } from "#staff/parts/rows_link.js";

/** @param {string} href @param {string | number} text */
const link = (href, text) => html`<${RowsLink} href=${href}>${text}<//>`;
const minutesOr = (/** @type {number | null} */ seconds) => (seconds === null ? "" : minutesText(seconds));

/** @import { RowsOf } from "#staff/lib/figures.js" */

/** @param {{waits: any, csv: string, rows: RowsOf}} sent */
export function WaitsPanel({ waits, csv, rows }) {
  const days = waits && {
    caption: t("head.by_day"),
    heads: headsOf("day", "n mean_minutes kept rate"),
    rows: waits.days.map((/** @type {any} */ each) => [
      monthDay(each.day),
      link(rows("kept", each.day), each.n),
      minutesText(each.mean_s),
      each.kept.n,
      rateText(each.kept.rate),
    ]),
  };
  const levels = waits && {
    caption: t("head.by_level"),
    heads: headsOf("level", "promise n half most kept rate interval"),
    rows: waits.levels.map((/** @type {any} */ each) => [
      t(`level.${each.level}`),
      minutesText(each.promise_s),
      counted(each.n),
      minutesOr(each.p50_s),
      minutesOr(each.p90_s),
      each.kept.n,
      rateText(each.kept.rate),
      intervalText(each.kept),
    ]),
  };
  return html`<${Panel} name="waits" content=${waits} csv=${csv} tables=${waits ? [days, levels] : []}
    isEmpty=${waits?.n === 0}>
    ${waits && html`
      <${WaitsChart} waits=${waits} />
      <h4>${t("head.kept_by_level")}</h4>
      <${Shares} rows=${waits.levels.map((/** @type {any} */ each) => ({
        key: each.level,
        name: t(`level.${each.level}`),
        share: each.kept,
        href: rows("kept", each.level),
        note: t("head.promised", { n: Math.round(each.promise_s / 60) }),
      }))} />`}
  <//>`;
}

/** @param {{diversion: any, csv: string, rows: RowsOf}} sent */
export function Diversion({ diversion, csv, rows }) {
  const types = (diversion?.types ?? []).filter((/** @type {any} */ each) => each.sent > 0);
  const ended = (/** @type {string} */ code) => (has(`head.ended_${code}`) ? t(`head.ended_${code}`) : code);
  const tables = diversion
    ? [
        {
          caption: t("head.by_type"),
          heads: headsOf("type", "routed sent alone rate interval"),
          rows: diversion.types.map((/** @type {any} */ each) => [
            nameOf(each.names),
            counted(each.routed),
            each.sent,
            each.diverted.n,
            rateText(each.diverted.rate),
            intervalText(each.diverted),
          ]),
        },
        {
          caption: t("head.outcomes"),
          heads: headsOf("outcome", "n"),
          rows: diversion.outcomes.map((/** @type {any} */ each) => [ended(each.outcome), each.n]),
        },
      ]
    : [];
  const shares = types.map((/** @type {any} */ each) => ({
    key: each.service_type,
    name: nameOf(each.names),
    share: each.diverted,
    href: rows("tasks", each.service_type),
  }));
  const { n = 0, of = 0, rate = null } = diversion?.diverted ?? {};
  return html`<${Panel} name="diversion" content=${diversion} csv=${csv} tables=${tables} isEmpty=${of === 0}>
    ${diversion && html`
      <p class="big-line"><b>${rate === null ? t("head.too_few") : rateText(rate)}</b>
        <span>${link(rows("tasks"), t("head.n_of", { n: counted(n), of: counted(of) }))}
        ${diversion.before.rate !== null && t("head.rate_was", { rate: rateText(diversion.before.rate) })}</span></p>
      <${Shares} rows=${shares} />
      <h4>${t("head.outcomes")}</h4>
      <ul class="counts">${diversion.outcomes.map(
        (/** @type {any} */ each) => html`<li key=${each.outcome}>
          <span>${ended(each.outcome)}</span><b>${link(rows("outcome", each.outcome), counted(each.n))}</b>
        </li>`,
      )}</ul>`}
  <//>`;
}
