/** How much of the promised time is used, at the card's leading edge: filled from below, in steps of 2 %. */

import { html } from "#shared/lib/html.js";

/** @param {number} share waited/promised @returns {"calm" | "soon" | "late"} */
export function levelOf(share) {
  if (share >= 0.9) return "late";
  return share >= 0.7 ? "soon" : "calm";
}

/** @param {{share: number}} sent */
export function TimeRail({ share }) {
  const filled = Math.min(100, Math.ceil(share * 50) * 2);
  return html`<svg class="rail ${levelOf(share)}" viewBox="0 0 6 100" preserveAspectRatio="none" aria-hidden="true">
    <rect class="rail-fill" width="6" height=${filled} y=${100 - filled} />
  </svg>`;
}
