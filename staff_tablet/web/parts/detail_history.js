/** What befell this visit, newest last: every touchpoint with its time and who was there. */

import { useEffect, useState } from "preact/hooks";
import { sentenceOf } from "#shared/lib/failures.js";
import { timeOfDay } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { has, t } from "#shared/lib/words.js";

/** @import { Lobby, Touch, Visit } from "#shared/lib/shapes.js" */
/** @import { Care } from "#staff/lib/care.js" */

/** @param {{lobby: Lobby, visit: Visit, care: Care}} sent */
export function DetailHistory({ lobby, visit, care }) {
  const [found, tell] = useState(/** @type {Touch[] | string | null} */ (null));
  useEffect(() => {
    let isGone = false;
    const asked = care.read("history", visit);
    asked.then((answer) => isGone || tell(answer.touchpoints ?? answer)).catch((no) => isGone || tell(sentenceOf(no)));
    return () => void (isGone = true);
    // Whatever changes a visit is a new touchpoint.
  }, [visit]);
  return html`<section class="detail-part">
    <h3>${t("history.title")}</h3>
    ${typeof found === "string" && html`<p class="quiet-text">${found}</p>`}
    ${
      Array.isArray(found) &&
      html`<ol class="history">
      ${found.map(
        ({ at, code, by, facts }, row) => html`<li key=${row}>
          <time datetime=${at}>${timeOfDay(Date.parse(at), lobby.branch.timezone)}</time>
          <span>${touchText(code, facts)}</span>${by && html`<span class="quiet-text">${by.name}</span>`}
        </li>`,
      )}
    </ol>`
    }
  </section>`;
}

/** @param {string} code @param {Record<string, any>} facts */
function touchText(code, facts = {}) {
  const key = `touch.${code}`;
  return has(key) ? t(key, { number: "", ...facts }).trim() : t("touch.other");
}
