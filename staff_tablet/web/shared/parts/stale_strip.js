/** The amber strip that says how old the list is and what that means. It pushes content down, never covers it. */

import { timeOfDay } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { Icon } from "#shared/parts/icon.js";

/** @import { Live } from "#shared/lib/live.js" */
/** @import { ServerClock } from "#shared/lib/clock.js" */

/** @param {{live: Live, clock: ServerClock, effect: string}} sent `effect`: key of what is refused meanwhile */
export function StaleStrip({ live, clock, effect }) {
  const state = live.freshness.value;
  if (state === "live" || state === "connecting") return null;
  const zone = live.lobby.value?.branch.timezone;
  const at = timeOfDay(clock.at(live.heardMs.value), zone);
  return html`<div class="strip" role="status">
    <${Icon} name="wifi-off" /><span>${t(`strip.${state}`, { at })} ${t(effect)}</span>
  </div>`;
}
