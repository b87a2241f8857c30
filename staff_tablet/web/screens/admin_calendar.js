/** When the branch is open, on which days it is closed, and how many windows are planned. */

import { html } from "#shared/lib/html.js";
import { lang, t } from "#shared/lib/words.js";
import { Button } from "#shared/parts/button.js";
import { useAsked } from "#staff/lib/office.js";
import { AdminPage } from "#staff/parts/admin_page.js";

/** @import { Office } from "#staff/lib/office.js" */
/** @typedef {{weekdays: number[], opens: string, closes: string, points?: number}} Span */

/** Some Monday: only its weekday is used. */
const MONDAY = Date.UTC(2026, 0, 5);
const DAY_MS = 86_400_000;

/** The weekdays of a span in the reader's language. @param {Span} span */
function daysText({ weekdays }) {
  const name = new Intl.DateTimeFormat(lang.value, { weekday: "short", timeZone: "UTC" });
  const of = (/** @type {number} */ day) => name.format(MONDAY + (day - 1) * DAY_MS);
  const [first, last] = [Math.min(...weekdays), Math.max(...weekdays)];
  const isRow = weekdays.length > 2 && last - first === weekdays.length - 1;
  return isRow ? t("admin.days", { from: of(first), to: of(last) }) : weekdays.map(of).join(t("join.list"));
}

/** @param {{office: Office, mayChange: boolean}} sent */
export function Calendar({ office, mayChange }) {
  const asked = useAsked(office, "/settings/calendar");
  const { hours = [], plan = [], closed_on = [], version } = asked.content ?? {};
  const set = async (/** @type {string[]} */ days) => {
    const body = { hours, plan, closed_on: [...new Set(days)].sort() };
    await office.change("PUT", "/settings/calendar", body, t("admin.saved"), version);
    asked.reload();
  };
  const add = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const day = String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("day"));
    void set([...closed_on, day]);
  };
  const without = (/** @type {string} */ day) => set(closed_on.filter((/** @type {string} */ each) => each !== day));
  return html`<${AdminPage} name="calendar" asked=${asked}>
    <div class="office-cards">
      <${Spans} words="admin.hours" spans=${hours} />
      <${Spans} words="admin.plan" spans=${plan} />
      <section class="office-card">
        <h3>${t("admin.closed_on")}</h3>
        <ul class="facts-rows">
          ${closed_on.map(
            (/** @type {string} */ day) => html`<li key=${day}><span>${day}</span>
              ${mayChange && html`<${Button} kind="quiet" size="small" onPress=${() => without(day)}>
                ${t("admin.remove")}<//>`}
            </li>`,
          )}
        </ul>
        ${closed_on.length === 0 && html`<p class="quiet-text">${t("admin.never_closed")}</p>`}
        ${
          mayChange &&
          html`<form class="choice-row" onSubmit=${add}>
          <label class="field"><span>${t("admin.close_day")}</span><input type="date" name="day" required /></label>
          <button class="button outlined">${t("admin.add")}</button>
        </form>`
        }
      </section>
    </div>
  <//>`;
}

/** @param {{words: string, spans: Span[]}} sent */
const Spans = ({ words, spans }) => html`<section class="office-card">
  <h3>${t(words)}</h3>
  <ul class="facts-rows">
    ${spans.map(
      (span, at) => html`<li key=${at}><span>${daysText(span)}</span>
        <b>${span.opens}–${span.closes}${span.points && t("join.dot") + t("admin.windows", { n: span.points })}</b>
      </li>`,
    )}
  </ul>
  ${spans.length === 0 && html`<p class="quiet-text">${t("admin.not_set")}</p>`}
</section>`;
