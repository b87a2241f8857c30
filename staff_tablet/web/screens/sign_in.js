/** Signing in: branch, staff number, password; in the demo also by one touch. */

import { signal } from "@preact/signals-core";
import { sentenceOf } from "#shared/lib/failures.js";
import { html, render } from "#shared/lib/html.js";
import { page } from "#shared/lib/page.js";
import { newcomer, Server } from "#shared/lib/server.js";
import { nameOf, switchLang, t } from "#shared/lib/words.js";
import { DemoSignIns } from "#staff/parts/demo_sign_ins.js";
import { homeOf, signIn } from "#staff/lib/sign_in.js";

const server = new Server(newcomer(page.csrf));
const trouble = signal("");
const isBusy = signal(false);

/** @param {SubmitEvent} event */
async function send(event) {
  event.preventDefault();
  if (isBusy.value) return;
  const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
  isBusy.value = true;
  trouble.value = "";
  try {
    const { staff } = await signIn(
      server,
      String(form.get("branch")),
      String(form.get("staff_no")),
      String(form.get("password")),
    );
    location.assign(homeOf(staff.roles, page.next));
  } catch (failure) {
    trouble.value = sentenceOf(failure);
    isBusy.value = false;
  }
}

/** @param {{name: string, words: string, type?: string, complete: string}} sent */
const Field = ({ name, words, type = "text", complete }) => html`<label class="field"><span>${t(words)}</span>
  <input name=${name} type=${type} required autocomplete=${complete} autocapitalize="characters" spellcheck=${false} />
</label>`;

function BranchField() {
  if (!page.branches?.length) return html`<${Field} name="branch" words="sign_in.branch" complete="organization" />`;
  return html`<label class="field"><span>${t("sign_in.branch")}</span>
    <select name="branch">
      ${page.branches.map(({ code, names }) => html`<option value=${code}>${nameOf(names)} ${code}</option>`)}
    </select>
  </label>`;
}

function SignInPage() {
  return html`<main id="main" class="sign-in">
    <div class="sign-in-parts">
      <form class="form" onSubmit=${send}>
        <p class="form-place">${nameOf(page.bank.names)}</p>
        <h1 class="form-title">${t("title.sign_in")}</h1>
        <${BranchField} />
        <${Field} name="staff_no" words="sign_in.staff_no" complete="username" />
        <${Field} name="password" words="sign_in.password" type="password" complete="current-password" />
        <p class="form-trouble" role="alert">${trouble.value}</p>
        <button class="button solid large" aria-busy=${isBusy.value}>${t("sign_in.send")}</button>
        <button type="button" class="button quiet" onClick=${switchLang}>${t("act.other_language")}</button>
      </form>
      ${page.sign_ins && html`<${DemoSignIns} server=${server} signIns=${page.sign_ins} />`}
    </div>
  </main>`;
}

render(html`<${SignInPage} />`, /** @type {HTMLElement} */ (document.getElementById("screen")));
