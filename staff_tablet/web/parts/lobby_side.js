/** The side panel: queues, windows and machines. */

import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { MachineTiles } from "#shared/parts/machine_tiles.js";
import { QueueBars } from "#shared/parts/queue_bars.js";
import { WindowTiles } from "#shared/parts/window_tiles.js";

/** @import { Lobby } from "#shared/lib/shapes.js" */

/** @param {{lobby: Lobby}} sent */
export function LobbySide({ lobby }) {
  const { queue } = lobby;
  const counts = { n: queue?.points_open, planned: queue?.points_planned };
  const down = queue?.kiosks_down ? "side.kiosks_down" : queue?.machines_down && "side.machines_down";
  const why = t(down || "side.short", counts);
  return html`<aside class="side" aria-label=${t("side.name")}>
    <section>
      <h2 class="side-title">${t("side.queues")}</h2>
      ${queue?.is_degraded && html`<p class="side-short">${why}</p>`}
      <${QueueBars} lobby=${lobby} />
    </section>
    <section>
      <h2 class="side-title">${t("side.windows")}</h2>
      <${WindowTiles} lobby=${lobby} kinds=${["window", "desk"]} />
    </section>
    <section><h2 class="side-title">${t("side.machines")}</h2><${MachineTiles} lobby=${lobby} /></section>
  </aside>`;
}
