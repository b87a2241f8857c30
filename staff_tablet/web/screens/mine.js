/** My referrals and my pay: what became of what I heard, and how each amount came about. For everybody who signs in. */

import { signal } from "@preact/signals-core";
import { ServerClock } from "#shared/lib/clock.js";
import { dayAt } from "#shared/lib/format.js";
import { html, render } from "#shared/lib/html.js";
import { toSignIn } from "#shared/lib/lobby.js";
import { page } from "#shared/lib/page.js";
import { Server, staffAccess } from "#shared/lib/server.js";
import { t } from "#shared/lib/words.js";
import { Bar } from "#shared/parts/bar.js";
import { NoteLine, Notes } from "#shared/parts/note.js";
import { placeOf } from "#staff/lib/filter.js";
import { Office } from "#staff/lib/office.js";
import { MyPlans } from "#staff/parts/my_plans.js";
import { MyReferrals } from "#staff/parts/my_referrals.js";
import { MyStatement } from "#staff/parts/my_statement.js";

const server = new Server(staffAccess(page.csrf, toSignIn));
const notes = new Notes();
const office = new Office({ server, notes });
const TABS = ["referrals", "statement", "plans"];

const here = signal(placeOf(location.hash).name);
addEventListener("hashchange", () => (here.value = placeOf(location.hash).name));

const staffNo = page.me?.staff_no ?? "";
const zone = page.branch?.timezone ?? "UTC";
const today = dayAt(new ServerClock().now(), zone);

function Mine() {
  const tab = TABS.includes(here.value) ? here.value : "referrals";
  return html`
    <${Bar} title=${t("title.mine")} server=${server} />
    <main id="main" class="mine" tabindex="-1">
      <nav class="mine-tabs" aria-label=${t("title.mine")}>
        <a href="/">${t("mine.back")}</a>
        ${TABS.map(
          (each) => html`<a key=${each} href="#${each}" aria-current=${each === tab ? "page" : undefined}>
            ${t(`mine.${each}`)}</a>`,
        )}
      </nav>
      ${tab === "referrals" && html`<${MyReferrals} office=${office} staffNo=${staffNo} />`}
      ${tab === "statement" && html`<${MyStatement} office=${office} staffNo=${staffNo} today=${today} />`}
      ${tab === "plans" && html`<${MyPlans} office=${office} />`}
    </main>
    <${NoteLine} notes=${notes} />
  `;
}

render(html`<${Mine} />`, /** @type {HTMLElement} */ (document.getElementById("screen")));
