/** The teller's desk as deeds: each has a key and a button; a panel asks what has to be known first. */

import { signal } from "@preact/signals-core";
import { t } from "#shared/lib/words.js";
import { deedsOf, lineOf, seatsOf, stepOf, ticketAt, windowOf } from "#staff/lib/window.js";
import { consentBy } from "#staff/lib/referrals.js";

/** @import { Lobby, ServicePoint, Ticket } from "#shared/lib/shapes.js" */
/** @import { Counter } from "#staff/lib/counter.js" */
/** @import { Step, Other } from "#staff/lib/window.js" */
/** @typedef {"hand" | "transfer" | "next" | "resume" | "why" | "card" | "refer" | "keys"} PanelName */
/** @typedef {{name: PanelName, ticket?: Ticket, line?: string, wish?: string}} Panel
 *   `ticket`: whom to call by hand; `line`: what to refer for, `wish`: to whom, once chosen */
/** @typedef {{lobby: Lobby, point: ServicePoint, ticket: Ticket | null}} Scene */

/** One key a deed, as shown on its button. @type {Record<Step | Other, string>} */
export const KEYS = {
  call: " ",
  start: "s",
  finish: "f",
  recall: "r",
  "no-show": "n",
  park: "p",
  transfer: "t",
  next: "d",
  hand: "h",
  resume: "b",
  why: "w",
  card: "i",
  refer: "g",
  close: "c",
};
const PANELS = new Set(["hand", "transfer", "next", "resume", "why", "card", "refer"]);
/** What these do is asked of the server: one at a time. */
const STEPS = Object.entries(KEYS).flatMap(([deed, key]) => (PANELS.has(deed) ? [] : [key]));
const ASKING = [...STEPS, ..."123456789", "ctrl+z"];

export class Desk {
  panel = signal(/** @type {Panel | null} */ (null));
  /** @type {() => {label: string, press: () => void}[]} what the digits choose in the open panel */
  choices = () => [];
  /** What more keys do just now. @type {Record<string, () => void>} */
  #more = {};
  #counter;

  /** @param {Counter} counter */
  constructor(counter) {
    this.#counter = counter;
  }

  close = () => {
    this.panel.value = null;
    this.choices = () => [];
  };

  /** @param {Scene} scene */
  can({ lobby, point, ticket }) {
    const { mine, others, aside } = lineOf(lobby, point);
    return deedsOf(ticket, { waiting: mine.length + others.length, aside: aside.length });
  }

  /** @param {Scene} scene @param {Step | Other} deed */
  press({ point, ticket }, deed) {
    const opens = PANELS.has(deed);
    const isOpen = this.panel.value?.name === deed;
    this.panel.value = opens && !isOpen ? { name: /** @type {PanelName} */ (deed) } : null;
    if (opens) return;
    const asked = deed === "call" ? "call-next" : deed;
    void this.#counter.at(point.code, asked, ticket ? { ticket_id: ticket.id } : {});
  }

  /** The last step of a panel: it closes at once, and the answer is said below. @param {() => Promise<boolean>} deed */
  finish(deed) {
    this.close();
    void deed();
  }

  /** @param {string} point @param {string} name @param {object} body */
  send(point, name, body) {
    this.finish(() => this.#counter.at(point, name, body));
  }

  /**
   * A need that was heard here, with the customer's consent.
   * @param {string} visit_id
   * @param {string} product_line
   * @param {string} [wished_receiver]
   */
  refer(visit_id, product_line, wished_receiver) {
    this.close();
    const body = { visit_id, product_line, wished_receiver, consent: consentBy("counter") };
    return this.#counter.ask({ name: "refer", path: "/referrals", body });
  }

  /** What is on the screen takes these keys until it is drawn anew. @param {Record<string, () => void>} keys */
  listen(keys) {
    this.#more = keys;
    return () => {
      if (this.#more === keys) this.#more = {};
    };
  }

  /** @param {Ticket} ticket */
  resume(ticket) {
    this.finish(() => this.#counter.resume(ticket));
  }

  /** What each key does now, or once the answer under way is here. @param {Lobby} lobby @param {string} staffNo */
  keysNow(lobby, staffNo) {
    const keys = this.#keys(lobby, staffNo);
    if (!this.#counter.busy.value) return keys;
    for (const key of [...ASKING, ...Object.keys(this.#more)])
      keys[key] = () => this.#counter.afterwards((then) => this.#keys(then, staffNo)[key]?.());
    return keys;
  }

  /** @param {Lobby} lobby @param {string} staffNo @returns {Record<string, () => void>} */
  #keys(lobby, staffNo) {
    const point = windowOf(lobby, staffNo);
    if (!point) return this.#seatKeys(lobby);
    const scene = { lobby, point, ticket: ticketAt(lobby, point) };
    /** @type {Record<string, () => void>} */
    const keys = {
      "?": () => (this.panel.value = this.panel.value?.name === "keys" ? null : { name: "keys" }),
      escape: this.close,
      "ctrl+z": () => this.#counter.undo(),
      m: () => location.assign("/mine#statement"),
    };
    // While a panel asks something, the digits are its answers and only its own key and Escape leave it.
    if (this.panel.value) this.choices().forEach(({ press }, at) => (keys[String(at + 1)] = press));
    Object.assign(keys, this.#more);
    for (const deed of this.can(scene)) {
      const isStep = deed === stepOf(scene.ticket) || deed === "close";
      if (this.panel.value && isStep) continue;
      keys[KEYS[deed]] = () => this.press(scene, deed);
    }
    return keys;
  }

  /** Digits open a window. @param {Lobby} lobby */
  #seatKeys(lobby) {
    const seats = seatsOf(lobby).map((seat, at) => /** @type {const} */ ([String(at + 1), seat]));
    const free = seats.filter(([, seat]) => seat.state !== "open");
    return Object.fromEntries(free.map(([key, { code }]) => [key, () => void this.#counter.at(code, "open")]));
  }
}

/** A key as it is printed on a button. @param {string} key */
export const keyCap = (key) => (key === " " ? t("key.space") : key.toUpperCase());
