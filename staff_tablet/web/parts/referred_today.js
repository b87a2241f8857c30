/** What I referred today, and where it stands. */

import { dayAt, timeOfDay } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { useAsked } from "#staff/lib/office.js";
import { lineName } from "#staff/lib/saying.js";

/** @import { Server } from "#shared/lib/server.js" */
/** @import { Office } from "#staff/lib/office.js" */
/** @import { Referral } from "#staff/lib/referrals.js" */

const SHOWN_MAX = 5;

const holder = (/** @type {Referral} */ of) => (of.receiver ?? of.offered_to)?.name ?? t("mine.nobody");

/** @param {{server: Server, timezone: string, nowMs: number}} sent */
export function ReferredToday({ server, timezone, nowMs }) {
  const { content } = useAsked(/** @type {Office} */ ({ server }), "/referrals?role=referrer");
  const dayOf = (/** @type {number} */ at) => dayAt(at, timezone);
  const today = dayOf(nowMs);
  /** @type {Referral[]} */
  const mine = (content?.referrals ?? [])
    .filter((/** @type {Referral} */ of) => dayOf(Date.parse(of.created_at)) === today)
    .slice(0, SHOWN_MAX);
  if (mine.length === 0) return null;
  return html`<h4>${t("refer.today")}</h4>
    <ul class="refer-today">
      ${mine.map(
        (of) => html`<li key=${of.id}>
          <time>${timeOfDay(Date.parse(of.created_at), timezone)}</time>
          <b>${of.masked_name ?? t("customer.unknown")}</b>
          <span>${lineName(of.product_line)}${t("join.arrow")}${holder(of)}</span>
          <span class="badge plain">${t(`referral_state.${of.state}`)}</span>
        </li>`,
      )}
    </ul>`;
}
