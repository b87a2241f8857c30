/** From arrival to won; what became of each week, and of each product and source. */

import { monthDay, waited } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { has, t } from "#shared/lib/words.js";
import { counted, intervalText, rateText } from "#staff/lib/figures.js";
import { Funnel } from "#staff/parts/chart_funnel.js";
import { Shares } from "#staff/parts/chart_shares.js";
import { headsOf, Panel, PlainTable } from "#staff/parts/head_panel.js";

/** @import { RowsOf } from "#staff/lib/figures.js" */
/** @typedef {{way: any, csv: string, rows: RowsOf}} Sent */

/** @param {string} code */
const lineName = (code) => (has(`head.line_${code}`) ? t(`head.line_${code}`) : code);
const timeText = (/** @type {number | null} */ seconds) =>
  seconds === null ? "" : seconds < 86_400 ? waited(seconds) : t("head.days", { n: Math.round(seconds / 86_400) });

/** @param {Sent} sent */
export function Way({ way, csv, rows }) {
  const steps = way && {
    caption: t("head.steps"),
    heads: headsOf("step", "n rate interval before before_rate"),
    rows: way.steps.map((/** @type {any} */ each) => [
      t(`head.step_${each.step}`),
      counted(each.n),
      each.share ? rateText(each.share.rate) : "",
      each.share ? intervalText(each.share) : "",
      counted(each.before_n),
      each.before_share ? rateText(each.before_share.rate) : "",
    ]),
  };
  const weeks = way && {
    caption: t("head.cohorts"),
    heads: headsOf("week", "visits referred won rate open"),
    rows: way.cohorts.map((/** @type {any} */ each) => [
      monthDay(each.week),
      counted(each.visits),
      each.referred,
      each.won.n,
      rateText(each.won.rate),
      each.is_mature ? t("head.mature") : t("head.immature", { n: each.open_n }),
    ]),
  };
  const hint = way && t("head.way_hint", { from: monthDay(way.period.first), to: monthDay(way.period.last) });
  return html`<${Panel} name="way" content=${way} csv=${csv} hint=${hint ?? ""} tables=${way ? [steps] : []}
    isEmpty=${way?.steps[0].n === 0}>
    ${way && html`<${Funnel} steps=${way.steps} rows=${rows} /><${PlainTable} table=${weeks} />`}
  <//>`;
}

/** @param {Sent} sent */
export function Conversion({ way, csv, rows }) {
  const shown = (/** @type {string} */ kind, /** @type {any[]} */ groups) =>
    groups.map((each) => ({
      key: each.name,
      name: kind === "line" ? lineName(each.name) : t(`head.source_${each.name}`),
      share: each.won,
      href: rows(kind, each.name),
      note: each.open_n ? t("head.still_open", { n: each.open_n }) : undefined,
    }));
  const table = (/** @type {string} */ kind, /** @type {any[]} */ groups) => ({
    caption: t(`head.by_${kind}`),
    heads: headsOf(kind, "n accepted contacted won rate interval open"),
    rows: groups.map((each) => [
      kind === "line" ? lineName(each.name) : t(`head.source_${each.name}`),
      each.n,
      each.accepted.n,
      each.contacted.n,
      each.won.n,
      rateText(each.won.rate),
      intervalText(each.won),
      each.open_n,
    ]),
  });
  const dwells = way && {
    caption: t("head.dwells"),
    heads: headsOf("step", "n half most"),
    rows: way.dwells.map((/** @type {any} */ each) => [
      t(`head.dwell_${each.step}`),
      each.n,
      timeText(each.p50_s),
      timeText(each.p90_s),
    ]),
  };
  const tables = way ? [table("line", way.products), table("source", way.sources), dwells] : [];
  const isEmpty = way?.products.length === 0;
  return html`<${Panel} name="conversion" content=${way} csv=${csv} tables=${tables} isEmpty=${isEmpty}>
    ${way && html`
      <h4>${t("head.by_line")}</h4><${Shares} rows=${shown("line", way.products)} />
      <h4>${t("head.by_source")}</h4><${Shares} rows=${shown("source", way.sources)} />
      <ul class="dwells">${way.dwells.map(
        (/** @type {any} */ each) => html`<li key=${each.step}><span>${t(`head.dwell_${each.step}`)}</span>
          <b>${each.p50_s === null ? t("head.too_few") : timeText(each.p50_s)}</b>
          <small>${each.p90_s !== null && t("head.nine_in_ten", { time: timeText(each.p90_s) })}</small></li>`,
      )}</ul>`}
  <//>`;
}
