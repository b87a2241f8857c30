/** The administrator's pages: one question each, each with an address of its own. */

import { signal } from "@preact/signals-core";
import { html, render } from "#shared/lib/html.js";
import { toSignIn } from "#shared/lib/lobby.js";
import { page } from "#shared/lib/page.js";
import { Server, staffAccess } from "#shared/lib/server.js";
import { t } from "#shared/lib/words.js";
import { Bar } from "#shared/parts/bar.js";
import { NoteLine, Notes } from "#shared/parts/note.js";
import { placeOf } from "#staff/lib/filter.js";
import { Office } from "#staff/lib/office.js";
import { later } from "#staff/parts/later.js";

const server = new Server(staffAccess(page.csrf, toSignIn));
const notes = new Notes();
const office = new Office({ server, notes });

/** @type {Record<string, (sent: any) => any>} */
const PAGES = {
  devices: later(async () => (await import("#staff/screens/admin_devices.js")).Devices),
  staff: later(async () => (await import("#staff/screens/admin_staff.js")).StaffPage),
  points: later(async () => (await import("#staff/screens/admin_points.js")).Points),
  zones: later(async () => (await import("#staff/screens/admin_zones.js")).Zones),
  services: later(async () => (await import("#staff/screens/admin_services.js")).Services),
  tickets: later(async () => (await import("#staff/screens/admin_tickets.js")).Tickets),
  audit: later(async () => (await import("#staff/screens/admin_audit.js")).Audit),
  queue: later(async () => (await import("#staff/screens/admin_queue.js")).Queue),
  promises: later(async () => (await import("#staff/screens/admin_promises.js")).PromisesPage),
  waits: later(async () => (await import("#staff/screens/admin_waits.js")).Waits),
  pay: later(async () => (await import("#staff/screens/admin_pay.js")).PayPage),
  calendar: later(async () => (await import("#staff/screens/admin_calendar.js")).Calendar),
  imports: later(async () => (await import("#staff/screens/admin_imports.js")).Imports),
  road: later(async () => (await import("#staff/screens/admin_road.js")).RoadPage),
};

const here = signal(placeOf(location.hash));
addEventListener("hashchange", () => (here.value = placeOf(location.hash)));

/** A branch head reads; changes are the administrator's. */
const mayChange = page.me?.roles.includes("admin") ?? false;
/** Whether the waits came true is the branch head's business alone. */
const isForMe = (/** @type {string} */ name) => name !== "waits" || (page.me?.roles.includes("head") ?? false);
const NAMES = Object.keys(PAGES).filter(isForMe);

function Admin() {
  const name = NAMES.includes(here.value.name) ? here.value.name : "devices";
  const link = (/** @type {string} */ each) => html`<li key=${each}>
    <a href="#${each}" aria-current=${each === name ? "page" : undefined}>${t(`admin.${each}`)}</a>
  </li>`;
  return html`
    <${Bar} title=${t("title.admin")} server=${server} />
    <main id="main" class="office" tabindex="-1">
      <nav class="office-nav" aria-label=${t("admin.pages")}><ul>${NAMES.map(link)}</ul></nav>
      <${PAGES[name]} key=${name} office=${office} mayChange=${mayChange} typed=${here.value.typed} />
    </main>
    <${NoteLine} notes=${notes} />
  `;
}

render(html`<${Admin} />`, /** @type {HTMLElement} */ (document.getElementById("screen")));
