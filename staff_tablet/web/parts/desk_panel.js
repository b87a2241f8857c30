/** A question that a deed asks before it is done: it stands where the buttons stood, and digits answer it. */

import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { Button } from "#shared/parts/button.js";

/** @typedef {{label: any, hint?: string, press: () => void}} Choice */

/** Digits go no further. */
export const CHOICES_MAX = 9;

/** @param {{title: string, hint?: string, onClose: () => void, children?: any}} sent */
export function DeskPanel({ title, hint, onClose, children }) {
  return html`<section class="desk-panel" aria-label=${title}>
    <header class="desk-panel-head">
      <h3>${title}</h3>
      <${Button} kind="quiet" size="small" hotkey="Esc" onPress=${onClose}>${t("act.back")}<//>
      ${hint && html`<p>${hint}</p>`}
    </header>
    ${children}
  </section>`;
}

/** @param {{choices: Choice[]}} sent */
export function Choices({ choices }) {
  return html`<ol class="choices">
    ${choices.slice(0, CHOICES_MAX).map(
      ({ label, hint, press }, at) =>
        html`<li key=${at}>
        <button type="button" class="choice" aria-keyshortcuts=${at + 1} onClick=${press}>
          <kbd>${at + 1}</kbd><span class="choice-label">${label}</span>
          ${hint && html`<span class="choice-hint">${hint}</span>`}
        </button>
      </li>`,
    )}
  </ol>`;
}
