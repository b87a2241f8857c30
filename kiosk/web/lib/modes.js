/** How the screen shows itself for this customer; the next one starts fresh. */

import { effect, signal } from "@preact/signals-core";

const LONG_HOLD_MS = 1500;

export const isLarge = signal(false);
export const isContrast = signal(false);
export const isLow = signal(false);

export function resetModes() {
  isLarge.value = isContrast.value = isLow.value = false;
}

/** Holding the large-text button also brings high contrast, for whoever cannot find the other button. */
export function holdForContrast() {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const stop = () => clearTimeout(timer);
  const begin = () => {
    stop();
    timer = setTimeout(() => (isContrast.value = true), LONG_HOLD_MS);
  };
  return { onPointerDown: begin, onPointerUp: stop, onPointerLeave: stop, onPointerCancel: stop };
}

effect(() => {
  const { dataset } = document.documentElement;
  dataset.large = String(isLarge.value);
  dataset.contrast = String(isContrast.value);
  dataset.low = String(isLow.value);
});
