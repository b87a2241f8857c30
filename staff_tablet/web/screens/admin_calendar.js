/** When the branch is open, on which days it is closed, and how many windows are planned. */

import { useState } from "preact/hooks";
import { html } from "#shared/lib/html.js";
import { lang, t } from "#shared/lib/words.js";
import { Button } from "#shared/parts/button.js";
import { useAsked } from "#staff/lib/office.js";
import { AdminPage, CheckField, TextField } from "#staff/parts/admin_page.js";

/** @import { Office } from "#staff/lib/office.js" */
/** @typedef {{weekdays: number[], opens: string, closes: string, points?: number}} Span */

/** Some Monday: only its weekday is used. */
const MONDAY = Date.UTC(2026, 0, 5);
const DAY_MS = 86_400_000;
const WEEK = [1, 2, 3, 4, 5, 6, 7];

/** The weekdays of a span in the reader's language. @param {{weekdays: number[]}} span */
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
  const put = async (/** @type {object} */ body, /** @type {number} */ seen) => {
    const done = await office.change("PUT", "/settings/calendar", body, "", seen);
    asked.reload(); // also whoever was slower: they see what is in force now
    return done;
  };
  const save = async (/** @type {object} */ changed) => {
    const before = { hours, plan, closed_on };
    const done = await put({ ...before, ...changed }, version);
    const undo = { words: t("act.undo"), press: () => void put(before, done.version) };
    if (done) office.notes.say(t("admin.saved"), { undo });
  };
  const set = (/** @type {string[]} */ days) => save({ closed_on: [...new Set(days)].sort() });
  const add = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const day = String(new FormData(/** @type {HTMLFormElement} */ (event.target)).get("day"));
    void set([...closed_on, day]);
  };
  const without = (/** @type {string} */ day) => set(closed_on.filter((/** @type {string} */ each) => each !== day));
  return html`<${AdminPage} name="calendar" asked=${asked}>
    <div class="office-cards">
      <${Spans} words="admin.hours" spans=${hours}
        onSet=${mayChange && ((/** @type {Span[]} */ spans) => save({ hours: spans }))} />
      <${Spans} words="admin.plan" spans=${plan} isPlan
        onSet=${mayChange && ((/** @type {Span[]} */ spans) => save({ plan: spans }))} />
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

/** @param {{words: string, spans: Span[], isPlan?: boolean, onSet: false | ((spans: Span[]) => void)}} sent */
function Spans({ words, spans, isPlan = false, onSet }) {
  const [isNew, ask] = useState(false);
  const without = (/** @type {number} */ at) => onSet && onSet(spans.filter((_, other) => other !== at));
  const add = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const weekdays = form.getAll("weekdays").map(Number);
    if (weekdays.length === 0 || !onSet) return;
    const span = { weekdays, opens: String(form.get("opens")), closes: String(form.get("closes")) };
    onSet([...spans, isPlan ? { ...span, points: Number(form.get("points")) } : span]);
    ask(false);
  };
  return html`<section class="office-card">
    <h3>${t(words)}</h3>
    <ul class="facts-rows">
      ${spans.map((span, at) => {
        const text = `${daysText(span)} ${span.opens}–${span.closes}`;
        return html`<li key=${text}><span>${daysText(span)}</span>
          <b>${span.opens}–${span.closes}${span.points && t("join.dot") + t("admin.windows", { n: span.points })}</b>
          ${
            onSet &&
            html`<${Button} kind="quiet" size="small" says="${t("admin.remove")} ${text}" onPress=${() => without(at)}>
              ${t("admin.remove")}<//>`
          }
        </li>`;
      })}
    </ul>
    ${spans.length === 0 && html`<p class="quiet-text">${t("admin.not_set")}</p>`}
    ${onSet && !isNew && html`<${Button} size="small" onPress=${() => ask(true)}>${t("admin.add_span")}<//>`}
    ${isNew && html`<${SpanForm} isPlan=${isPlan} onSubmit=${add} />`}
  </section>`;
}

/** @param {{isPlan: boolean, onSubmit: (event: SubmitEvent) => void}} sent */
const SpanForm = ({ isPlan, onSubmit }) => html`<form class="beside-form" onSubmit=${onSubmit}>
  <${CheckField} name="weekdays" words="admin.weekdays" values=${["1", "2", "3", "4", "5"]}
    choices=${WEEK.map((day) => [String(day), daysText({ weekdays: [day] })])} />
  <${TextField} name="opens" words="admin.opens" value="09:00" rest=${{ type: "time" }} />
  <${TextField} name="closes" words="admin.closes" value="17:00" rest=${{ type: "time" }} />
  ${isPlan && html`<${TextField} name="points" words="admin.windows_n" value="3" rest=${{ type: "number", min: 1 }} />`}
  <button class="button outlined">${t("admin.add")}</button>
</form>`;
