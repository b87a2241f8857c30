/** Cards glide to their new place instead of jumping, so that the eye can follow. */

import { useLayoutEffect, useRef } from "preact/hooks";

const GLIDE_MS = 200;

/**
 * Give the returned ref to the element whose `[data-visit]` descendants shall glide.
 * @param {string} order changes when places do
 */
export function useGlide(order) {
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const tops = useRef(/** @type {Map<string, number>} */ (new Map()));
  useLayoutEffect(() => {
    const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const next = new Map();
    for (const card of /** @type {NodeListOf<HTMLElement>} */ (place.current?.querySelectorAll("[data-visit]") ?? [])) {
      const id = card.dataset.visit ?? "";
      next.set(id, card.offsetTop);
      const before = tops.current.get(id);
      if (isStill || before === undefined || before === card.offsetTop) continue;
      const way = [{ transform: `translateY(${before - card.offsetTop}px)` }, { transform: "none" }];
      card.animate(way, { duration: GLIDE_MS, easing: "ease-out" });
    }
    tops.current = next;
  }, [order]);
  return place;
}
