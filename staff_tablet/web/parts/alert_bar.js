/** Somebody to be met in person: indigo for the top tier, blue for help. It stays until somebody goes. */

import { waited } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { LevelBadge, TierBadge } from "#shared/parts/badge.js";
import { Button } from "#shared/parts/button.js";
import { Icon } from "#shared/parts/icon.js";
import { waitedS } from "#staff/lib/entries.js";
import { customerName, needName } from "#staff/lib/saying.js";

/** @import { ServiceType } from "#shared/lib/shapes.js" */
/** @import { Entry } from "#staff/lib/entries.js" */
/** @import { Claims } from "#staff/lib/claims.js" */
/** @import { ServerClock } from "#shared/lib/clock.js" */

const JUST_S = 60;

/** @param {{entry: Entry, types: ServiceType[], claims: Claims, clock: ServerClock}} sent */
export function AlertBar({ entry, types, claims, clock }) {
  const { visit, ticket } = entry;
  const isHelp = visit.tier !== "private";
  const seconds = waitedS(visit, clock.second.value);
  const since = seconds < JUST_S ? t("alert.just_arrived") : t("alert.waiting", { wait: waited(seconds) });
  return html`<section class="alert ${isHelp ? "help" : "tier"}" role="alert" data-visit=${visit.visit_id}>
    <${Icon} name="bell-ring" />
    <p class="alert-who">
      <b>${customerName(visit)}</b><${TierBadge} tier=${visit.tier} /><${LevelBadge} level=${visit.service_level} />
    </p>
    <p class="alert-what">
      <span>${since}${t("join.dot")}${needName(types, visit)}</span>
      ${ticket && html`<b class="code">${ticket.number}</b>`}
    </p>
    <${Button} kind="on-dark" isBusy=${claims.isTaken(visit)} says="${t("act.go_meet")} ${customerName(visit)}"
      onPress=${() => claims.take(visit)}>${claims.isTaken(visit) ? t("claim.mine") : t("act.go_meet")}<//>
  </section>`;
}
