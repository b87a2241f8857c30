/** The lobby manager's tablet: whom do I go to now? */

import { computed, effect } from "@preact/signals-core";
import { keepAwake } from "#shared/lib/awake.js";
import { waited } from "#shared/lib/format.js";
import { html, render } from "#shared/lib/html.js";
import { openStaffLobby } from "#shared/lib/lobby.js";
import { page } from "#shared/lib/page.js";
import { t } from "#shared/lib/words.js";
import { Bar } from "#shared/parts/bar.js";
import { Shapes } from "#shared/parts/empty.js";
import { NoteLine, Notes } from "#shared/parts/note.js";
import { StaleStrip } from "#shared/parts/stale_strip.js";
import { arrange, Holder } from "#staff/lib/arrangement.js";
import { Claims } from "#staff/lib/claims.js";
import { entriesOf, inLobbyCount } from "#staff/lib/entries.js";
import { figuresOf } from "#staff/lib/urgency.js";
import { LobbySide } from "#staff/parts/lobby_side.js";
import { VisitList } from "#staff/parts/visit_list.js";

/** @import { Entry } from "#staff/lib/entries.js" */

const { clock, server, live } = openStaffLobby();
const notes = new Notes();
const claims = new Claims({ server, live, notes, staffNo: page.me?.staff_no ?? "" });
const holder = new Holder();

addEventListener("pointerdown", () => holder.down());
for (const name of ["pointerup", "pointercancel"]) addEventListener(name, () => holder.up(clock.steady()));

/** Who is there, with the newest facts of each. */
const entries = computed(() => (live.lobby.value ? entriesOf(live.lobby.value) : []));

/** Where each stands; the same object as long as nothing moves. */
const places = computed(() => {
  const lobby = live.lobby.value;
  const nowMs = clock.second.value;
  const basis = `${lobby?.epoch} ${lobby?.seq} ${[...claims.pending.value].join()}`;
  const isTaken = (/** @type {Entry} */ { visit }) => claims.isTaken(visit);
  return lobby && holder.show(basis, clock.steady(), () => arrange(entries.value, nowMs, isTaken));
});

/** The same places with the newest facts of those who are still there. */
const shown = computed(() => {
  const newest = new Map(entries.value.map((entry) => [entry.id, entry]));
  const renew = (/** @type {Entry} */ entry) => newest.get(entry.id) ?? entry;
  if (!places.value) return null;
  const { alerts, first, rest, taken } = places.value;
  return { alerts: alerts.map(renew), first: first && renew(first), rest: rest.map(renew), taken: taken.map(renew) };
});

function Figures() {
  const { averageS, lateCount } = figuresOf(entries.value, clock.second.value);
  const lobby = live.lobby.value;
  return html`
    <span class="bar-figure">${t("figure.in_lobby")}<b>${lobby ? inLobbyCount(lobby) : "–"}</b></span>
    <span class="bar-figure average">${t("figure.average")}<b>${lobby ? waited(averageS) : "–"}</b></span>
    <span class="bar-figure ${lateCount ? "late" : ""}">${t("figure.late")}<b>${lobby ? lateCount : "–"}</b></span>
  `;
}

function List() {
  const lobby = live.lobby.value;
  if (!lobby || !shown.value) return html`<${Shapes} rows=${5} />`;
  const given = { types: lobby.service_types, claims, clock, isAble: live.freshness.value === "live" };
  return html`<${VisitList} arrangement=${shown.value} ...${given} />`;
}

function Tablet() {
  const lobby = live.lobby.value;
  return html`
    <${Bar} title=${t("title.tablet")} live=${live} server=${server}><${Figures} /><//>
    <main id="main" class="tablet" tabindex="-1">
      <div class="tablet-list">
        <${StaleStrip} live=${live} clock=${clock} effect="strip.no_claims" />
        <${List} />
      </div>
      ${lobby && html`<${LobbySide} lobby=${lobby} />`}
    </main>
    <${NoteLine} notes=${notes} />
  `;
}

/** One vibration for each person to be met, but not for those who were there when the page opened. */
const told = new Set();
effect(() => {
  const alerts = shown.value?.alerts.map((entry) => entry.id);
  if (!alerts) return;
  if (told.size > 0 && alerts.some((id) => !told.has(id))) navigator.vibrate?.(300);
  for (const id of ["opened", ...alerts]) told.add(id);
});

keepAwake();
render(html`<${Tablet} />`, /** @type {HTMLElement} */ (document.getElementById("screen")));
