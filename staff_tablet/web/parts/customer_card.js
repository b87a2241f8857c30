/** What the branch knows of the customer who stands here, as far as this colleague may see it now. */

import { useEffect, useState } from "preact/hooks";
import { sentenceOf } from "#shared/lib/failures.js";
import { dayAt, monthDay, timeOfDay } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { has, nameOf, t } from "#shared/lib/words.js";
import { Button } from "#shared/parts/button.js";
import { Shapes } from "#shared/parts/empty.js";

/** @import { CustomerCard as Card, Lobby, Visit } from "#shared/lib/shapes.js" */
/** @import { Server } from "#shared/lib/server.js" */
/** @typedef {{lobby: Lobby, visit: Visit, server: Server, isMine: boolean}} Sent */

/** @param {Sent} sent */
export function CustomerCard({ lobby, visit, server, isMine }) {
  const [found, tell] = useState(/** @type {Card | string | null} */ (null));
  useEffect(() => {
    if (!visit.customer_id) return;
    let isGone = false;
    const asked = server.read(`/customers/${visit.customer_id}/card`);
    asked.then((card) => isGone || tell(card)).catch((failure) => isGone || tell(sentenceOf(failure)));
    return () => void (isGone = true);
    // Whoever takes the visit may see more.
  }, [visit.customer_id, isMine]);
  if (!visit.customer_id) return html`<p class="quiet-text">${t("card.unknown")}</p>`;
  if (typeof found === "string") return html`<p class="quiet-text">${found}</p>`;
  if (!found) return html`<${Shapes} rows=${3} />`;
  return html`
    ${isMine ? html`<${FullName} id=${visit.customer_id} server=${server} />` : null}
    ${found.do_not_contact && html`<p class="card-warning">${t("card.no_contact")}</p>`}
    <dl class="known">${rowsOf(found, lobby).map(
      ([words, text]) => html`<div key=${words}><dt>${t(words)}</dt><dd>${text}</dd></div>`,
    )}</dl>
  `;
}

/** Head office may say something that we have no word for yet: then its code is shown. */
const consentName = (/** @type {string} */ code) => (has(`consent.${code}`) ? t(`consent.${code}`) : code);
const tagName = (/** @type {string} */ code) => (has(`tag.${code}`) ? t(`tag.${code}`) : code);
const accountName = (/** @type {string} */ code) => (has(`account.${code}`) ? t(`account.${code}`) : code);
const list = (/** @type {string[]} */ texts) => texts.join(t("join.list"));

/**
 * Each line that has something to say.
 * @param {Card} card
 * @param {Lobby} lobby
 * @returns {[words: string, text: string][]}
 */
function rowsOf(card, lobby) {
  const { tier, rating, accounts, owner, consents, tags, appointments, past_visits } = card;
  const service = (/** @type {string | null} */ code) =>
    nameOf(lobby.service_types.find((type) => type.code === code)?.names) || t("need.unknown");
  const zone = lobby.branch.timezone;
  const dayOf = (/** @type {string} */ moment) => dayAt(Date.parse(moment), zone);
  const given = consents.filter(({ holds }) => holds).map(({ purpose }) => consentName(purpose));
  const expected = appointments.map(({ starts_at, service_type, staff }) => {
    const at = `${monthDay(dayOf(starts_at))} ${timeOfDay(Date.parse(starts_at), zone)}`;
    return [at, service(service_type), staff?.name].filter(Boolean).join(" ");
  });
  const past = past_visits.map((each) => `${monthDay(dayOf(each.arrived_at))} ${service(each.service_type)}`);
  /** @type {[words: string, text: string | null][]} */
  const rows = [
    ["card.prospect", card.is_prospect ? t("card.prospect_text") : null],
    ["card.tier", has(`tier.${tier.code}`) ? t("card.since", { what: t(`tier.${tier.code}`), day: tier.as_of }) : null],
    ["card.owner", owner ? `${owner.name} ${owner.staff_no}` : t("card.no_owner")],
    ["card.rating", ratingText(rating)],
    ["card.accounts", accounts ? list(accounts.map(accountText)) : t("card.after_claim")],
    ["card.consents", list(given) || t("card.no_consent")],
    ["card.tags", list(tags.map(({ name }) => tagName(name)))],
    ["card.appointments", list(expected)],
    ["card.past", list(past)],
  ];
  return /** @type {[string, string][]} */ (rows.filter(([, text]) => text));
}

/** @param {{kind: string, band: string}} account */
const accountText = ({ kind, band }) =>
  t("card.account", { kind: accountName(kind), band: t(`band.${band}`) });

/** A rating that is no longer fresh counts for nothing, and says so. @param {Card["rating"]} rating */
function ratingText(rating) {
  if (!rating) return t("card.no_rating");
  return t(rating.is_fresh ? "card.rated" : "card.rated_old", { level: rating.level, day: rating.rated_on });
}

/** The full name for a moment; every look is written down. @param {{id: string, server: Server}} sent */
function FullName({ id, server }) {
  const [name, tell] = useState("");
  const [trouble, say] = useState("");
  useEffect(() => {
    tell("");
    say("");
  }, [id]);
  const show = async () => {
    try {
      const { name: full, expires_in_s } = await server.command(`/customers/${id}/reveal`, { reason: "greet" });
      tell(full);
      say("");
      setTimeout(() => tell((shown) => (shown === full ? "" : shown)), expires_in_s * 1000);
    } catch (failure) {
      say(sentenceOf(failure));
    }
  };
  return html`<div class="full-name" aria-live="polite">
    ${name ? html`<b>${name}</b>` : html`<${Button} size="small" onPress=${show}>${t("card.show")}<//>`}
    <span class="quiet-text">${trouble || t(name ? "card.shown" : "card.show_hint")}</span>
  </div>`;
}
