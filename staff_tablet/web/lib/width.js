/** How wide the place of a chart is, so that its words keep their size on every screen. */

import { useEffect, useRef, useState } from "preact/hooks";

/**
 * @param {number} first until it is measured
 * @returns {[{current: any}, number]}
 */
export function useWidth(first) {
  const place = useRef(/** @type {any} */ (null));
  const [width, tell] = useState(first);
  useEffect(() => {
    const watcher = new ResizeObserver(([{ contentRect }]) => tell(Math.round(contentRect.width)));
    watcher.observe(place.current);
    return () => watcher.disconnect();
  }, []);
  return [place, width];
}
