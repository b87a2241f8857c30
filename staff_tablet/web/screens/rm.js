/** The relationship manager's inbox: whom do I meet, answer or call next? */

import { useState } from "preact/hooks";
import { dayAt, monthDay, timeOfDay } from "#shared/lib/format.js";
import { html, render } from "#shared/lib/html.js";
import { toSignIn } from "#shared/lib/lobby.js";
import { page } from "#shared/lib/page.js";
import { Server, staffAccess } from "#shared/lib/server.js";
import { t } from "#shared/lib/words.js";
import { Bar } from "#shared/parts/bar.js";
import { Button } from "#shared/parts/button.js";
import { Empty, Shapes } from "#shared/parts/empty.js";
import { NoteLine, Notes } from "#shared/parts/note.js";
import { Office, useAsked } from "#staff/lib/office.js";
import { ANSWERS, DECLINE_REASONS, deedsOf, inboxOf, LOSE_REASONS } from "#staff/lib/referrals.js";
import { lineName } from "#staff/lib/saying.js";

/** @import { Referral } from "#staff/lib/referrals.js" */
/** @typedef {{office: Office, reload: () => void}} Given */

const server = new Server(staffAccess(page.csrf, toSignIn));
const notes = new Notes();
const office = new Office({ server, notes });
const EVERY_MS = 5000;
const OVER_SHOWN_MAX = 10;
/** What a deed asks first: the choices, and the field of the answer. @type {Record<string, [string[], string]>} */
const ASKED = {
  contact: [["call", "lobby", "video"], "evidence"],
  decline: [DECLINE_REASONS, "reason"],
  lose: [LOSE_REASONS, "reason"],
};

const zone = page.branch?.timezone ?? "UTC";

/** @param {Referral} referral */
function whenText({ created_at, protected_until }) {
  const day = (/** @type {string} */ at) => monthDay(dayAt(Date.parse(at), zone));
  const at = `${day(created_at)} ${timeOfDay(Date.parse(created_at), zone)}`;
  return t("rm.when", { at, until: day(protected_until) });
}

/** @param {{referral: Referral, reload: () => void}} sent */
function Card({ referral, reload }) {
  const [asked, ask] = useState(/** @type {string | null} */ (null));
  const { id, masked_name, product_line, referrer, state, presence, customer_here } = referral;
  const send = async (/** @type {string} */ deed, body = {}) => {
    ask(null);
    await office.change("POST", `/referrals/${id}/${deed}`, body, t(`rm.did_${deed}`));
    reload();
  };
  const press = (/** @type {string} */ deed) => (ASKED[deed] ? ask(asked === deed ? null : deed) : void send(deed));
  const [choices, field] = asked ? ASKED[asked] : [[], ""];
  const isHere = customer_here && !presence;
  return html`<li class="inbox-card ${isHere ? "here" : ""}">
    <h3>${masked_name ?? t("customer.unknown")}<span class="badge plain">${lineName(product_line)}</span></h3>
    <p>${t(`referral_state.${state}`)}${referrer && t("join.dot") + t("rm.from", { who: referrer.name })}</p>
    <p class="quiet-text">${whenText(referral)}${presence && t("join.dot") + t(`presence.${presence.answer}`)}</p>
    ${
      isHere &&
      html`<div class="inbox-acts" role="group" aria-label=${t("rm.here")}>${ANSWERS.map(
        (answer) => html`<${Button} key=${answer} kind=${answer === "coming" ? "solid" : "outlined"}
          onPress=${() => send("presence", { answer })}>${t(`presence.${answer}`)}<//>`,
      )}</div>`
    }
    <div class="inbox-acts">${deedsOf(referral).map(
      (deed, at) => html`<${Button} key=${deed} kind=${at === 0 && deed !== "lose" && !isHere ? "solid" : "outlined"}
        onPress=${() => press(deed)}>${t(`rm.${deed}`)}<//>`,
    )}</div>
    ${
      asked &&
      html`<div class="inbox-acts" role="group" aria-label=${t("rm.why")}>${choices.map(
        (choice) => html`<${Button} key=${choice} kind="quiet" onPress=${() => send(asked, { [field]: choice })}>
          ${t(`rm_why.${choice}`)}<//>`,
      )}</div>`
    }
  </li>`;
}

/** @param {{name: string, referrals: Referral[], reload: () => void}} sent */
const Group = ({ name, referrals, reload }) =>
  referrals.length > 0 &&
  html`<section class="inbox-group">
    <h2>${t(`rm.${name}`)}${t("join.dot")}${referrals.length}</h2>
    <ul>${referrals.map((each) => html`<${Card} key=${each.id} referral=${each} reload=${reload} />`)}</ul>
  </section>`;

function Inbox() {
  const { content, trouble, reload } = useAsked(office, "/referrals?role=receiver", EVERY_MS);
  const groups = content && inboxOf(content.referrals);
  const isEmpty = groups && groups.here.length + groups.asked.length + groups.mine.length === 0;
  return html`
    <${Bar} title=${t("title.rm")} server=${server} />
    <main id="main" class="inbox" tabindex="-1">
      ${trouble && html`<div class="strip" role="alert"><span>${trouble}</span></div>`}
      ${!groups && !trouble && html`<${Shapes} rows=${3} />`}
      ${isEmpty && html`<${Empty} icon="user-round" title=${t("rm.none")} hint=${t("rm.none_hint")} />`}
      ${
        groups &&
        html`<${Group} name="here" referrals=${groups.here} reload=${reload} />
        <${Group} name="asked" referrals=${groups.asked} reload=${reload} />
        <${Group} name="mine" referrals=${groups.mine} reload=${reload} />
        <${Group} name="over" referrals=${groups.over.slice(0, OVER_SHOWN_MAX)} reload=${reload} />`
      }
    </main>
    <${NoteLine} notes=${notes} />
  `;
}

render(html`<${Inbox} />`, /** @type {HTMLElement} */ (document.getElementById("screen")));
