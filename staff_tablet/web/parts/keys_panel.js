/** All keys of the desk at one look. */

import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { DeskPanel } from "#staff/parts/desk_panel.js";

/** @type {[key: string, words: string][]} */
const KEYS_SHOWN = [
  ["␣", "act.call_next"],
  ["S", "act.start"],
  ["F", "act.finish"],
  ["R", "act.recall"],
  ["N", "act.no_show"],
  ["P", "act.park"],
  ["Ctrl+Z", "desk.key_undo"],
  ["T", "act.transfer"],
  ["D", "act.next_step"],
  ["H", "act.call_by_hand"],
  ["B", "act.resume"],
  ["W", "act.why"],
  ["I", "card.title"],
  ["G", "act.refer"],
  ["C", "act.close_window"],
  ["M", "desk.key_mine"],
  ["1–9", "desk.key_digits"],
  ["Esc", "act.back"],
  ["?", "desk.key_help"],
];

/** @param {{onClose: () => void}} sent */
export function KeysPanel({ onClose }) {
  return html`<${DeskPanel} title=${t("desk.keys")} hint=${t("desk.keys_hint")} onClose=${onClose}>
    <dl class="keys">
      ${KEYS_SHOWN.map(([key, words]) => html`<div key=${key}><dt><kbd>${key}</kbd></dt><dd>${t(words)}</dd></div>`)}
    </dl>
  <//>`;
}
