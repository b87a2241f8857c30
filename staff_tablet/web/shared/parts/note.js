/** A short answer to what was just done: goes by itself, and never in front of anything. */

import { signal } from "@preact/signals-core";
import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { Icon } from "#shared/parts/icon.js";

const SHOWN_MS = 6000;

export class Notes {
  current = signal(/** @type {{text: string, isTrouble: boolean} | null} */ (null));
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {string} text @param {{isTrouble?: boolean}} [kind] */
  say(text, { isTrouble = false } = {}) {
    this.current.value = { text, isTrouble };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.current.value = null), SHOWN_MS);
  }
}

/** @param {{notes: Notes}} sent */
export function NoteLine({ notes }) {
  const note = notes.current.value;
  const close = () => (notes.current.value = null);
  return html`<div class="note-place" role="status" aria-live="polite">
    ${
      note &&
      html`<div class="note ${note.isTrouble ? "trouble" : ""}">
      <${Icon} name=${note.isTrouble ? "circle-alert" : "check"} /><span>${note.text}</span>
      <button type="button" class="note-close" onClick=${close}>${t("act.close_note")}</button>
    </div>`
    }
  </div>`;
}
