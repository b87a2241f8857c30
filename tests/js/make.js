/** One cast for the tests of the browser's pure modules. */

/** @import { Alert, Lobby, LobbyEvent, Queue, Ticket, Visit } from "#shared/lib/shapes.js" */

export const NOON = Date.parse("2026-11-16T04:00:00Z");
const at = (/** @type {number} */ secondsAgo) => new Date(NOON - secondsAgo * 1000).toISOString();

/** @param {string} id @param {Partial<Visit> & {waited_s?: number}} [facts] @returns {Visit} */
export function visit(id, { waited_s = 60, ...facts } = {}) {
  return {
    customer_id: null,
    visit_id: id,
    state: "arrived",
    arrived_at: at(waited_s),
    masked_name: "W*",
    tier: null,
    tier_as_of: null,
    service_level: "ordinary",
    need: null,
    greeting: { code: "morning_guest" },
    party_size: 1,
    service_type: null,
    route: null,
    ticket_id: null,
    claimed_by: null,
    claimed_until: null,
    language: "zh-CN",
    promise_s: 900,
    ...facts,
  };
}

/** @param {string} number @param {Partial<Ticket>} [facts] @returns {Ticket} */
export function ticket(number, facts = {}) {
  return {
    id: `t-${number}`,
    number,
    ticket_class: number[0],
    visit_id: `v-${number}`,
    service_type: "cash",
    state: "waiting",
    arrived_at: at(60),
    issued_at: at(60),
    called_at: null,
    service_point: null,
    language: "zh-CN",
    ...facts,
  };
}

/** @param {string} id @param {Partial<Alert> & {left_s?: number}} [facts] @returns {Alert} */
export function alert(id, { left_s = 30, ...facts } = {}) {
  return {
    id,
    kind: "arrival",
    urgency: "meet",
    visit_id: null,
    ticket_id: null,
    service_point: null,
    device_id: null,
    raised_at: at(0),
    respond_by: at(-left_s),
    rung: "lobby",
    state: "raised",
    leased_to: null,
    acknowledged_by: null,
    facts: {},
    ...facts,
  };
}

/** @param {Partial<Queue>} [facts] @returns {Queue} */
export function queue(facts = {}) {
  return {
    discipline: "fifo",
    rule_version: "fifo/1",
    overtake_cap: 0,
    is_degraded: false,
    kiosks_down: false,
    machines_down: false,
    points_open: 3,
    points_planned: null,
    unserved: [],
    ...facts,
  };
}

/** @param {Partial<Lobby>} [facts] @returns {Lobby} */
export function lobby(facts = {}) {
  return {
    epoch: "e1",
    seq: 10,
    server_time: at(0),
    audience: "lobby",
    branch: { code: "0001", names: { en: "Riverside" }, timezone: "Asia/Shanghai", business_day: "2026-11-16" },
    service_types: [],
    visits: [],
    tickets: [],
    service_points: [],
    devices: [],
    alerts: [],
    queue: queue(),
    expected_wait: {},
    ...facts,
  };
}

/** @param {number} seq @param {number} prev_seq @param {string} type @param {any} data @returns {LobbyEvent} */
export const event = (seq, prev_seq, type, data) => ({ seq, prev_seq, type, at: at(0), data });

/** Numbers that look random and are the same in every run. @param {number} seed */
export function dice(seed) {
  let state = seed >>> 0;
  return (/** @type {number} */ sides) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}
