/** Why something that was asked of the server did not happen. */

import { has, t } from "#shared/lib/words.js";

/** The server said no: a stable code and the facts that came with it. */
export class Refused extends Error {
  /**
   * @param {number} http
   * @param {Record<string, any>} problem the problem+json that was answered
   */
  constructor(http, problem) {
    super(`refused: ${problem.code ?? http}`);
    this.http = http;
    this.code = String(problem.code ?? `http_${http}`);
    this.facts = problem;
    this.requestId = String(problem.request_id ?? "");
  }
}

/** No answer came, after all tries. Whether it was done is unknown; the same key may be sent again. */
export class Unreachable extends Error {}

/** The sentence for a failure, in the language of the moment. @param {unknown} failure */
export function sentenceOf(failure) {
  if (failure instanceof Refused) {
    const key = `error.${failure.code}`;
    const who = failure.facts.by?.name ?? failure.facts.facts?.by?.name ?? "";
    return has(key) ? t(key, { ...failure.facts, who }) : t("error.unknown", { code: failure.code });
  }
  return t("error.unreachable");
}

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
