/** Another way to serve the queue: what changes from what to what, its effect on the last day, then in force. */

import { useState } from "preact/hooks";
import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { changesOf, policyOf, SETTINGS } from "#staff/lib/policy.js";
import { SelectField, TextField } from "#staff/parts/admin_page.js";

/** @import { Office } from "#staff/lib/office.js" */
/** @import { Policy } from "#staff/lib/policy.js" */

/** @param {{office: Office, policy: Policy, tell: (effect: any) => void, reload: () => void}} sent */
export function PolicyForm({ office, policy, tell, reload }) {
  const [wanted, want] = useState(/** @type {Policy} */ (policy));
  const [isBusy, busy] = useState(false);
  const changes = changesOf(policy, wanted);
  const body = policyOf(wanted);
  const read = (/** @type {any} */ event) => {
    const { name, value } = event.target;
    const setting = SETTINGS.find((each) => each.name === name);
    if (setting && value !== "") want(setting.put(wanted, setting.choices ? value : Number(value)));
  };
  const attempt = async () => {
    busy(true);
    tell(await office.change("POST", "/what-if", { policy: body }));
    busy(false);
  };
  const save = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (isBusy || changes.length === 0) return;
    busy(true);
    const done = await office.change("PUT", "/settings/queue-policy", body, t("queue.saved"), policy.version);
    busy(false);
    tell(null);
    // Whoever was slower sees what is in force now, and begins from there.
    if (done || policy.version) reload();
  };
  return html`<section class="office-card">
    <h3>${t("queue.change")}</h3>
    <form class="beside-form" onSubmit=${save} onInput=${read}>
      ${SETTINGS.map((setting) => {
        const given = { name: setting.name, words: setting.words, value: String(setting.get(wanted)) };
        if (setting.choices) {
          const choices = setting.choices.map((mode) => [mode, t(`queue.is_${mode}`)]);
          return html`<${SelectField} key=${setting.name} ...${given} choices=${choices} />`;
        }
        const { min, max, step = 1 } = setting;
        return html`<${TextField} key=${setting.name} ...${given} rest=${{ type: "number", min, max, step }} />`;
      })}
      ${
        changes.length > 0 &&
        html`<ul class="facts-rows">${changes.map(
          ({ words, from, to }) => html`<li key=${words}><span>${t(words)}</span>
            <b>${t("queue.from_to", { from, to })}</b></li>`,
        )}</ul>`
      }
      <div class="choice-row">
        <button type="button" class="button outlined" aria-busy=${isBusy} disabled=${changes.length === 0}
          onClick=${attempt}>${t("queue.ask")}</button>
        <button class="button solid" aria-busy=${isBusy} disabled=${changes.length === 0}>${t("queue.save")}</button>
      </div>
      <p class="quiet-text">${t("queue.save_hint")}</p>
    </form>
  </section>`;
}
