/** One button: a verb, perhaps a symbol and the key that does the same. */

import { html } from "#shared/lib/html.js";
import { Icon } from "#shared/parts/icon.js";

/**
 * @param {object} sent
 * @param {"solid" | "outlined" | "quiet" | "on-dark"} [sent.kind]
 * @param {string} [sent.icon]
 * @param {string} [sent.hotkey] shown as a key cap
 * @param {boolean} [sent.isBusy] pressed, and the answer is on its way
 * @param {boolean} [sent.isOff]
 * @param {string} [sent.size] "large", "huge"
 * @param {string} [sent.says] what it is called, where the words around it matter
 * @param {() => void} sent.onPress
 * @param {any} sent.children
 */
export function Button({
  kind = "outlined",
  icon,
  hotkey,
  isBusy = false,
  isOff = false,
  size = "",
  says,
  onPress,
  children,
}) {
  return html`<button type="button" class="button ${kind} ${size}" aria-label=${says} aria-keyshortcuts=${hotkey}
    aria-busy=${isBusy} disabled=${isOff} onClick=${() => isBusy || onPress()}>
    ${icon && html`<${Icon} name=${icon} />`}<span>${children}</span>${hotkey && html`<kbd>${hotkey}</kbd>`}
  </button>`;
}
