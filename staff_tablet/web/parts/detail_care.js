/** Taking care of somebody: greeted, needs help, belongs to a companion, has left. Each can be taken back for 5 s. */

import { useState } from "preact/hooks";
import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { Button } from "#shared/parts/button.js";
import { customerName } from "#staff/lib/saying.js";

/** @import { Lobby, Visit } from "#shared/lib/shapes.js" */
/** @import { Care } from "#staff/lib/care.js" */
/** @typedef {{lobby: Lobby, visit: Visit, care: Care, isAble: boolean}} Sent */
/** @typedef {"level" | "companion" | null} Asked */

/** What a person in the hall can see; the tier is head office's to say. @type {[level: string, reason: string][]} */
const LEVELS = [
  ["vulnerable", "elderly"],
  ["vulnerable", "disabled"],
  ["vulnerable", "with_child"],
  ["vip", "guest_of_branch"],
  ["ordinary", "mistaken"],
];
/** Nobody brings more than can be read at one look. */
const COMPANIONS_MAX = 8;

/** @param {Sent} sent */
export function DetailCare({ lobby, visit, care, isAble }) {
  const [asked, ask] = useState(/** @type {Asked} */ (null));
  const turn = (/** @type {Asked} */ what) => ask(asked === what ? null : what);
  const isOff = !isAble;
  const name = customerName(visit);
  const leave = () => care.of(visit, "leave", { reason: "seen_leaving" }, t("care.left", { name }), true);
  return html`<section class="detail-part">
    <h3>${t("care.title")}</h3>
    <div class="detail-acts">
      <${Button} isOff=${isOff || Boolean(visit.greeted_by)}
        onPress=${() => care.of(visit, "greet", {}, t("care.greeted", { name }), true)}>
        ${visit.greeted_by ? t("care.greeted_by", { who: visit.greeted_by.name }) : t("care.greet")}
      <//>
      <${Button} isOff=${isOff} onPress=${() => turn("level")}>${t("care.level")}<//>
      <${Button} isOff=${isOff} onPress=${() => turn("companion")}>${t("care.companion")}<//>
      <${Button} isOff=${isOff} onPress=${leave}>${t("care.leave")}<//>
    </div>
    ${asked === "level" && html`<${Levels} ...${{ visit, care }} done=${() => ask(null)} />`}
    ${asked === "companion" && html`<${Companions} ...${{ lobby, visit, care }} done=${() => ask(null)} />`}
  </section>`;
}

/** @param {{visit: Visit, care: Care, done: () => void}} sent */
function Levels({ visit, care, done }) {
  const set = async (/** @type {string} */ level, /** @type {string} */ reason) => {
    done();
    const why = t(`level_reason.${reason}`);
    await care.of(visit, "service-level", { level, reason: why }, t("care.level_set"), true);
  };
  return html`<ul class="services" aria-label=${t("care.level_why")}>
    ${LEVELS.map(
      ([level, reason]) => html`<li key=${reason}>
        <${Button} kind="quiet" onPress=${() => set(level, reason)}>${t(`level_reason.${reason}`)}<//>
      </li>`,
    )}
  </ul>`;
}

/** @param {{lobby: Lobby, visit: Visit, care: Care, done: () => void}} sent */
function Companions({ lobby, visit, care, done }) {
  const others = lobby.visits.filter((each) => each.visit_id !== visit.visit_id && each.state !== "left");
  const join = async (/** @type {Visit} */ of) => {
    done();
    const name = customerName(of);
    await care.of(visit, "companion", { of: of.visit_id }, t("care.companion_set", { name }), true);
  };
  const number = (/** @type {Visit} */ of) => lobby.tickets.find((each) => each.visit_id === of.visit_id)?.number;
  if (others.length === 0) return html`<p class="quiet-text">${t("care.nobody_else")}</p>`;
  return html`<ul class="services" aria-label=${t("care.companion_of")}>
    ${others.slice(0, COMPANIONS_MAX).map(
      (of) => html`<li key=${of.visit_id}>
        <${Button} kind="quiet" onPress=${() => join(of)}>
          ${customerName(of)} <b class="code">${number(of) ?? ""}</b>
        <//>
      </li>`,
    )}
  </ul>`;
}
