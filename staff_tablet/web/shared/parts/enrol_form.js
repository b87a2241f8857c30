/** A new device asks for its one-time code. */

import { signal } from "@preact/signals-core";
import { sentenceOf } from "#shared/lib/failures.js";
import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";

/** @import { DevicePage } from "#shared/lib/device_page.js" */

const trouble = signal("");
const isBusy = signal(false);

/** @param {DevicePage} devicePage @param {SubmitEvent} event */
async function send(devicePage, event) {
  event.preventDefault();
  if (isBusy.value) return;
  const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
  isBusy.value = true;
  trouble.value = "";
  try {
    await devicePage.enrol(String(form.get("code")));
  } catch (failure) {
    trouble.value = sentenceOf(failure);
  } finally {
    isBusy.value = false;
  }
}

/** @param {{devicePage: DevicePage, title: string}} sent */
export function EnrolForm({ devicePage, title }) {
  return html`<main class="enrol">
    <form class="form" onSubmit=${(/** @type {SubmitEvent} */ event) => send(devicePage, event)}>
      <h1 class="form-title">${title}</h1>
      <p class="quiet-text">${t("enrol.hint")}</p>
      <label class="field"><span>${t("enrol.code")}</span>
        <input name="code" required autocomplete="off" autocapitalize="characters" spellcheck=${false} />
      </label>
      <p class="form-trouble" role="alert">${trouble.value}</p>
      <button class="button solid large" aria-busy=${isBusy.value}>${t("enrol.send")}</button>
    </form>
  </main>`;
}
