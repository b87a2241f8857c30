/** A queue policy as its form sees it: one line a setting. Pure. */

import { t } from "#shared/lib/words.js";

/**
 * @typedef {{discipline: string, overtake_cap: number, version: number, rule_version: string,
 *   parameters: {weights: Record<string, number>, vip_run_max: number, overdue_s: number,
 *     points_planned: number | null}}} Policy
 */
/**
 * @typedef {object} Setting
 * @property {string} name
 * @property {string} words key of what it is called
 * @property {string[]} [choices]
 * @property {number} [min]
 * @property {number} [max]
 * @property {number} [step]
 * @property {(policy: Policy) => string | number} get
 * @property {(policy: Policy, value: any) => Policy} put
 */

const MINUTE_S = 60;

/** @param {Policy} policy @param {Partial<Policy["parameters"]>} changed @returns {Policy} */
const withParameters = (policy, changed) => ({ ...policy, parameters: { ...policy.parameters, ...changed } });

/** @param {string} level @returns {Setting} */
const weight = (level) => ({
  name: `weight_${level}`,
  words: `queue.weight_${level}`,
  min: 0.5,
  max: 100,
  step: 0.5,
  get: ({ parameters }) => parameters.weights[level],
  put: (policy, value) => withParameters(policy, { weights: { ...policy.parameters.weights, [level]: value } }),
});

/** @type {Setting[]} */
export const SETTINGS = [
  {
    name: "discipline",
    words: "queue.mode",
    choices: ["fifo", "accumulating", "bounded_vip"],
    get: ({ discipline }) => discipline,
    put: (policy, discipline) => ({ ...policy, discipline }),
  },
  {
    name: "overtake_cap",
    words: "queue.cap",
    min: 0,
    max: 50,
    get: ({ overtake_cap }) => overtake_cap,
    put: (policy, overtake_cap) => ({ ...policy, overtake_cap }),
  },
  weight("vip"),
  weight("appointment"),
  weight("vulnerable"),
  {
    name: "vip_run_max",
    words: "queue.vip_run",
    min: 1,
    max: 10,
    get: ({ parameters }) => parameters.vip_run_max,
    put: (policy, vip_run_max) => withParameters(policy, { vip_run_max }),
  },
  {
    name: "overdue",
    words: "queue.overdue",
    min: 1,
    max: 240,
    get: ({ parameters }) => parameters.overdue_s / MINUTE_S,
    put: (policy, minutes) => withParameters(policy, { overdue_s: minutes * MINUTE_S }),
  },
];

/** What a form would change. @param {Policy} before @param {Policy} after */
export function changesOf(before, after) {
  const said = (/** @type {Setting} */ { choices, get }, /** @type {Policy} */ of) =>
    choices ? t(`queue.is_${get(of)}`) : String(get(of));
  return SETTINGS.filter(({ get }) => get(before) !== get(after)).map((setting) => ({
    words: setting.words,
    from: said(setting, before),
    to: said(setting, after),
  }));
}

/** As the server takes it. @param {Policy} policy */
export const policyOf = ({ discipline, overtake_cap, parameters }) => ({ discipline, overtake_cap, parameters });
