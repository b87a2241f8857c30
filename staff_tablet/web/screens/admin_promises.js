/** How long each service level may wait here and how soon alerts are answered, tried on the last four weeks. */

import { useState } from "preact/hooks";
import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { useAsked } from "#staff/lib/office.js";
import { differ, LEVELS, LIMITS, lateOf } from "#staff/lib/promises.js";
import { AdminPage } from "#staff/parts/admin_page.js";

/** @import { Office } from "#staff/lib/office.js" */
/** @import { Promised, Tried } from "#staff/lib/promises.js" */
/** @typedef {Record<string, Promised>} Promises */

/** @param {{office: Office, mayChange: boolean}} sent */
export function PromisesPage({ office, mayChange }) {
  const asked = useAsked(office, "/settings/promises");
  const tried = useAsked(office, "/statistics/promises").content?.levels ?? [];
  const put = async (/** @type {Promises} */ promises, /** @type {number} */ version) => {
    const done = await office.change("PUT", "/settings/promises", promises, "", version);
    asked.reload(); // also whoever was slower: they see what is in force now
    return done;
  };
  const { promises, version } = asked.content ?? {};
  const save = async (/** @type {Promises} */ wanted) => {
    const done = await put(wanted, version);
    const undo = { words: t("act.undo"), press: () => void put(promises, done.version) };
    if (done) office.notes.say(t("promises.saved"), { undo });
  };
  return html`<${AdminPage} name="promises" asked=${asked}>
    ${promises && html`<${Form} key=${version} ...${{ promises, tried, mayChange, save }} />`}
  <//>`;
}

/** @param {{promises: Promises, tried: Tried[], mayChange: boolean, save: (wanted: Promises) => Promise<void>}} sent */
function Form({ promises, tried, mayChange, save }) {
  const [wanted, want] = useState(promises);
  const [isBusy, busy] = useState(false);
  const isChanged = differ(promises, wanted);
  const read = (/** @type {any} */ { target }) => {
    const [level, part] = target.name.split(".");
    if (!target.checkValidity()) return;
    want({ ...wanted, [level]: { ...wanted[level], [part]: Number(target.value) * (part === "wait_s" ? 60 : 1) } });
  };
  const submit = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (isBusy || !isChanged) return;
    busy(true);
    await save(wanted);
    busy(false);
  };
  const heads = ["level", "wait", "answer", "came", "late"];
  const given = { promises, wanted, mayChange };
  return html`<form class="promises" onSubmit=${submit} onInput=${read}>
    <div class="table-scroll" tabindex="0" role="region" aria-label=${t("admin.promises")}>
      <table class="table">
        <caption>${t("promises.caption")}</caption>
        <thead><tr>
          ${heads.map((each) => html`<th key=${each} scope="col">${t(`promises.col_${each}`)}</th>`)}
        </tr></thead>
        <tbody>${LEVELS.map(
          (level) =>
            html`<${Row} key=${level} level=${level} tried=${tried.find((of) => of.level === level)} ...${given} />`,
        )}</tbody>
      </table>
    </div>
    ${
      mayChange &&
      html`<div class="choice-row">
        <button class="button solid" aria-busy=${isBusy} disabled=${!isChanged}>${t("admin.save")}</button>
        <p class="quiet-text">${t("promises.from_now")}</p>
      </div>`
    }
  </form>`;
}

/**
 * @param {object} sent
 * @param {string} sent.level
 * @param {Tried} [sent.tried]
 * @param {Promises} sent.promises
 * @param {Promises} sent.wanted
 * @param {boolean} sent.mayChange
 */
function Row({ level, tried, promises, wanted, mayChange }) {
  const [before, after] = [promises, wanted].map((of) => lateOf(tried, of[level].wait_s));
  const name = t(`level.${level}`);
  const field = (/** @type {"wait" | "answer"} */ part, /** @type {number} */ value) =>
    mayChange
      ? html`<input class="figure" type="number" name="${level}.${part}_s" value=${value} ...${LIMITS[part]} required
          aria-label=${t(`promises.${part}_of`, { level: name })} />`
      : value;
  return html`<tr>
    <th scope="row">${name}</th>
    <td>${field("wait", Math.floor(wanted[level].wait_s / 60))}</td>
    <td>${field("answer", wanted[level].answer_s)}</td>
    <td>${tried?.n ?? 0}</td>
    <td aria-live="polite">${
      before === null
        ? t("promises.nobody")
        : before === after
          ? t("promises.late", { n: before })
          : html`<b>${t("queue.from_to", { from: before, to: after })}</b>`
    }</td>
  </tr>`;
}
