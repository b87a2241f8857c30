/** Who did what on a day, newest first; more is fetched when it is asked for. */

import { useEffect, useState } from "preact/hooks";
import { sentenceOf } from "#shared/lib/failures.js";
import { timeOfDay } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { has, t } from "#shared/lib/words.js";
import { Button } from "#shared/parts/button.js";
import { AdminPage } from "#staff/parts/admin_page.js";
import { DataTable } from "#staff/parts/data_table.js";

/** @import { Office } from "#staff/lib/office.js" */
/** @typedef {{audit_seq: number, at: string, by: {kind: string, name: string, staff_no: string | null},
 *   deed: string, subject: string, facts: Record<string, unknown>}} Deed */
/** @typedef {{day: string, timezone: string, deeds: Deed[], before: number | null}} Page */

const REFUSED = "refused_";

/** A deed in words; what we have none for is shown as it is written. @param {Deed} deed */
const deedText = ({ deed }) =>
  deed.startsWith(REFUSED) ? t("audit.refused", { what: nameOf(deed.slice(REFUSED.length)) }) : nameOf(deed);

function nameOf(/** @type {string} */ deed) {
  if (has(`touch.${deed}`)) return t(`touch.${deed}`, { number: "" }).trim();
  return has(`deed.${deed}`) ? t(`deed.${deed}`) : deed.replaceAll("_", " ");
}

/** @param {Deed} deed */
const byText = ({ by }) => [by.name || t(`audit.${by.kind}`), by.staff_no].filter(Boolean).join(" ");

/** Ids say nothing to a reader, but a search finds them. @param {Deed} deed */
const factsText = ({ facts }) =>
  Object.entries(facts)
    .map(([name, fact]) => `${name} ${factText(fact)}`)
    .join(" · ");

/** A change says from what to what. @param {any} fact */
function factText(fact) {
  if (typeof fact !== "object" || fact === null) return fact;
  return "from" in fact && "to" in fact ? t("queue.from_to", fact) : JSON.stringify(fact);
}

const small = (/** @type {string} */ text) => html`<small class="wrap">${text}</small>`;

/** @param {{office: Office}} sent */
export function Audit({ office }) {
  const [day, choose] = useState("");
  const [page, tell] = useState(/** @type {Page | null} */ (null));
  const [trouble, say] = useState("");
  const fetchFrom = async (/** @type {number | null} */ before) => {
    const query = new URLSearchParams({ ...(day && { day }), ...(before && { before: String(before) }) });
    try {
      const more = await office.server.read(`/audit?${query}`);
      tell((known) => (before && known ? { ...more, deeds: [...known.deeds, ...more.deeds] } : more));
      say("");
    } catch (failure) {
      say(sentenceOf(failure));
    }
  };
  const reload = () => void fetchFrom(null);
  useEffect(reload, [day]);
  const asked = { content: page, trouble, reload };
  /** @type {import("#staff/parts/data_table.js").Column[]} */
  const columns = [
    { words: "audit.at", show: ({ at }) => timeOfDay(Date.parse(at), page?.timezone) },
    { words: "audit.who", show: byText },
    { words: "audit.what", show: deedText },
    { words: "audit.about", show: ({ subject }) => small(subject), text: ({ subject }) => subject },
    { words: "audit.facts", show: (deed) => small(factsText(deed)), text: factsText },
  ];
  const acts = html`<label class="field inline"><span>${t("audit.day")}</span>
    <input type="date" value=${day || page?.day} onChange=${(/** @type {any} */ event) => choose(event.target.value)} />
  </label>`;
  return html`<${AdminPage} name="audit" asked=${asked} acts=${acts}>
    <${DataTable} caption=${t("audit.of", { day: page?.day ?? "" })} columns=${columns} rows=${page?.deeds ?? []}
      idOf=${(/** @type {Deed} */ { audit_seq }) => String(audit_seq)} />
    ${page?.before && html`<${Button} onPress=${() => fetchFrom(page.before)}>${t("audit.more")}<//>`}
  <//>`;
}
