/** All customers of the lobby in their arrangement: to be met, most urgent, the others, and who is taken care of. */

import { useState } from "preact/hooks";
import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { Empty } from "#shared/parts/empty.js";
import { AlertBar } from "#staff/parts/alert_bar.js";
import { useGlide } from "#staff/parts/glide.js";
import { VisitCard } from "#staff/parts/visit_card.js";

/** @import { Alert, Lobby } from "#shared/lib/shapes.js" */
/** @import { Arrangement } from "#staff/lib/arrangement.js" */
/** @import { Care } from "#staff/lib/care.js" */
/** @import { Entry } from "#staff/lib/entries.js" */
/** @import { Claims } from "#staff/lib/claims.js" */
/** @import { ServerClock } from "#shared/lib/clock.js" */
/**
 * @typedef {object} Sent
 * @property {Arrangement} arrangement
 * @property {ReadonlyMap<string, Entry>} newest
 * @property {Lobby} lobby
 * @property {Claims} claims
 * @property {Care} care
 * @property {ServerClock} clock
 * @property {boolean} isAble
 * @property {string | null} openId the visit that lies open beside
 * @property {() => void} onMore show all alerts
 */

/** Above this the rest waits behind a button: nobody reads further. */
const SHOWN_MAX = 60;

/** @param {Sent} sent */
export function VisitList({ arrangement, newest, lobby, claims, care, clock, isAble, openId, onMore }) {
  const { alerts, more, first, taken } = arrangement;
  const [isOpen, open] = useState(false);
  const others = isOpen ? arrangement.rest : arrangement.rest.slice(0, SHOWN_MAX);
  const hiddenCount = arrangement.rest.length - others.length;
  const order = [alerts, first ? [first] : [], others, taken];
  const place = useGlide(order.map((part) => part.map(({ id }) => id).join()).join("|"));
  const types = lobby.service_types;
  const card = (/** @type {Entry} */ entry, isFirst = false) =>
    html`<${VisitCard} key=${entry.id} ...${{ entry, isFirst, types, claims, clock, isAble }}
      isOpen=${entry.id === openId} />`;
  const cards = (/** @type {Entry[]} */ entries) =>
    html`<ul class="cards">
      ${entries.map((entry) => card(entry))}
    </ul>`;
  const bar = (/** @type {Alert} */ alert) => {
    const entry = newest.get(alert.visit_id ?? "") ?? null;
    return html`<${AlertBar} key=${alert.id} ...${{ alert, entry, lobby, claims, care, clock }} />`;
  };
  return html`<div class="list" ref=${place}>
    ${alerts.map(bar)}
    ${more > 0 && html`<button type="button" class="more" onClick=${onMore}>${t("alert.more", { n: more })}</button>`}
    ${first && html`<${Heading} text=${t("list.first")} /><ul class="cards">${card(first, true)}</ul>`}
    ${others.length > 0 && html`<${Heading} text=${t("list.rest", { n: arrangement.rest.length })} />${cards(others)}`}
    ${hiddenCount > 0 && html`<${More} count=${hiddenCount} open=${() => open(true)} />`}
    ${!first && alerts.length === 0 && html`<${Nobody} />`}
    ${taken.length > 0 && html`<${Heading} text=${t("list.taken", { n: taken.length })} />${cards(taken)}`}
  </div>`;
}

const Nobody = () => html`<${Empty} icon="users" title=${t("list.empty")} hint=${t("list.empty_hint")} />`;

/** @param {{count: number, open: () => void}} sent */
const More = ({ count, open }) =>
  html`<button type="button" class="more" onClick=${open}>${t("list.more", { n: count })}</button>`;

/** @param {{text: string}} sent */
const Heading = ({ text }) => html`<h2 class="list-title">${text}</h2>`;
