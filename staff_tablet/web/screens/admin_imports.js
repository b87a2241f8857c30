/** Head office's files: what came last, and one that is tried before it is taken. */

import { useState } from "preact/hooks";
import { Refused, sentenceOf } from "#shared/lib/failures.js";
import { timeOfDay } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { page } from "#shared/lib/page.js";
import { has, t } from "#shared/lib/words.js";
import { Button } from "#shared/parts/button.js";
import { useAsked } from "#staff/lib/office.js";
import { AdminPage, SelectField } from "#staff/parts/admin_page.js";

/** @import { Office } from "#staff/lib/office.js" */
/**
 * @typedef {{added: number, changed: number, gone: number, unchanged: number,
 *   is_known: boolean, is_dry: boolean}} Taken
 */
/** @typedef {{feed: string, as_of: string | null, row_count: number | null, asked_at: string | null,
 *   refused: string | null}} Feed */
/** @typedef {{line: number, code: string, errors: {field: string, code: string}[]}} Wrong */
/** @typedef {{feed: string, file: File, mayShrink: boolean}} Chosen */

/** More wrong lines help nobody: the file is mended where it is made. */
const WRONG_SHOWN_MAX = 50;
const zone = page.branch?.timezone ?? "UTC";

/** @param {{office: Office, mayChange: boolean}} sent */
export function Imports({ office, mayChange }) {
  const asked = useAsked(office, "/head-office");
  /** @type {Feed[]} */
  const feeds = asked.content?.feeds ?? [];
  return html`<${AdminPage} name="imports" asked=${asked}>
    <div class="office-cards">
      <section class="office-card">
        <h3>${t("imports.last")}</h3>
        <ul class="facts-rows">${feeds.map((each) => html`<${Last} key=${each.feed} each=${each} />`)}</ul>
      </section>
      ${mayChange && html`<${Bring} office=${office} feeds=${feeds.map(({ feed }) => feed)} reload=${asked.reload} />`}
    </div>
  <//>`;
}

/** @param {{each: Feed}} sent */
function Last({ each: { feed, as_of, row_count, asked_at, refused } }) {
  const time = asked_at ? timeOfDay(Date.parse(asked_at), zone) : "";
  return html`<li><span>${t(`feed.${feed}`)}</span>
    <b>${as_of ? t("imports.as_of", { day: as_of, n: row_count }) : t("imports.never")}</b>
    ${asked_at && !refused && html`<small class="quiet-text">${t("imports.asked", { time })}</small>`}
    ${refused && html`<small class="not-taken">${t("imports.not_taken", { time, code: refused })}</small>`}
  </li>`;
}

/** @param {{office: Office, feeds: string[], reload: () => void}} sent */
function Bring({ office, feeds, reload }) {
  const [chosen, choose] = useState(/** @type {Chosen | null} */ (null));
  const [found, tell] = useState(/** @type {Taken | null} */ (null));
  const [refused, say] = useState(/** @type {unknown} */ (null));
  const [isBusy, busy] = useState(false);
  const send = async (/** @type {Chosen} */ what, /** @type {boolean} */ isDry) => {
    if (isBusy) return;
    busy(true);
    say(null);
    tell(null);
    const query = `${isDry ? "dry_run=1&" : ""}${what.mayShrink ? "accept_shrinking=1" : ""}`;
    try {
      tell(await office.server.put(`/head-office/${what.feed}?${query}`, what.file));
      if (!isDry) reload();
    } catch (failure) {
      say(failure);
    }
    busy(false);
  };
  const attempt = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const file = /** @type {File} */ (form.get("file"));
    const what = { feed: String(form.get("feed")), file, mayShrink: form.has("shrink") };
    choose(what);
    void send(what, true);
  };
  const canTake = chosen && found?.is_dry && !found.is_known;
  return html`<section class="office-card">
    <h3>${t("imports.bring")}</h3>
    <form class="beside-form" onSubmit=${attempt} onChange=${() => tell(null)}>
      <${SelectField} name="feed" words="imports.kind" value="customers"
        choices=${feeds.map((feed) => [feed, t(`feed.${feed}`)])} />
      <label class="field"><span>${t("imports.file")}</span><input type="file" name="file" required /></label>
      <label class="check"><input type="checkbox" name="shrink" /><span>${t("imports.shrink")}</span></label>
      <button class="button outlined" aria-busy=${isBusy}>${t("imports.try")}</button>
    </form>
    <div aria-live="polite">
      ${found && html`<p class="import-said">${outcomeText(found)}</p>`}
      ${refused && html`<${Refusal} failure=${refused} />`}
    </div>
    ${
      canTake &&
      html`<${Button} kind="solid" isBusy=${isBusy} onPress=${() => send(chosen, false)}>${t("imports.take")}<//>`
    }
  </section>`;
}

/** @param {Taken} found */
function outcomeText(found) {
  if (found.is_known) return t("imports.known");
  return t(found.is_dry ? "imports.would" : "imports.done", { ...found });
}

/** Why it was refused, with each wrong line. @param {{failure: unknown}} sent */
function Refusal({ failure }) {
  /** @type {Wrong[]} */
  const lines = failure instanceof Refused ? (failure.facts.lines ?? []) : [];
  return html`<p class="import-said bad">${sentenceOf(failure)}</p>
    <ul class="facts-rows">${lines.slice(0, WRONG_SHOWN_MAX).map(
      ({ line, code, errors }) => html`<li key=${line}><span>${t("imports.line", { n: line })}</span>
        <b>${errors.map(({ field, code: why }) => `${field} ${why}`).join(t("join.list")) || lineText(code)}</b></li>`,
    )}</ul>`;
}

/** @param {string} code */
const lineText = (code) => (has(`error.${code}`) ? t(`error.${code}`) : code);
