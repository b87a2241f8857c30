/** The fixed row at the foot: help, larger text, contrast, lower reach, language. Always there. */

import { html } from "#shared/lib/html.js";
import { lang, otherLang, t } from "#shared/lib/words.js";
import { Icon } from "#shared/parts/icon.js";
import { holdForContrast, isContrast, isLarge, isLow } from "#kiosk/lib/modes.js";

/** @import { Signal } from "@preact/signals-core" */

/** @param {{callHelp: () => void}} sent */
export function Foot({ callHelp }) {
  return html`<nav class="foot" aria-label=${t("kiosk.foot_name")}>
    <button type="button" class="foot-act" data-key="0" onClick=${callHelp}>
      <${Icon} name="bell-ring" /><span>${t("kiosk.help")}</span>
    </button>
    <${Mode} mode=${isLarge} icon="a-large-small" words="kiosk.large" more=${holdForContrast()} />
    <${Mode} mode=${isContrast} icon="contrast" words="kiosk.contrast" />
    <${Mode} mode=${isLow} icon="accessibility" words="kiosk.low" kind="low-reach" />
    <button type="button" class="foot-act" lang=${otherLang()} onClick=${() => (lang.value = otherLang())}>
      <${Icon} name="languages" /><span>${t("act.other_language")}</span>
    </button>
  </nav>`;
}

/** @param {{mode: Signal<boolean>, icon: string, words: string, kind?: string, more?: object}} sent */
function Mode({ mode, icon, words, kind = "", more = {} }) {
  const turn = () => (mode.value = !mode.value);
  return html`<button type="button" class="foot-act ${kind}" aria-pressed=${mode.value} onClick=${turn} ...${more}>
    <${Icon} name=${icon} /><span>${t(words)}</span>
  </button>`;
}
