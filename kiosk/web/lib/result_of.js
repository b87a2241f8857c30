/** What a routed visit shows. Pure. */

/** @import { Issued, RoutedVisit } from "#shared/lib/shapes.js" */
/** @import { ResultStep } from "#kiosk/lib/steps.js" */

/** @param {RoutedVisit} routed @param {string} service @param {string} visitId @returns {ResultStep} */
export function resultOf({ ticket, faster }, service, visitId) {
  const issued = /** @type {Issued} */ (ticket); // a ticket was asked for
  return { name: "result", issued, service, visitId, faster: faster ?? null, isBusy: false, isTaken: false };
}
