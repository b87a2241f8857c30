/** A short answer to what was just done, with the way back where there is one. It goes by itself, and never covers. */

import { signal } from "@preact/signals-core";
import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { Icon } from "#shared/parts/icon.js";

const SHOWN_MS = 6000;
/** @typedef {{words: string, hotkey?: string, press: () => void}} Undo */
/** @typedef {{text: string, isTrouble: boolean, undo: Undo | null}} Note */

export class Notes {
  current = signal(/** @type {Note | null} */ (null));
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {string} text @param {{isTrouble?: boolean, undo?: Undo | null, shownMs?: number}} [kind] */
  say(text, { isTrouble = false, undo = null, shownMs = SHOWN_MS } = {}) {
    this.current.value = { text, isTrouble, undo };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.clear(), shownMs);
  }

  clear() {
    clearTimeout(this.#timer);
    this.current.value = null;
  }
}

/** @param {{notes: Notes}} sent */
export function NoteLine({ notes }) {
  const note = notes.current.value;
  return html`<div class="note-place" role="status" aria-live="polite">
    ${
      note &&
      html`<div class="note ${note.isTrouble ? "trouble" : ""}">
      <${Icon} name=${note.isTrouble ? "circle-alert" : "check"} /><span>${note.text}</span>
      ${note.undo && html`<${UndoButton} undo=${note.undo} notes=${notes} />`}
      <button type="button" class="note-close" onClick=${() => notes.clear()}>${t("act.close_note")}</button>
    </div>`
    }
  </div>`;
}

/** @param {{undo: Undo, notes: Notes}} sent */
function UndoButton({ undo, notes }) {
  const press = () => {
    notes.clear();
    undo.press();
  };
  return html`<button type="button" class="note-close undo" onClick=${press}>
    ${undo.words}${undo.hotkey && html` <kbd>${undo.hotkey}</kbd>`}
  </button>`;
}
