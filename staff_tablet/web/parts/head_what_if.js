/** What if another window had been open, or the queue served otherwise: the last recorded day, played again. */

import { useState } from "preact/hooks";
import { html } from "#shared/lib/html.js";
import { nameOf, t } from "#shared/lib/words.js";
import { minutesText } from "#staff/lib/figures.js";
import { useAsked } from "#staff/lib/office.js";
import { CheckField, SelectField } from "#staff/parts/admin_page.js";
import { Panel, PlainTable } from "#staff/parts/head_panel.js";

/** @import { Office } from "#staff/lib/office.js" */
/** @typedef {{level: string, n: number, p50_s: number, p90_s: number, most_overtakes: number}} Waits */

const MODES = ["fifo", "accumulating", "bounded_vip"];

/** @param {{office: Office}} sent */
export function WhatIf({ office }) {
  const points = useAsked(office, "/settings/service-points").content?.service_points ?? [];
  const policy = useAsked(office, "/settings/queue-policy").content;
  const [effect, tell] = useState(/** @type {any} */ (null));
  const [isBusy, busy] = useState(false);
  /** @type {[string, string][]} */
  const places = points
    .filter((/** @type {any} */ { kind }) => kind !== "machine")
    .map((/** @type {any} */ point) => [point.code, nameOf(point.names)]);
  const ask = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (isBusy) return;
    const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
    busy(true);
    const body = { open: form.getAll("open"), close: form.getAll("close"), discipline: form.get("discipline") };
    tell(await office.change("POST", "/what-if", body));
    busy(false);
  };
  return html`<${Panel} name="what_if" content=${policy}>
    ${policy && html`<form class="what-if" onSubmit=${ask}>
      <${SelectField} name="discipline" words="queue.mode" value=${policy.discipline}
        choices=${MODES.map((mode) => [mode, t(`queue.is_${mode}`)])} />
      <${CheckField} name="open" words="queue.open" values=${[]} choices=${places} />
      <${CheckField} name="close" words="queue.close" values=${[]} choices=${places} />
      <button class="button solid" aria-busy=${isBusy}>${t("queue.ask")}</button>
    </form>`}
    <div role="status">${effect && html`<${PlainTable} table=${tableOf(effect)} />`}</div>
  <//>`;
}

/** Before and after for each level, from what to what. @param {any} effect */
function tableOf(effect) {
  const before = new Map(effect.before.map((/** @type {Waits} */ each) => [each.level, each]));
  const change = (/** @type {any} */ each, /** @type {string} */ part) =>
    t("queue.from_to", { from: minutesText(before.get(each.level)?.[part] ?? 0), to: minutesText(each[part]) });
  return {
    caption: t("queue.effect_of", { day: effect.business_day, n: minutesText(effect.twin_error.mae_s) }),
    heads: ["level", "people", "half", "most", "overtakes"].map((each) => ({ words: `queue.col_${each}` })),
    rows: effect.after.map((/** @type {any} */ each) => [
      t(`level.${each.level}`),
      each.n,
      change(each, "p50_s"),
      change(each, "p90_s"),
      each.most_overtakes,
    ]),
  };
}
