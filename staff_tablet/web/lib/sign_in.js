/** Signing in and where each person works. */

/** @import { Server } from "#shared/lib/server.js" */

/** @type {[role: string, place: string][]} */
const PLACES = [
  ["lobby_manager", "/tablet"],
  ["teller", "/desk"],
  ["rm", "/rm"],
  ["rm", "/desk"],
  ["head", "/head"],
  ["head", "/tablet"],
  ["head", "/admin"],
  ["admin", "/admin"],
];
/** One's own referrals and statement. */
const EVERYBODYS = "/mine";

/**
 * The screen a person works at: the wished one if it is theirs. Those without a screen choose for themselves.
 * @param {string[]} roles
 * @param {string} [wished]
 */
export function homeOf(roles, wished) {
  const own = PLACES.filter(([role]) => roles.includes(role)).map(([, place]) => place);
  return [...own, EVERYBODYS].find((place) => place === wished) ?? own[0] ?? "/";
}

/**
 * @param {Server} server
 * @param {string} branch
 * @param {string} staffNo
 * @param {string} password
 * @returns {Promise<{staff: {staff_no: string, roles: string[]}, csrf: string}>}
 */
export const signIn = (server, branch, staffNo, password) =>
  server.command("/sign-in", { branch: branch.trim(), staff_no: staffNo.trim(), password });
