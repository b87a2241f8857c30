/** How far what a screen shows can be trusted. */

/** The server beats every 5 s of silence: two beats missed and some patience. */
export const STALE_AFTER_MS = 12_000;
/** A reconnect shorter than this changes the light only: a restart should not flash strips at everybody. */
export const GRACE_MS = 2_000;

/**
 * @param {object} facts all times on the monotonic clock
 * @param {boolean} facts.hasLobby
 * @param {"connecting" | "connected" | "reconnecting" | "refused"} facts.link
 * @param {number} facts.heardMs last sign of life
 * @param {number} facts.lostMs when the link was lost
 * @param {number} nowMs
 * @returns {"connecting" | "live" | "stale" | "offline"}
 */
export function freshnessOf({ hasLobby, link, heardMs, lostMs }, nowMs) {
  if (!hasLobby) return link === "refused" ? "offline" : "connecting";
  if (link === "refused") return "offline";
  if (link !== "connected" && nowMs - lostMs >= GRACE_MS) return "offline";
  return nowMs - heardMs >= STALE_AFTER_MS ? "stale" : "live";
}
