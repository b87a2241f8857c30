/** Which cards are on the screen: only their clocks run. One observer for all. */

import { signal } from "@preact/signals-core";
import { useEffect, useRef } from "preact/hooks";

/** @import { Signal } from "@preact/signals-core" */

/** Begin a little before a card scrolls in. */
const MARGIN = "200px";

/** @type {WeakMap<Element, Signal<boolean>>} */
const watched = new WeakMap();
/** @type {IntersectionObserver | null} */
let observer = null;

function observe() {
  observer ??= new IntersectionObserver(
    (changes) => {
      for (const { target, isIntersecting } of changes) {
        const seen = watched.get(target);
        if (seen) seen.value = isIntersecting;
      }
    },
    { rootMargin: MARGIN },
  );
  return observer;
}

/** Give `place` to an element as its ref; `seen` follows whether it is on the screen. */
export function useOnScreen() {
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const seen = useRef(/** @type {Signal<boolean> | null} */ (null));
  seen.current ??= signal(true);
  const told = seen.current;
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    watched.set(element, told);
    observe().observe(element);
    return () => observer?.unobserve(element);
  }, [told]);
  return { place, seen: told };
}
