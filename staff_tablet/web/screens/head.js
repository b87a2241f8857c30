/** The branch head's page: what came of the visits, where most is lost, who waits, and what would change it. */

import { signal } from "@preact/signals-core";
import { useEffect, useRef } from "preact/hooks";
import { html, render } from "#shared/lib/html.js";
import { toSignIn } from "#shared/lib/lobby.js";
import { page } from "#shared/lib/page.js";
import { Server, staffAccess } from "#shared/lib/server.js";
import { nameOf, t } from "#shared/lib/words.js";
import { Bar } from "#shared/parts/bar.js";
import { Button } from "#shared/parts/button.js";
import { NoteLine, Notes } from "#shared/parts/note.js";
import { timeOfDay } from "#shared/lib/format.js";
import { firstDay, PERIODS, placeOfHead, rowsAt } from "#staff/lib/figures.js";
import { Office, useAsked } from "#staff/lib/office.js";
import { later } from "#staff/parts/later.js";
import { Diversion, WaitsPanel } from "#staff/parts/head_hall.js";
import { People } from "#staff/parts/head_people.js";
import { Rows } from "#staff/parts/head_rows.js";
import { Incentives } from "#staff/parts/head_money.js";
import { Headline, Today } from "#staff/parts/head_top.js";
import { Conversion, Way } from "#staff/parts/head_way.js";

/** @import { RowsOf } from "#staff/lib/figures.js" */

const isUnseen = (/** @type {{verdict: string | null}} */ { verdict }) => !verdict;
const AGAIN_MS = 60_000;
const server = new Server(staffAccess(page.csrf, toSignIn));
const notes = new Notes();
const office = new Office({ server, notes });
const WhatIf = later(async () => (await import("#staff/parts/head_what_if.js")).WhatIf);

/** Which days, and which figure is open, stands in the address, so that a view can be sent. */
const place = signal(placeOfHead(location.hash));
addEventListener("hashchange", () => (place.value = placeOfHead(location.hash)));

function Head() {
  const today = useAsked(office, "/statistics/today", AGAIN_MS);
  const day = today.content?.day;
  const { period, figure, key } = place.value;
  const opened = useOpened(figure && rowsAt(period, figure, key));
  return html`
    <${Bar} title=${t("title.head")} server=${server} />
    <main id="main" class="head" tabindex="-1">
      <nav class="periods" aria-label=${t("head.periods")}>
        ${Object.keys(PERIODS).map(
          (name) => html`<a key=${name} href=${`#${name}`} aria-current=${name === period ? "true" : undefined}>
            ${t(`head.period_${name}`)}</a>`,
        )}
        <${Button} size="small" onPress=${() => print()}>${t("head.print")}<//>
      </nav>
      ${day && figure && html`<${Rows} key=${opened} ...${{ office, day, period, figure, of: key }} />`}
      ${day && html`<div class="head-figures" hidden=${Boolean(figure)}>
        <${Figures} key=${day + period} today=${today} day=${day} period=${period} /></div>`}
      ${!day && html`<${Stale} asked=${[today]} />`}
    </main>
    <${NoteLine} notes=${notes} />
  `;
}

/** Whoever comes back from the rows finds the figure again that they opened. @param {string} now */
function useOpened(now) {
  const last = useRef("");
  useEffect(() => {
    const link = !now && last.current && document.querySelector(`a[href="${CSS.escape(last.current)}"]`);
    if (link) /** @type {HTMLElement} */ (link).focus();
    last.current = now;
  }, [now]);
  return now;
}

/** @param {{today: any, day: string, period: string}} sent */
function Figures({ today, day, period }) {
  const query = `?from=${firstDay(day, PERIODS[period])}&to=${day}`;
  const ask = (/** @type {string} */ name) => useAsked(office, `/statistics/${name}${query}`, AGAIN_MS);
  const [way, waits, diversion, people, money] = ["funnel", "waits", "diversion", "people", "incentives"].map(ask);
  const reviewN = useAsked(office, "/reviews", AGAIN_MS).content?.reviews.filter(isUnseen).length ?? 0;
  /** @type {RowsOf} */
  const rows = (figure, key) => rowsAt(period, figure, key);
  const csv = (/** @type {string} */ name) => `/api/v1/statistics/${name}${query}&format=csv`;
  return html`
    <p class="print-only">${nameOf(page.branch?.names)} · ${firstDay(day, PERIODS[period])} – ${day}</p>
    <${Stale} asked=${[today, way, waits, diversion, people, money]} />
    <${Headline} way=${way.content} waits=${waits.content} period=${period} zone=${page.branch?.timezone} />
    <${Today} today=${today.content} />
    <div class="panels">
      <${Way} way=${way.content} csv=${csv("funnel")} rows=${rows} />
      <${WaitsPanel} waits=${waits.content} csv=${csv("waits")} rows=${rows} />
      <${People} people=${people.content} csv=${csv("people")} rows=${rows} />
      <${Conversion} way=${way.content} csv=${csv("funnel")} rows=${rows} />
      <${Diversion} diversion=${diversion.content} csv=${csv("diversion")} rows=${rows} />
      <${Incentives} ...${{ money: money.content, reviewN, csv: csv("incentives"), rows }} />
      <${WhatIf} office=${office} />
    </div>
  `;
}

/** What is shown was true at a moment; said as soon as no newer one could be had. @param {{asked: any[]}} sent */
function Stale({ asked }) {
  const trouble = asked.find((each) => each.trouble);
  if (!trouble) return null;
  const at = asked.map((each) => each.content?.as_of ?? each.content?.period?.as_of).find(Boolean);
  return html`<div class="strip" role="alert">
    <span>${at && t("head.stale", { at: timeOfDay(Date.parse(at), page.branch?.timezone) })} ${trouble.trouble}</span>
    <${Button} size="small" onPress=${() => asked.forEach((each) => each.reload())}>${t("act.again")}<//>
  </div>`;
}

render(html`<${Head} />`, /** @type {HTMLElement} */ (document.getElementById("screen")));
