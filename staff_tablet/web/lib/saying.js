/** Codes of the server put into words for staff: why we think so, and what to say. */

import { monthDay } from "#shared/lib/format.js";
import { has, nameOf, t } from "#shared/lib/words.js";

/** @import { Reason, ServicePoint, ServiceType, Visit } from "#shared/lib/shapes.js" */

const ISO_DATE = /^\d{4}-\d{2}-\d{2}/;

/** Facts as people read them: dates short, names in the language of the moment. @param {Reason} reason */
function readable(reason) {
  return Object.fromEntries(
    Object.entries(reason).map(([name, fact]) => {
      if (typeof fact === "string" && ISO_DATE.test(fact)) return [name, monthDay(fact)];
      if (fact && typeof fact === "object") return [name, nameOf(/** @type {Record<string, string>} */ (fact))];
      return [name, fact];
    }),
  );
}

/** @param {"reason" | "greeting"} kind @param {Reason | null | undefined} reason */
export function sayingOf(kind, reason) {
  const plain = kind === "reason" ? `reason.${reason?.code}` : `greeting.${reason?.code}`;
  const key = reason?.days === 0 ? `${plain}_today` : plain;
  return reason && has(key) ? t(key, readable(reason)) : "";
}

/** What they came for: what they chose, else what we think. @param {ServiceType[]} types @param {Visit} visit */
export function needName(types, visit) {
  const code = visit.service_type ?? visit.need?.code;
  return nameOf(types.find((type) => type.code === code)?.names) || t("need.unknown");
}

/** Which tickets a window calls. @param {ServicePoint} point */
export const servesText = (point) => t("desk.serves", { classes: point.serves.join(t("join.list")) });

/** @param {Visit} visit */
export const customerName = (visit) => visit.masked_name ?? t("customer.unknown");

/** A product line; one that we have no word for is shown as it is written. @param {string} code */
export const lineName = (code) => (has(`line.${code}`) ? t(`line.${code}`) : code);
