/** One panel of the head's page: a title that says what is shown, the chart, the same as a table, and what it means. */

import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { Shapes } from "#shared/parts/empty.js";

/** @typedef {{words: string, kind?: "number"}} Head */
/** @typedef {{caption: string, heads: Head[], rows: any[][]}} TableOf */

/**
 * @param {object} sent
 * @param {string} sent.name words of title, hint and meaning begin so
 * @param {any} sent.content null until it came
 * @param {string} [sent.csv] where the same is had as a file
 * @param {TableOf[]} [sent.tables]
 * @param {string} [sent.hint]
 * @param {boolean} [sent.isEmpty]
 * @param {any} [sent.children]
 */
export function Panel({ name, content, csv, tables = [], hint, isEmpty = false, children }) {
  return html`<section class="panel panel-${name}" aria-labelledby=${`panel-${name}`}>
    <header class="panel-head">
      <h3 id=${`panel-${name}`}>${t(`head.${name}`)}</h3>
      <p>${hint ?? t(`head.${name}_hint`)}</p>
    </header>
    ${!content && html`<${Shapes} rows=${3} />`}
    ${content && (isEmpty ? html`<p class="panel-none">${t("head.none_yet")}</p>` : children)}
    ${content && html`<footer class="panel-foot">
      ${tables.length > 0 && html`<details class="panel-more">
        <summary>${t("head.as_table")}</summary>
        ${tables.map((each) => html`<${PlainTable} key=${each.caption} table=${each} />`)}
      </details>`}
      <details class="panel-more"><summary>${t("head.meaning")}</summary><p>${t(`head.${name}_means`)}</p></details>
      ${csv && html`<a class="panel-csv" href=${csv} download>CSV<span class="unseen"> ${t(`head.${name}`)}</span></a>`}
    </footer>`}
  </section>`;
}

/** @param {{table: TableOf}} sent */
export const PlainTable = ({ table: { caption, heads, rows } }) => html`
  <div class="plain-scroll" tabindex="0" role="region" aria-label=${caption}>
    <table class="plain">
      <caption>${caption}</caption>
      <thead><tr>
        ${heads.map(({ words, kind }, at) => html`<th key=${at} scope="col" class=${kind ?? ""}>${t(words)}</th>`)}
      </tr></thead>
      <tbody>${rows.map(
        (row, key) => html`<tr key=${key}>${row.map((cell, at) =>
          at === 0
            ? html`<th key=${at} scope="row">${cell}</th>`
            : html`<td key=${at} class=${heads[at].kind ?? ""}>${cell}</td>`,
        )}</tr>`,
      )}</tbody>
    </table>
  </div>`;

/**
 * Heads of a table: what a row is about, then figures.
 * @param {string} first
 * @param {string} figures their names, with blanks between
 * @returns {Head[]}
 */
export function headsOf(first, figures) {
  const rest = figures.split(" ").map((each) => ({ words: `head.col_${each}`, kind: /** @type {const} */ ("number") }));
  return [{ words: `head.col_${first}` }, ...rest];
}
