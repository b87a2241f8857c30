/** Keys of the keyboard as deeds, unless somebody is writing or a button has the focus. */

const WRITING = "input, select, textarea, [contenteditable]";
const PRESSABLE = "button, a, summary";

/**
 * @param {Record<string, () => void>} deeds by key name in lower case: "n", " ", "enter", "escape", "ctrl+z"
 * @param {KeyboardEvent} event
 */
export function pressKey(deeds, event) {
  if (event.isComposing || event.repeat || event.altKey) return;
  const target = /** @type {Element} */ (event.target);
  const key = (event.ctrlKey || event.metaKey ? "ctrl+" : "") + event.key.toLowerCase();
  // Only Escape leaves a field: everything else belongs to what is being written.
  if (target.closest?.(WRITING) && key !== "escape") return;
  // Space and Enter on a button press that button: the one the eye is on.
  if ((key === " " || key === "enter") && target.closest?.(PRESSABLE)) return;
  const deed = deeds[key];
  if (!deed) return;
  event.preventDefault();
  deed();
}

/** Give the keys back to the whole page after a button was used, so that Space calls next again. */
export const freeKeys = () => document.getElementById("main")?.focus({ preventScroll: true });
