/** The dark bar over staff screens: where am I, figures, the light, language and leaving. */

import { html } from "#shared/lib/html.js";
import { page } from "#shared/lib/page.js";
import { nameOf, switchLang, t } from "#shared/lib/words.js";
import { signOut } from "#shared/lib/lobby.js";
import { ConnectionLight } from "#shared/parts/connection_light.js";
import { Icon } from "#shared/parts/icon.js";

/** @import { Live } from "#shared/lib/live.js" */
/** @import { Server } from "#shared/lib/server.js" */

/** @param {{title: string, live: Live, server: Server, children?: any}} sent */
export function Bar({ title, live, server, children }) {
  return html`<header class="bar">
    <h1 class="bar-title">${title}<span class="bar-branch">${t("join.dot")}${nameOf(page.branch?.names)}</span></h1>
    <div class="bar-figures">${children}</div>
    <div class="bar-end">
      <${ConnectionLight} live=${live} />
      <span class="bar-me">${page.me?.name}</span>
      <button type="button" class="bar-act" onClick=${switchLang}>
        <${Icon} name="languages" /><span>${t("act.other_language")}</span>
      </button>
      <button type="button" class="bar-act" onClick=${() => signOut(server)}>
        <${Icon} name="log-out" /><span>${t("act.sign_out")}</span>
      </button>
    </div>
  </header>`;
}
