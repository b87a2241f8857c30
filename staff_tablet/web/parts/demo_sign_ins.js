/** Demo only: everybody of the furnished branch, one touch each. */

import { signal } from "@preact/signals-core";
import { sentenceOf } from "#shared/lib/failures.js";
import { html } from "#shared/lib/html.js";
import { has, t } from "#shared/lib/words.js";
import { homeOf, signIn } from "#staff/lib/sign_in.js";

/** @import { Server } from "#shared/lib/server.js" */
/** @import { SignIn } from "#shared/lib/shapes.js" */

const trouble = signal("");

/** @param {Server} server @param {SignIn} who */
async function enter(server, who) {
  try {
    const { staff } = await signIn(server, who.branch, who.staff_no, who.password);
    location.assign(homeOf(staff.roles, who.opens));
  } catch (failure) {
    trouble.value = sentenceOf(failure);
  }
}

/** @param {string[]} roles */
const rolesText = (roles) => roles.map((role) => (has(`role.${role}`) ? t(`role.${role}`) : role)).join(t("join.list"));

/** @param {{server: Server, signIns: SignIn[]}} sent those without a screen of their own are not shown */
export function DemoSignIns({ server, signIns }) {
  const people = signIns.filter((who) => homeOf(who.roles) !== "/");
  return html`<section class="people">
    <h2 class="people-title">${t("demo.people")}</h2>
    <p class="quiet-text">${t("demo.people_hint")}</p>
    <p class="form-trouble" role="alert">${trouble.value}</p>
    <ul>
      ${people.map(
        (who) => html`<li key="${who.branch} ${who.staff_no}">
        <button type="button" class="person" onClick=${() => enter(server, who)}>
          <b>${who.name}</b><span class="person-no">${who.branch} ${who.staff_no}</span>
          <span class="person-role">${rolesText(who.roles)}</span>
        </button>
      </li>`,
      )}
    </ul>
  </section>`;
}
