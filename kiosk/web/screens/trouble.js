/** It did not work: one plain sentence, and a way on. Also: somebody is coming; and the moment of reading. */

import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { Button } from "#shared/parts/button.js";
import { Icon } from "#shared/parts/icon.js";
import { Head } from "#kiosk/parts/head.js";
import { Leaving } from "#kiosk/parts/leaving.js";
import { troubleKey } from "#kiosk/lib/verdicts.js";

/** @typedef {import("#kiosk/screens/kiosk.js").With} With */

/** @param {With & {code: string, again: (() => void) | null}} sent */
export function Trouble({ parts, flow, idle, code, again }) {
  const key = troubleKey(code);
  const home = () => flow.home(); // they may try again, in their language and size
  return html`<${Head} parts=${parts} title=${t(`${key}_title`)} hint=${code === "closed" ? "" : t("trouble.hint")} />
    <main id="main" class="body plain">
      <div class="say" role="alert"><${Icon} name="circle-alert" kind="huge" /><p>${t(key)}</p></div>
      ${again && html`<div class="done"><${Button} kind="solid" size="huge" icon="refresh-cw" onPress=${again}>
        ${t("act.again")}<//></div>`}
      <${Leaving} leave=${home} idle=${idle} kind=${again ? "outlined" : "solid"} words="act.home" />
    </main>`;
}

/** @param {With} sent */
export function Helped({ parts, idle, leave }) {
  return html`<${Head} parts=${parts} title=${t("helped.title")} hint=${t("helped.hint")} />
    <main id="main" class="body plain">
      <div class="say"><${Icon} name="bell-ring" kind="huge" /><p>${t("helped.text")}</p></div>
      <${Leaving} leave=${leave} idle=${idle} />
    </main>`;
}

/** @param {With} sent */
export function Reading({ parts }) {
  return html`<${Head} parts=${parts} title=${t("reading.title")} hint=${t("reading.hint")} />
    <main id="main" class="body plain">
      <div class="say got-it" role="status"><${Icon} name="check" kind="huge" /><p>${t("reading.text")}</p></div>
    </main>`;
}
