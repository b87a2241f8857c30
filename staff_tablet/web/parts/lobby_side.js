/** The side panel: queues and windows. */

import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { QueueBars } from "#shared/parts/queue_bars.js";
import { WindowTiles } from "#shared/parts/window_tiles.js";

/** @import { Lobby } from "#shared/lib/shapes.js" */

/** @param {{lobby: Lobby}} sent */
export function LobbySide({ lobby }) {
  return html`<aside class="side" aria-label=${t("side.name")}>
    <section><h2 class="side-title">${t("side.queues")}</h2><${QueueBars} lobby=${lobby} /></section>
    <section>
      <h2 class="side-title">${t("side.windows")}</h2>
      <${WindowTiles} lobby=${lobby} kinds=${["window", "desk"]} />
    </section>
  </aside>`;
}
