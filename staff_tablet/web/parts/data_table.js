/** A table with a filter and arrow keys; what is typed stands in the address, so that a view can be sent. */

import { useRef } from "preact/hooks";
import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { filtered, hashOf, moved, placeOf } from "#staff/lib/filter.js";

/**
 * @typedef {object} Column
 * @property {string} words key of its head
 * @property {(row: any) => any} show
 * @property {(row: any) => string} [text] what the filter reads, where `show` is not text
 * @property {"number" | "words" | ""} [kind] a number stands right; words may need two lines
 */

const place = () => placeOf(location.hash);

/** @param {string} typed */
export function typeFilter(typed) {
  const hash = hashOf(place().name, typed);
  history.replaceState(history.state, "", location.pathname + location.search + hash);
  dispatchEvent(new HashChangeEvent("hashchange"));
}

/**
 * @param {object} sent
 * @param {string} sent.caption
 * @param {Column[]} sent.columns
 * @param {any[]} sent.rows
 * @param {(row: any) => string} sent.idOf
 * @param {string | null} [sent.openId]
 * @param {(row: any) => void} [sent.onOpen]
 */
export function DataTable({ caption, columns, rows, idOf, openId = null, onOpen }) {
  const body = useRef(/** @type {HTMLElement | null} */ (null));
  const { typed } = place();
  const textOf = (/** @type {any} */ row) => columns.map(({ show, text = show }) => String(text(row))).join(" ");
  const shown = filtered(rows, typed, textOf);
  const move = (/** @type {KeyboardEvent} */ event) => {
    const buttons = [...(body.current?.querySelectorAll("button") ?? [])];
    const at = buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    const to = moved(at, event.key, buttons.length);
    if (at < 0 || to === at) return;
    event.preventDefault();
    buttons[to].focus();
  };
  return html`<div class="table-part">
    <label class="table-filter"><span>${t("admin.filter")}</span>
      <input type="search" value=${typed} autocomplete="off"
        onInput=${(/** @type {any} */ event) => typeFilter(event.target.value)} />
    </label>
    <div class="table-scroll" tabindex="0" role="region" aria-label=${caption}>
      <table class="table">
        <caption>${caption}${t("join.dot")}${t("admin.count", { n: shown.length, all: rows.length })}</caption>
        <thead><tr>
          ${columns.map(({ words, kind }) => html`<th key=${words} scope="col" class=${kind ?? ""}>${t(words)}</th>`)}
        </tr></thead>
        <tbody ref=${body} onKeyDown=${move}>
          ${shown.map((row) => {
            const id = idOf(row);
            return html`<tr key=${id} class=${id === openId ? "open" : ""}>
              ${columns.map((column, at) => html`<${Cell} key=${at} ...${{ column, row, at, onOpen }} />`)}
            </tr>`;
          })}
        </tbody>
      </table>
      ${shown.length === 0 && html`<p class="table-none">${t("admin.none_found")}</p>`}
    </div>
  </div>`;
}

/** The first cell opens the row. @param {{column: Column, row: any, at: number, onOpen?: (row: any) => void}} sent */
function Cell({ column, row, at, onOpen }) {
  const content = column.show(row);
  if (at > 0) return html`<td class=${column.kind ?? ""}>${content}</td>`;
  return html`<th scope="row">
    ${onOpen ? html`<button type="button" class="row-open" onClick=${() => onOpen(row)}>${content}</button>` : content}
  </th>`;
}
