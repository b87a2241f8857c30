/** Are you still there? Any touch says yes; silence clears the screen. */

import { useEffect, useRef } from "preact/hooks";
import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";

/** @import { Idle } from "#kiosk/lib/idle.js" */

/** @param {{idle: Idle}} sent */
export function StillThere({ idle }) {
  const left = idle.askingS.value;
  if (left === null) return null;
  return html`<${Question} idle=${idle} left=${left} />`;
}

/** @param {{idle: Idle, left: number}} sent */
function Question({ idle, left }) {
  const yes = useRef(/** @type {HTMLButtonElement | null} */ (null));
  useEffect(() => yes.current?.focus({ preventScroll: true }), []);
  const stay = () => idle.touch();
  return html`<div class="still-there" role="alertdialog" aria-modal="true" aria-labelledby="still-there-title"
    onClick=${stay}>
    <div class="still-there-card">
      <h2 id="still-there-title">${t("still.title")}</h2>
      <p>${t("still.hint", { n: left })}</p>
      <button type="button" ref=${yes} class="button solid huge">${t("still.yes")}</button>
    </div>
  </div>`;
}
