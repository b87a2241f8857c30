/** A running wait, with what was promised. It colours with the share of the promise. */

import { minutes, waited } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { levelOf } from "#shared/parts/time_rail.js";
import { shareOf, waitedS } from "#staff/lib/entries.js";

/** @import { Signal } from "@preact/signals-core" */
/** @import { Visit } from "#shared/lib/shapes.js" */
/** @import { ServerClock } from "#shared/lib/clock.js" */

/**
 * It stands still while its card is not seen.
 * @param {{visit: Visit, clock: ServerClock, seen: Signal<boolean>}} sent
 */
export function WaitClock({ visit, clock, seen }) {
  const nowMs = seen.value ? clock.second.value : clock.second.peek();
  const share = shareOf(visit, nowMs);
  return html`<div class="wait ${levelOf(share)}">
    <span class="wait-figure">${waited(waitedS(visit, nowMs))}</span>
    <span class="wait-promise">${promiseText(visit, share, nowMs)}</span>
  </div>`;
}

/** @param {Visit} visit @param {number} share @param {number} nowMs */
function promiseText(visit, share, nowMs) {
  if (share >= 1) return t("wait.over");
  if (share >= 0.9) return t("wait.left", { n: minutes(visit.promise_s - waitedS(visit, nowMs)) });
  return t("wait.promise", { n: minutes(visit.promise_s) });
}
