/** How the queue is served, and what another way would have done on the last recorded day. */

import { useState } from "preact/hooks";
import { minutes } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { page } from "#shared/lib/page.js";
import { nameOf, t } from "#shared/lib/words.js";
import { useAsked } from "#staff/lib/office.js";
import { AdminPage, CheckField, SelectField } from "#staff/parts/admin_page.js";
import { PolicyForm } from "#staff/parts/policy_form.js";

/** @import { Office } from "#staff/lib/office.js" */
/** @typedef {{level: string, n: number, p50_s: number, p90_s: number, most_overtakes: number}} Waits */
/** @typedef {{business_day: string, before: Waits[], after: Waits[], twin_error: {mae_s: number}}} Effect */

const MODES = ["fifo", "accumulating", "bounded_vip"];
/** A branch head tries things out; the administrator looks. */
const mayTry = page.me?.roles.includes("head") ?? false;

/** @param {{office: Office}} sent */
export function Queue({ office }) {
  const asked = useAsked(office, "/settings/queue-policy");
  const [effect, tell] = useState(/** @type {Effect | null} */ (null));
  const policy = asked.content;
  /** @type {[words: string, text: string][] | null} */
  const facts = policy && [
    ["queue.mode", t(`queue.is_${policy.discipline}`)],
    ["queue.cap", t("queue.times", { n: policy.overtake_cap })],
    ["queue.overdue", t("queue.minutes", { n: minutes(policy.parameters.overdue_s) })],
    ["queue.version", policy.rule_version],
  ];
  const given = { office, policy, tell, reload: asked.reload };
  return html`<${AdminPage} name="queue" asked=${asked}>
    <div class="office-cards">
      <section class="office-card">
        <h3>${t("queue.now")}</h3>
        <ul class="facts-rows">
          ${facts?.map(([words, text]) => html`<li key=${words}><span>${t(words)}</span><b>${text}</b></li>`)}
          ${Object.entries(policy?.parameters.weights ?? {}).map(
            ([level, weight]) => html`<li key=${level}><span>${t("queue.weight", { level: t(`level.${level}`) })}</span>
              <b>×${weight}</b></li>`,
          )}
        </ul>
      </section>
      ${mayTry && policy && html`<${PolicyForm} key=${policy.version} ...${given} />`}
      ${mayTry && policy && html`<${Try} office=${office} discipline=${policy.discipline} tell=${tell} />`}
    </div>
    ${effect && html`<${EffectTable} effect=${effect} />`}
  <//>`;
}

/** @param {{office: Office, discipline: string, tell: (effect: Effect | null) => void}} sent */
function Try({ office, discipline, tell }) {
  const points = useAsked(office, "/settings/service-points").content?.service_points ?? [];
  const [isBusy, busy] = useState(false);
  const staffed = points.filter((/** @type {any} */ { kind }) => kind !== "machine");
  /** @type {[string, string][]} */
  const places = staffed.map((/** @type {any} */ point) => [point.code, nameOf(point.names)]);
  const ask = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (isBusy) return;
    const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
    busy(true);
    const body = { open: form.getAll("open"), close: form.getAll("close"), discipline: form.get("discipline") };
    tell(await office.change("POST", "/what-if", body));
    busy(false);
  };
  return html`<section class="office-card">
    <h3>${t("queue.try")}</h3>
    <form class="beside-form" onSubmit=${ask}>
      <${SelectField} name="discipline" words="queue.mode" value=${discipline}
        choices=${MODES.map((mode) => [mode, t(`queue.is_${mode}`)])} />
      <${CheckField} name="open" words="queue.open" values=${[]} choices=${places} />
      <${CheckField} name="close" words="queue.close" values=${[]} choices=${places} />
      <button class="button solid" aria-busy=${isBusy}>${t("queue.ask")}</button>
    </form>
  </section>`;
}

/** Before and after for each level, from what to what. @param {{effect: Effect}} sent */
function EffectTable({ effect }) {
  const before = new Map(effect.before.map((each) => [each.level, each]));
  const change = (/** @type {Waits} */ each, /** @type {"p50_s" | "p90_s"} */ part) =>
    t("queue.from_to", { from: minutes(before.get(each.level)?.[part] ?? 0), to: minutes(each[part]) });
  return html`<div class="table-scroll" tabindex="0" role="region" aria-label=${t("queue.effect")}>
    <table class="table">
      <caption>${t("queue.effect_of", { day: effect.business_day, n: minutes(effect.twin_error.mae_s) })}</caption>
      <thead><tr>
        ${["level", "people", "half", "most", "overtakes"].map(
          (name) => html`<th key=${name} scope="col">${t(`queue.col_${name}`)}</th>`,
        )}
      </tr></thead>
      <tbody>${effect.after.map(
        (each) => html`<tr key=${each.level}>
          <th scope="row">${t(`level.${each.level}`)}</th><td>${each.n}</td>
          <td>${change(each, "p50_s")}</td><td>${change(each, "p90_s")}</td><td>${each.most_overtakes}</td>
        </tr>`,
      )}</tbody>
    </table>
  </div>`;
}
