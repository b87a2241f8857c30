/** Put events into the lobby that a screen shows. Pure: the same lobby and news give the same result. */

/** @import { Lobby, LobbyEvent, News, Beat, Device } from "#shared/lib/shapes.js" */

/**
 * @typedef {object} Applied
 * @property {Lobby} lobby
 * @property {boolean} isGap something was missed: ask for the lobby again
 */

/** Whoever is gone needs no place on a screen. */
const GONE = new Set(["finished", "cancelled", "left", "ended"]);

/**
 * Apply news in order. What is known already is skipped.
 * @param {Lobby} lobby
 * @param {News} news
 * @returns {Applied}
 */
export function applyNews(lobby, news) {
  if (news.epoch !== lobby.epoch) return { lobby, isGap: true };
  let next = lobby;
  for (const event of news.events) {
    if (event.seq <= next.seq) continue;
    // A snapshot's number may lie beyond our audience's last event, so "not after ours" is as good as "equal".
    if (event.prev_seq > next.seq) return { lobby: next, isGap: true };
    next = { ...applyEvent(next, event), seq: event.seq };
  }
  return { lobby: next, isGap: false };
}

/** Whether a sign of life tells of something we have not heard. @param {Lobby} lobby @param {Beat} beat */
export const isBehind = (lobby, beat) => beat.epoch !== lobby.epoch || beat.seq > lobby.seq;

/** @param {Lobby} lobby @param {Pick<LobbyEvent, "type" | "data">} event @returns {Lobby} */
export function applyEvent(lobby, { type, data }) {
  const [kind] = type.split(".");
  switch (kind) {
    case "visit":
      return { ...lobby, visits: put(lobby.visits, data, (visit) => visit.visit_id) };
    case "ticket": {
      const { passed, ...ticket } = data;
      return { ...lobby, tickets: put(overtake(lobby.tickets, passed), ticket, (each) => each.id ?? each.number) };
    }
    case "service_point":
      return { ...lobby, service_points: put(lobby.service_points, data, (point) => point.code) };
    case "alert":
      return { ...lobby, alerts: put(lobby.alerts, data, (alert) => alert.id) };
    case "device":
      return { ...lobby, devices: renewed(lobby.devices, data) };
    case "queue":
      return { ...lobby, queue: data };
    case "expected_wait":
      return { ...lobby, expected_wait: data.waits };
    default:
      return lobby; // a newer server tells more than this screen shows
  }
}

/**
 * News of a device that is known; a new one comes with the next snapshot.
 * @param {Device[]} devices
 * @param {Partial<Device> & {device_id: string}} told
 */
const renewed = (devices, { device_id, ...told }) =>
  devices.map((device) => (device.id === device_id ? { ...device, ...told } : device));

/**
 * The tickets with the new counts of those whom a call has passed.
 * @param {Lobby["tickets"]} tickets
 * @param {{ticket_id: string, overtaken: number, overtaken_by_hand: number}[]} [passed]
 */
function overtake(tickets, passed) {
  if (!passed?.length) return tickets;
  const counts = new Map(passed.map(({ ticket_id, ...counted }) => [ticket_id, counted]));
  // Whoever was not passed stays the same object, so that their card need not be drawn again.
  return tickets.map((ticket) => {
    const count = counts.get(ticket.id ?? "");
    return count ? { ...ticket, ...count } : ticket;
  });
}

/**
 * The list with one thing replaced, added or, when it is gone, taken out; the others keep their places.
 * @template {{state: string}} T
 * @param {T[]} things
 * @param {T} thing
 * @param {(thing: T) => string} idOf
 */
function put(things, thing, idOf) {
  const id = idOf(thing);
  if (GONE.has(thing.state)) return things.filter((other) => idOf(other) !== id);
  const at = things.findIndex((other) => idOf(other) === id);
  return at < 0 ? [...things, thing] : things.with(at, thing);
}
