/** Who needs the lobby manager most. Pure. */

import { shareOf, waitedS } from "#staff/lib/entries.js";

/** @import { Visit } from "#shared/lib/shapes.js" */
/** @import { Entry } from "#staff/lib/entries.js" */

/** Shares of a promise that a tier is worth. @type {Record<string, number>} */
const TIER_BONUS = { gold: 0.05, platinum: 0.1, diamond: 0.2, private: 0.5 };
const ASSISTANCE_BONUS = 0.15;
/** From here on a wait counts as about to be late. */
export const LATE_SHARE = 0.9;

/** What an urgency is made of, as shares of the promise: the card says why it stands high. */
export const partsOf = (/** @type {Visit} */ visit, /** @type {number} */ nowMs) => ({
  waited: shareOf(visit, nowMs),
  tier: TIER_BONUS[visit.tier ?? ""] ?? 0,
  assistance: visit.service_level === "vulnerable" ? ASSISTANCE_BONUS : 0,
});

/** waited/promise + tier bonus + assistance. @param {Visit} visit @param {number} nowMs */
export function urgencyOf(visit, nowMs) {
  const { waited, tier, assistance } = partsOf(visit, nowMs);
  return waited + tier + assistance;
}

/** The most urgent first; who came earlier goes first among equals. @param {Entry[]} entries @param {number} nowMs */
export function byUrgency(entries, nowMs) {
  const weighed = entries.map((entry) => ({ entry, weight: urgencyOf(entry.visit, nowMs) }));
  weighed.sort(
    (one, other) => other.weight - one.weight || one.entry.visit.arrived_at.localeCompare(other.entry.visit.arrived_at),
  );
  return weighed.map(({ entry }) => entry);
}

/**
 * The figures of the bar.
 * @param {Entry[]} entries
 * @param {number} nowMs
 */
export function figuresOf(entries, nowMs) {
  const waits = entries.map(({ visit }) => waitedS(visit, nowMs));
  const sum = waits.reduce((total, each) => total + each, 0);
  const lateIds = entries.filter(({ visit }) => shareOf(visit, nowMs) >= LATE_SHARE).map(({ id }) => id);
  return { averageS: waits.length ? sum / waits.length : 0, lateIds };
}
