/** The upper part of the kiosk: never touched, only read. */

import { timeOfDay } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { page } from "#shared/lib/page.js";
import { nameOf, t } from "#shared/lib/words.js";
import { Icon } from "#shared/parts/icon.js";

/** @import { LobbyParts } from "#shared/lib/device_page.js" */

/** @param {{parts: LobbyParts, title: string, hint?: string, children?: any}} sent */
export function Head({ parts, title, hint, children }) {
  const { live, clock } = parts;
  const branch = live.lobby.value?.branch ?? page.branch;
  return html`<header class="head">
    <p class="head-place">
      <span class="head-mark"><${Icon} name="landmark" /></span>
      <span class="head-name">${nameOf(page.bank.names)}${t("join.dot")}${nameOf(branch?.names)}</span>
      <span class="head-clock">${timeOfDay(clock.second.value, live.lobby.value?.branch.timezone)}</span>
    </p>
    <h1 class="head-title">${title}</h1>
    ${hint && html`<p class="head-hint">${hint}</p>`}${children}
  </header>`;
}
