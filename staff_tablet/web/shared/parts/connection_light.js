/** The light in every bar: begins as connecting, and never claims more than is known. */

import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";

/** @import { Live } from "#shared/lib/live.js" */

/** @param {{live: Live}} sent */
export function ConnectionLight({ live }) {
  const state = live.freshness.value === "stale" ? "stale" : live.link.value;
  return html`<span class="light ${state}" role="status"><span class="light-dot"></span>${t(`link.${state}`)}</span>`;
}
