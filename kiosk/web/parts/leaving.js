/** The last button of a way through the kiosk, and when the screen clears itself. */

import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";

/** @import { Idle } from "#kiosk/lib/idle.js" */

/** @param {{leave: () => void, idle: Idle, kind?: "solid" | "outlined", words?: string}} sent */
export function Leaving({ leave, idle, kind = "solid", words = "act.done" }) {
  return html`<div class="done">
    <button type="button" class="button ${kind} huge" data-confirm onClick=${leave}>
      <span>${t(words)}</span>
    </button>
    <p class="done-hint">${t("result.home_in", { n: idle.leavingS.value ?? 0 })}</p>
  </div>`;
}
