/** A page of the office: its question, what it shows, and beside it the form of what was chosen. */

import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { Button } from "#shared/parts/button.js";
import { Shapes } from "#shared/parts/empty.js";

/** @import { Asked } from "#staff/lib/office.js" */

/** @param {{name: string, asked: Asked, acts?: any, beside?: any, children?: any}} sent */
export function AdminPage({ name, asked, acts, beside, children }) {
  return html`<div class="office-page ${beside ? "with-beside" : ""}">
    <section class="office-main">
      <header class="office-head">
        <h2>${t(`admin.${name}`)}</h2>
        <div class="office-acts">${acts}</div>
        <p>${t(`admin.${name}_hint`)}</p>
      </header>
      ${asked.trouble && html`<${Trouble} asked=${asked} />`}
      ${asked.content ? children : !asked.trouble && html`<${Shapes} rows=${4} />`}
    </section>
    ${beside}
  </div>`;
}

/** What was shown before stays; what failed is said. @param {{asked: Asked}} sent */
const Trouble = ({ asked }) => html`<div class="strip" role="alert">
  <span>${asked.trouble}</span><${Button} size="small" onPress=${asked.reload}>${t("act.again")}<//>
</div>`;

/**
 * The form of one thing.
 * @param {object} sent
 * @param {string} sent.title
 * @param {() => void} sent.onClose
 * @param {(form: FormData) => void} sent.onSave
 * @param {string} [sent.words] key of what the solid button does
 * @param {any} [sent.more] acts below
 * @param {any} [sent.children]
 */
export function Beside({ title, onClose, onSave, words = "admin.save", more, children }) {
  const save = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    onSave(new FormData(/** @type {HTMLFormElement} */ (event.target)));
  };
  return html`<aside class="beside" aria-label=${title}>
    <header class="beside-head"><h3>${title}</h3>
      <${Button} kind="quiet" size="small" onPress=${onClose}>${t("act.close")}<//>
    </header>
    <form class="beside-form" onSubmit=${save}>
      ${children}
      <button class="button solid">${t(words)}</button>
    </form>
    ${more && html`<div class="beside-more">${more}</div>`}
  </aside>`;
}

/** @param {{name: string, words: string, value?: string, isRequired?: boolean, rest?: object}} sent */
export const TextField = ({ name, words, value = "", isRequired = true, rest = {} }) => html`<label class="field">
  <span>${t(words)}</span>
  <input name=${name} value=${value} required=${isRequired} autocomplete="off" spellcheck=${false} ...${rest} />
</label>`;

/** @param {{name: string, words: string, value: string, choices: [string, string][]}} sent */
export const SelectField = ({ name, words, value, choices }) => html`<label class="field">
  <span>${t(words)}</span>
  <select name=${name}>
    ${choices.map(
      ([code, text]) => html`<option key=${code} value=${code} selected=${code === value}>${text}</option>`,
    )}
  </select>
</label>`;

/** @param {{name: string, words: string, values: string[], choices: [string, string][]}} sent */
export const CheckField = ({ name, words, values, choices }) => html`<fieldset class="checks">
  <legend>${t(words)}</legend>
  ${choices.map(
    ([code, text]) => html`<label key=${code}>
      <input type="checkbox" name=${name} value=${code} checked=${values.includes(code)} /><span>${text}</span>
    </label>`,
  )}
</fieldset>`;
