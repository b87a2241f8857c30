/** What the desk's panels ask: whom to call and why, where to send a ticket, who comes back. */

import { waited } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { nameOf, t } from "#shared/lib/words.js";
import { customerName } from "#staff/lib/saying.js";
import { lineOf, seatsOf, visitOf } from "#staff/lib/window.js";
import { CHOICES_MAX, Choices, DeskPanel } from "#staff/parts/desk_panel.js";

/** @import { Ticket } from "#shared/lib/shapes.js" */
/** @import { Desk, Scene } from "#staff/lib/desk.js" */
/** @import { Choice } from "#staff/parts/desk_panel.js" */
/** @typedef {{desk: Desk, scene: Scene, nowMs: number}} Sent */

/** Why a colleague calls somebody out of turn: what happens most; anything else is written. */
const HAND_REASONS = ["returns", "needs_help", "wrong_number", "agreed"];

/** @param {Sent} sent */
export function Question({ desk, scene, nowMs }) {
  const panel = desk.panel.value;
  const asked = panel && QUESTIONS[/** @type {keyof typeof QUESTIONS} */ (panel.name)]?.({ desk, scene, nowMs });
  if (!asked) return null;
  const choices = asked.choices.slice(0, CHOICES_MAX);
  desk.choices = () => choices.map(({ press }) => ({ label: "", press }));
  return html`<${DeskPanel} title=${asked.title} hint=${asked.hint} onClose=${desk.close}>
    <${Choices} choices=${choices} />${asked.more}
  <//>`;
}

/** @type {Record<string, (sent: Sent) => {title: string, hint?: string, choices: Choice[], more?: any}>} */
const QUESTIONS = {
  hand: (sent) => (sent.desk.panel.value?.ticket ? handReason(sent) : handTicket(sent)),
  transfer: ({ desk, scene: { lobby, point, ticket } }) => ({
    title: t("desk.transfer", { number: ticket?.number }),
    hint: t("desk.transfer_hint"),
    choices: [
      ...seatsOf(lobby)
        .filter((seat) => seat.state === "open" && seat.code !== point.code)
        .map((seat) => ({
          label: nameOf(seat.names),
          hint: seat.staff?.name ?? "",
          press: () => desk.send(point.code, "transfer", { ticket_id: ticket?.id, service_point: seat.code }),
        })),
      ...lobby.service_types
        .filter((type) => type.code !== ticket?.service_type)
        .map((type) => ({
          label: nameOf(type.names),
          hint: t("desk.to_class", { letter: type.ticket_class }),
          press: () => desk.send(point.code, "transfer", { ticket_id: ticket?.id, service_type: type.code }),
        })),
    ],
  }),
  next: ({ desk, scene: { lobby, point, ticket } }) => ({
    title: t("desk.next", { number: ticket?.number }),
    hint: t("desk.next_hint"),
    choices: lobby.service_types
      .filter((type) => type.code !== ticket?.service_type)
      .map((type) => ({
        label: nameOf(type.names),
        hint: t("desk.to_class", { letter: type.ticket_class }),
        press: () => desk.send(point.code, "finish", { ticket_id: ticket?.id, next_service_type: type.code }),
      })),
  }),
  resume: (sent) => ({
    title: t("desk.resume"),
    hint: t("desk.resume_hint"),
    choices: lineOf(sent.scene.lobby, sent.scene.point).aside.map((ticket) => ({
      label: numberAndName(sent, ticket),
      hint: t(`aside.${ticket.state}`),
      press: () => sent.desk.resume(ticket),
    })),
  }),
};

/** @param {Sent} sent */
function handTicket(sent) {
  const { mine, others } = lineOf(sent.scene.lobby, sent.scene.point);
  return {
    title: t("desk.hand"),
    hint: t("desk.hand_hint"),
    choices: [...mine, ...others].map((ticket) => ({
      label: numberAndName(sent, ticket),
      hint: waited((sent.nowMs - Date.parse(ticket.arrived_at)) / 1000),
      press: () => (sent.desk.panel.value = { name: "hand", ticket }),
    })),
  };
}

/** @param {Sent} sent */
function handReason({ desk, scene: { point } }) {
  const ticket = /** @type {Ticket} */ (desk.panel.value?.ticket);
  const call = (/** @type {string} */ reason) => desk.send(point.code, "call", { ticket_id: ticket.id, reason });
  const write = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const written = new FormData(/** @type {HTMLFormElement} */ (event.target)).get("reason");
    if (String(written).trim()) call(String(written).trim());
  };
  return {
    title: t("desk.hand_why", { number: ticket.number }),
    hint: t("desk.hand_why_hint"),
    choices: HAND_REASONS.map((code) => ({
      label: t(`hand_reason.${code}`),
      press: () => call(t(`hand_reason.${code}`)),
    })),
    more: html`<form class="choice-form" onSubmit=${write}>
      <label><span>${t("desk.hand_other")}</span><input name="reason" maxlength="200" autocomplete="off" /></label>
      <button class="button outlined small">${t("act.call_this")}<kbd>Enter</kbd></button>
    </form>`,
  };
}

/** @param {Sent} sent @param {Ticket} ticket */
function numberAndName({ scene }, ticket) {
  const visit = visitOf(scene.lobby, ticket);
  return html`<b class="code">${ticket.number}</b> ${visit ? customerName(visit) : ""}`;
}
