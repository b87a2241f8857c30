/** Every ticket of today: who waited how long, where they were called, and why just then. */

import { useEffect, useState } from "preact/hooks";
import { timeOfDay, waited } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { nameOf, t } from "#shared/lib/words.js";
import { useAsked } from "#staff/lib/office.js";
import { AdminPage } from "#staff/parts/admin_page.js";
import { DataTable } from "#staff/parts/data_table.js";
import { WhyPanel } from "#staff/parts/why_panel.js";

/** @import { Ticket } from "#shared/lib/shapes.js" */
/** @import { Office } from "#staff/lib/office.js" */

const EVERY_MS = 15_000;

/** How long somebody waited for the call. @param {Ticket} ticket */
const waitText = ({ arrived_at, called_at }) =>
  called_at ? waited((Date.parse(called_at) - Date.parse(arrived_at)) / 1000) : "";

const idOf = (/** @type {Ticket} */ { id }) => id;

/** @param {{office: Office}} sent */
export function Tickets({ office }) {
  const asked = useAsked(office, "/tickets", EVERY_MS);
  const types = useAsked(office, "/settings/service-types").content?.service_types ?? [];
  const [open, choose] = useState(/** @type {Ticket | null} */ (null));
  useEffect(() => {
    const close = (/** @type {KeyboardEvent} */ { key }) => void (key === "Escape" && choose(null));
    addEventListener("keydown", close);
    return () => removeEventListener("keydown", close);
  }, []);
  const zone = asked.content?.timezone;
  const typeName = (/** @type {any} */ code) =>
    nameOf(types.find((/** @type {any} */ type) => type.code === code)?.names) || code;
  /** @type {import("#staff/parts/data_table.js").Column[]} */
  const columns = [
    { words: "tickets.number", show: ({ number }) => number },
    { words: "tickets.for", show: ({ service_type }) => typeName(service_type) },
    { words: "tickets.level", show: ({ service_level }) => t(`level.${service_level}`) },
    { words: "tickets.came", show: ({ arrived_at }) => timeOfDay(Date.parse(arrived_at), zone) },
    { words: "tickets.waited", kind: "number", show: (ticket) => waitText(ticket) },
    { words: "tickets.passed", kind: "number", show: (ticket) => passedText(ticket) },
    { words: "tickets.at", show: ({ service_point }) => service_point ?? "" },
    { words: "admin.state", show: ({ state }) => t(`ticket_state.${state}`) },
  ];
  const why = open && { ticket: open, server: office.server, timezone: zone, onClose: () => choose(null) };
  const rows = asked.content?.tickets ?? [];
  return html`<${AdminPage} name="tickets" asked=${asked}
    beside=${why && html`<aside class="beside"><${WhyPanel} key=${open.id} ...${why} /></aside>`}>
    <${DataTable} ...${{ columns, rows, onOpen: choose }} openId=${open?.id}
      caption=${t("tickets.of", { day: asked.content?.business_day ?? "" })} idOf=${idOf} />
  <//>`;
}

/** Later arrivals that went first: by the rule, of how many at most, and by a hand. @param {Ticket} ticket */
function passedText({ overtaken = 0, overtake_cap = 0, overtaken_by_hand = 0 }) {
  const byHand = overtaken_by_hand ? t("tickets.by_hand", { n: overtaken_by_hand }) : "";
  if (!overtaken && !byHand) return "";
  return t("why.of", { n: overtaken, cap: overtake_cap }) + byHand;
}
