/** The lobby manager's tablet: whom do I go to now? */

import { computed, effect, signal } from "@preact/signals-core";
import { keepAwake } from "#shared/lib/awake.js";
import { tellWhenAway } from "#shared/lib/away.js";
import { html, render } from "#shared/lib/html.js";
import { openStaffLobby } from "#shared/lib/lobby.js";
import { page } from "#shared/lib/page.js";
import { t } from "#shared/lib/words.js";
import { Bar } from "#shared/parts/bar.js";
import { Shapes } from "#shared/parts/empty.js";
import { NoteLine, Notes } from "#shared/parts/note.js";
import { StaleStrip } from "#shared/parts/stale_strip.js";
import { raisedIn } from "#staff/lib/alerts.js";
import { arrange, Holder } from "#staff/lib/arrangement.js";
import { Care } from "#staff/lib/care.js";
import { Claims } from "#staff/lib/claims.js";
import { entriesOf } from "#staff/lib/entries.js";
import { close, open, opened, openedVisit } from "#staff/lib/opened.js";
import { Ringer } from "#staff/lib/ringer.js";
import { Tones } from "#staff/lib/tones.js";
import { figuresOf } from "#staff/lib/urgency.js";
import { later } from "#staff/parts/later.js";
import { LobbySide } from "#staff/parts/lobby_side.js";
import { SoundSwitch, TabletFigures } from "#staff/parts/tablet_bar.js";
import { VisitList } from "#staff/parts/visit_list.js";

/** @import { Entry } from "#staff/lib/entries.js" */

const { clock, server, live } = openStaffLobby();
const notes = new Notes();
const claims = new Claims({ server, live, notes, staffNo: page.me?.staff_no ?? "" });
const care = new Care({ server, live, notes });
const tones = new Tones();
const holder = new Holder();
const isWhole = signal(false);

addEventListener("pointerdown", () => holder.down());
for (const name of ["pointerup", "pointercancel"]) addEventListener(name, () => holder.up(clock.steady()));
addEventListener("keydown", (event) => event.key === "Escape" && opened.value && close());

const VisitDetail = later(async () => (await import("#staff/parts/visit_detail.js")).VisitDetail);
const Colleague = later(async () => (await import("#staff/parts/pin_switch.js")).PinSwitch);

/** Who is there, with the newest facts of each. */
const entries = computed(() => (live.lobby.value ? entriesOf(live.lobby.value) : []));
const newest = computed(() => new Map(entries.value.map((entry) => [entry.id, entry])));
const raised = computed(() => (live.lobby.value ? raisedIn(live.lobby.value) : []));

/** Where each stands; the same object as long as nothing moves. */
const places = computed(() => {
  const lobby = live.lobby.value;
  const nowMs = clock.second.value;
  const basis = `${lobby?.epoch} ${lobby?.seq} ${[...claims.pending.value].join()} ${isWhole.value}`;
  const isTaken = (/** @type {Entry} */ { visit }) => claims.isTaken(visit);
  const make = () => arrange(entries.value, raised.value, nowMs, isTaken, isWhole.value);
  return lobby && holder.show(basis, clock.steady(), make);
});

/** The same places with the newest facts of those who are still there. */
const shown = computed(() => {
  if (!places.value) return null;
  const renew = (/** @type {Entry} */ entry) => newest.value.get(entry.id) ?? entry;
  const known = new Map(raised.value.map((alert) => [alert.id, alert]));
  const { alerts, more, first, rest, taken } = places.value;
  return {
    alerts: alerts.map((alert) => known.get(alert.id) ?? alert),
    more,
    first: first && renew(first),
    rest: rest.map(renew),
    taken: taken.map(renew),
  };
});

function List() {
  const lobby = live.lobby.value;
  if (!lobby || !shown.value) return html`<${Shapes} rows=${5} />`;
  const isAble = live.freshness.value === "live";
  const given = { lobby, newest: newest.value, claims, care, clock, isAble, openId: openedVisit() };
  return html`<${VisitList} arrangement=${shown.value} ...${given} onMore=${() => (isWhole.value = true)} />`;
}

/** What stands beside the list: whoever was touched, a colleague who takes over, else the hall itself. */
function Beside() {
  const lobby = live.lobby.value;
  if (opened.value === "colleague") return html`<${Colleague} onClose=${close} />`;
  const visitId = openedVisit();
  if (lobby && visitId) {
    return html`<${VisitDetail} ...${{ lobby, visitId, claims, care, clock, live, server }} onClose=${close} />`;
  }
  return lobby && html`<${LobbySide} lobby=${lobby} />`;
}

function Tablet() {
  const isOpen = opened.value !== "";
  return html`
    <${Bar} title=${t("title.tablet")} live=${live} server=${server} onMe=${() => open("colleague")}
      extra=${html`<${SoundSwitch} tones=${tones} />`}>
      <${TabletFigures} lobby=${live.lobby.value} figures=${figuresOf(entries.value, clock.second.value)} />
    <//>
    <main id="main" class="tablet ${isOpen ? "opened" : ""}" tabindex="-1">
      <div class="tablet-list">
        <${StaleStrip} live=${live} clock=${clock} effect="strip.no_claims" />
        <${List} />
      </div>
      <${Beside} />
    </main>
    <${NoteLine} notes=${notes} />
  `;
}

const ringer = new Ringer((kind) => tones.ring(kind, clock.steady()));
effect(() => {
  if (live.lobby.value) ringer.hear(raised.value, figuresOf(entries.value, clock.second.value).lateIds);
});

keepAwake();
render(html`<${Tablet} />`, /** @type {HTMLElement} */ (document.getElementById("screen")));
tellWhenAway();
