/** What the kiosk says at each step to whoever uses its keys, as clips in order. Pure. */

import { PAUSE, spokenCode, spokenNumber, spokenPoint } from "#shared/lib/spoken.js";

/** @import { Lobby, Machine, Wait } from "#shared/lib/shapes.js" */
/** @import { Step } from "#kiosk/lib/steps.js" */

const codes = (/** @type {{code: string}[]} */ services) => services.map(({ code }) => code);

/** Choices in the order of their keys. @param {string[]} services */
const choices = (services) =>
  services.flatMap((code, at) => [`service_${code}`, PAUSE, "press", `number_${at + 1}`, PAUSE]);

/** @param {Wait | null} wait */
function spokenWait(wait) {
  if (!wait) return [];
  const from = Math.floor(wait.p50_s / 60);
  const to = Math.max(from + 1, Math.ceil(wait.p90_s / 60));
  return ["guide_wait", ...spokenNumber(from), "range_to", ...spokenNumber(to), "minutes", PAUSE];
}

/** @param {Machine} device @param {string} language */
const toMachine = ({ names }, language) => [
  "guide_machine",
  ...spokenPoint({ kind: "machine", names }, language),
  PAUSE,
];

/** @param {string} number */
const yours = (number) => ["guide_number", ...spokenCode(number), PAUSE];

/**
 * The sentences of a step.
 * @param {Step} step
 * @param {string} language
 * @param {Lobby | null} lobby
 * @returns {string[]}
 */
export function guideOf(step, language, lobby) {
  switch (step.name) {
    case "home":
      return ["guide_home", ...choices(codes(tilesOf(lobby))), "guide_keys"];
    case "choose":
      return ["guide_choose", ...choices(codes(step.arrival.services.slice(0, CHOICES_MAX))), "guide_keys"];
    case "result": {
      const { number, ahead, expected_wait } = step.issued;
      const faster = step.faster ? [...toMachine(step.faster.device, language), "press", "number_1", PAUSE] : [];
      const place = ["guide_ahead", ...spokenNumber(ahead), "people", PAUSE, ...spokenWait(expected_wait)];
      return [...faster, ...yours(number), ...place, "guide_seat"];
    }
    case "alone":
      return [...yours(step.number), "guide_seat"];
    case "machine":
      return toMachine(step.device, language);
    case "already":
      return [...yours(step.ticket.number), "guide_seat"];
    case "helped":
      return ["guide_helped"];
    case "trouble":
      return ["guide_trouble"];
    default:
      return [];
  }
}

/** The suggested service and four others. */
export const CHOICES_MAX = 5;
const TILES_MAX = 6;

/** What the first screen offers. @param {Lobby | null} lobby */
export const tilesOf = (lobby) =>
  (lobby?.service_types ?? []).filter((type) => type.tile !== false).slice(0, TILES_MAX);
