/** An answer of the server: what it says, and no longer than we wait for it. */

import { Refused, Unreachable } from "#shared/lib/failures.js";

/** What it says. Rejects with Refused, and with Unreachable when it broke off. @param {Response} answer */
export async function readAnswer(answer) {
  if (answer.status === 204) return null;
  if (!answer.ok) throw new Refused(answer.status, await answer.json().catch(() => ({})));
  return answer.json().catch(() => {
    throw new Unreachable("the answer broke off");
  });
}

/** @template T @param {AbortSignal} signal @param {Promise<T>} coming @returns {Promise<T>} rejects when time is up */
export const before = (signal, coming) =>
  Promise.race([coming, new Promise((_, fail) => signal.addEventListener("abort", fail, { once: true }))]);
