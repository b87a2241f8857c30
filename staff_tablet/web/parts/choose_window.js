/** Where do I sit today? One press, or the window's place in the list as a number key. */

import { html } from "#shared/lib/html.js";
import { nameOf, t } from "#shared/lib/words.js";
import { Empty } from "#shared/parts/empty.js";
import { servesText } from "#staff/lib/saying.js";
import { seatsOf } from "#staff/lib/window.js";

/** @import { Lobby, ServicePoint } from "#shared/lib/shapes.js" */
/** @import { Counter } from "#staff/lib/counter.js" */

/** @param {ServicePoint} point */
const stateText = (point) =>
  point.state === "open" ? t("desk.taken_by", { who: point.staff?.name ?? "" }) : servesText(point);

/** @param {{lobby: Lobby, counter: Counter}} sent */
export function ChooseWindow({ lobby, counter }) {
  const seats = seatsOf(lobby);
  if (seats.length === 0)
    return html`<${Empty} icon="monitor" title=${t("desk.no_windows")} hint=${t("desk.no_windows_hint")} />`;
  return html`<section class="choose-window">
    <h2 class="desk-title">${t("desk.choose")}</h2>
    <p class="quiet-text">${t("desk.choose_hint")}</p>
    <ul class="seats">
      ${seats.map((point, at) => {
        const isOpen = point.state === "open";
        return html`<li key=${point.code}>
          <button type="button" class="seat" disabled=${isOpen} aria-busy=${counter.busy.value === "open"}
            aria-keyshortcuts=${at + 1} onClick=${() => counter.at(point.code, "open")}>
            <kbd>${at + 1}</kbd>
            <span class="seat-name">${nameOf(point.names)}</span>
            <span class="seat-state">${stateText(point)}</span>
          </button>
        </li>`;
      })}
    </ul>
  </section>`;
}
