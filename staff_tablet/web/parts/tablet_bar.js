/** The tablet's bar: three figures, and whether it may make a sound. */

import { waited } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { Icon } from "#shared/parts/icon.js";
import { inLobbyCount } from "#staff/lib/entries.js";

/** @import { Lobby } from "#shared/lib/shapes.js" */
/** @import { Tones } from "#staff/lib/tones.js" */

/** @param {{lobby: Lobby | null, figures: {averageS: number, lateIds: string[]}}} sent */
export function TabletFigures({ lobby, figures: { averageS, lateIds } }) {
  const late = lateIds.length;
  return html`
    <span class="bar-figure">${t("figure.in_lobby")}<b>${lobby ? inLobbyCount(lobby) : "–"}</b></span>
    <span class="bar-figure average">${t("figure.average")}<b>${lobby ? waited(averageS) : "–"}</b></span>
    <span class="bar-figure ${late ? "late" : ""}">${t("figure.late")}<b>${lobby ? late : "–"}</b></span>
  `;
}

/** @param {{tones: Tones}} sent */
export function SoundSwitch({ tones }) {
  const state = tones.state.value;
  const isOn = state === "on";
  return html`<button type="button" class="bar-act sound" aria-pressed=${isOn} onClick=${() => tones.toggle()}>
    ${isOn ? html`<${Icon} name="volume-2" />` : html`<${Icon} name="volume-x" />`}<span>${t(`sound.${state}`)}</span>
  </button>`;
}
