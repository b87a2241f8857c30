/** Why this ticket was called when it was, in words that can be read out to whoever asks. */

import { useEffect, useState } from "preact/hooks";
import { sentenceOf } from "#shared/lib/failures.js";
import { timeOfDay, waited } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { has, t } from "#shared/lib/words.js";
import { Shapes } from "#shared/parts/empty.js";
import { Icon } from "#shared/parts/icon.js";
import { DeskPanel } from "#staff/parts/desk_panel.js";

/** @import { Candidate, Ticket, Why } from "#shared/lib/shapes.js" */
/** @import { Server } from "#shared/lib/server.js" */

/** Nobody reads further; the number of the others is said. */
const SHOWN_MAX = 6;

/** @param {{ticket: Ticket, server: Server, timezone: string, onClose: () => void}} sent */
export function WhyPanel({ ticket, server, timezone, onClose }) {
  const [why, tell] = useState(/** @type {Why | string | null} */ (null));
  useEffect(() => {
    let isGone = false;
    const asked = server.read(`/tickets/${ticket.id}/why?replay=1`);
    asked.then((found) => isGone || tell(found)).catch((failure) => isGone || tell(sentenceOf(failure)));
    return () => void (isGone = true);
  }, [ticket.id, ticket.called_at]);
  const title = t("why.title", { number: ticket.number });
  if (!why || typeof why === "string")
    return html`<${DeskPanel} title=${title} hint=${why ?? ""} onClose=${onClose}>
      ${!why && html`<${Shapes} rows=${2} />`}
    <//>`;
  const at = timeOfDay(Date.parse(why.called_at), timezone);
  return html`<${DeskPanel} title=${title} hint=${t("why.when", { at, rule: why.rule_version })} onClose=${onClose}>
    <p class="why-reason">${reasonText(why, ticket)}</p>
    <${Proof} isEqual=${why.replayed_equal} />
    <${Table} why=${why} number=${ticket.number} />
  <//>`;
}

/** @param {Why} why @param {Ticket} ticket */
function reasonText(why, ticket) {
  const passed = why.candidates.filter((each) => each.passed);
  const key = has(`why.${why.reason}`) ? `why.${why.reason}` : "why.other";
  const called = why.candidates.find((each) => each.number === ticket.number);
  const facts = { number: ticket.number, reason: why.hand_reason ?? why.reason, cap: called?.overtake_cap };
  const sentence = t(key, facts);
  if (passed.length === 0) return sentence + t("join.sentence") + t("why.passed_none");
  const numbers = passed.map((each) => each.number).join(t("join.list"));
  return sentence + t("join.sentence") + t("why.passed", { numbers });
}

/** Whoever was called first, then the others, most points first. @param {{why: Why, number: string}} sent */
function Table({ why, number }) {
  const sorted = [...why.candidates].sort(
    (one, other) => Number(other.number === number) - Number(one.number === number) || other.score - one.score,
  );
  const [shown, hidden] = [sorted.slice(0, SHOWN_MAX), sorted.length - SHOWN_MAX];
  // First come, first served knows neither weights nor points.
  const isScored = sorted.some((each) => each.weight !== 1);
  const columns = ["number", "waited", ...(isScored ? ["level", "score"] : []), "overtaken"];
  return html`<div class="why-scroll" tabindex="0" role="region" aria-label=${t("why.table")}>
    <table class="why-table">
      <thead><tr>
        ${columns.map((name) => html`<th key=${name} scope="col">${t(`why.col_${name}`)}</th>`)}
      </tr></thead>
      <tbody>
        ${shown.map((each) => {
          const isCalled = each.number === number;
          return html`<${Row} key=${each.number} each=${each} isScored=${isScored} isCalled=${isCalled} />`;
        })}
      </tbody>
    </table>
    ${hidden > 0 && html`<p class="quiet-text">${t("list.more", { n: hidden })}</p>`}
  </div>`;
}

/** @param {{each: Candidate, isCalled: boolean, isScored: boolean}} sent */
const Row = ({ each, isCalled, isScored }) => html`<tr class=${isCalled ? "called" : ""}>
  <th scope="row"><b class="code">${each.number}</b>${isCalled && html` <span>${t("why.called")}</span>`}</th>
  <td>${waited(each.waited_s)}</td>
  ${isScored && html`<td>${t(`level.${each.service_level}`)}${each.weight === 1 ? "" : ` ×${each.weight}`}</td>`}
  ${isScored && html`<td>${Math.round(each.score / 60)}</td>`}
  <td>${each.overtake_cap ? t("why.of", { n: each.overtaken, cap: each.overtake_cap }) : each.overtaken}</td>
</tr>`;

/** @param {{isEqual: boolean | null}} sent */
function Proof({ isEqual }) {
  if (isEqual === null) return html`<p class="why-proof">${t("why.not_replayed")}</p>`;
  return html`<p class="why-proof ${isEqual ? "" : "broken"}">
    <${Icon} name=${isEqual ? "check" : "circle-alert"} />${t(isEqual ? "why.replayed" : "why.replayed_other")}
  </p>`;
}
