/** The answer in one sentence, and the hall of this moment. */

import { timeOfDay, waited } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { counted, largestLoss, rateText, rowsAt } from "#staff/lib/figures.js";
import { RowsLink } from "#staff/parts/rows_link.js";

/** @param {{way: any, waits: any, period: string, zone: string | undefined}} sent */
export function Headline({ way, waits, period, zone }) {
  if (!way) return html`<h2 class="headline">${t("head.asking")}</h2>`;
  const when = t(`head.period_${period}`);
  const at = timeOfDay(Date.parse(way.period.as_of), zone);
  const won = way.steps.at(-1);
  if (way.steps[0].n === 0) {
    return html`<h2 class="headline">${t("head.nobody", { when })}</h2>
      <p class="headline-hint">${t("head.as_of", { at })}</p>`;
  }
  const loss = largestLoss(way.steps);
  const rate = rateText(loss?.step.share?.rate ?? null);
  const before = rateText(loss?.step.before_share?.rate ?? null);
  const step = (/** @type {string} */ name) => t(`head.step_${name}`);
  const told = [
    loss && t("head.loss_is", { rate, from: step(loss.from), to: step(loss.to) }),
    before && t("head.loss_was", { rate: before }),
    waits?.kept.rate != null && t("head.kept_is", { rate: rateText(waits.kept.rate) }),
    way.open_n > 0 && t("head.open", { n: way.open_n }),
    t("head.as_of", { at }),
  ];
  return html`
    <h2 class="headline">${t("head.won", { when, n: counted(won.n) })}${
      loss && t("head.loss", { from: step(loss.from), to: step(loss.to) })
    }</h2>
    <p class="headline-hint">${told.filter(Boolean).join(t("join.sentence"))}</p>`;
}

/** @param {{today: any}} sent */
export function Today({ today }) {
  const usual = today.usual_visits === null ? "" : t("head.usually", { n: Math.round(today.usual_visits) });
  /** @type {[name: string, figure: string | number, note: string, isLate?: boolean, rows?: [string, string]][]} */
  const told = [
    ["in_hall", today.in_hall, t("head.points_open", { n: today.points_open })],
    ["waiting", today.waiting, t("head.longest", { wait: waited(today.longest_wait_s) })],
    ["late", today.late, t("head.late_means"), today.late > 0],
    ["visits", today.visits, usual, false, ["step", "visits"]],
    ["referrals", today.referrals, t("head.won_today", { n: today.won })],
    ["overdue", today.overdue.length, t("head.overdue_means"), today.overdue.length > 0],
  ];
  return html`<ul class="today" aria-label=${t("head.today")}>${told.map(
    ([name, figure, note, isLate, rows = [name, ""]]) => html`<li key=${name} class=${isLate ? "late" : ""}>
      <span>${t(`head.now_${name}`)}</span><b><${RowsLink} href=${rowsAt("today", ...rows)}>${figure}<//></b>
      <small>${note}</small>
    </li>`,
  )}</ul>`;
}
