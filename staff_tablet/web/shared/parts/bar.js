/** The dark bar over staff screens: where am I, figures, the light, language and leaving. */

import { html } from "#shared/lib/html.js";
import { page } from "#shared/lib/page.js";
import { nameOf, switchLang, t } from "#shared/lib/words.js";
import { signOut } from "#shared/lib/lobby.js";
import { ConnectionLight } from "#shared/parts/connection_light.js";
import { Icon } from "#shared/parts/icon.js";

/** @import { Live } from "#shared/lib/live.js" */
/** @import { Server } from "#shared/lib/server.js" */

/**
 * @param {object} sent
 * @param {string} sent.title
 * @param {Live} [sent.live] a screen that lives by the news shows how fresh they are
 * @param {Server} sent.server
 * @param {(() => void)} [sent.onMe] somebody else takes over
 * @param {any} [sent.extra] a switch of this screen's own
 * @param {any} [sent.children] figures
 */
export function Bar({ title, live, server, onMe, extra, children }) {
  return html`<header class="bar">
    <h1 class="bar-title">${title}<span class="bar-branch">${t("join.dot")}${nameOf(page.branch?.names)}</span></h1>
    <div class="bar-figures">${children}</div>
    <div class="bar-end">
      ${live && html`<${ConnectionLight} live=${live} />`}
      ${extra}<${Me} onMe=${onMe} />
      <button type="button" class="bar-act" onClick=${switchLang}>
        <${Icon} name="languages" /><span>${t("act.other_language")}</span>
      </button>
      <button type="button" class="bar-act" onClick=${() => signOut(server)}>
        <${Icon} name="log-out" /><span>${t("act.sign_out")}</span>
      </button>
    </div>
  </header>`;
}

/** @param {{onMe: (() => void) | undefined}} sent */
function Me({ onMe }) {
  if (!onMe) return html`<a class="bar-act bar-me" href="/mine">${page.me?.name}</a>`;
  return html`<button type="button" class="bar-act bar-me" onClick=${onMe}>
    <${Icon} name="user-round" /><span>${page.me?.name}</span>
  </button>`;
}
