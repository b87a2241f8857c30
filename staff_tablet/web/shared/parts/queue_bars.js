/** How many wait for each kind of window, as bars from one zero line, with the range a newcomer would wait. */

import { range } from "#shared/lib/format.js";
import { html } from "#shared/lib/html.js";
import { nameOf, t } from "#shared/lib/words.js";

/** @import { Lobby } from "#shared/lib/shapes.js" */

/** The longest bar: beyond this many, the number alone tells. */
const FULL_BAR_PEOPLE = 8;

/** The services of each class, to give a letter its words. @param {Lobby} lobby */
function classesOf(lobby) {
  const classes = new Map();
  for (const type of lobby.service_types) {
    const known = classes.get(type.ticket_class) ?? [];
    classes.set(type.ticket_class, [...known, nameOf(type.names)]);
  }
  return [...classes].sort(([one], [other]) => one.localeCompare(other));
}

/** @param {{lobby: Lobby}} sent */
export function QueueBars({ lobby }) {
  const waiting = lobby.tickets.filter((ticket) => ticket.state === "waiting");
  return html`<ul class="queues">
    ${classesOf(lobby).map(([letter, names]) => {
      const count = waiting.filter((ticket) => ticket.ticket_class === letter).length;
      const wait = lobby.expected_wait[letter];
      const width = Math.min(1, count / FULL_BAR_PEOPLE) * 100;
      return html`<li key=${letter} class="queue">
        <span class="queue-name"><b class="code">${letter}</b> ${names.slice(0, 2).join(t("join.list"))}</span>
        <span class="queue-count">${t("count.people", { n: count })}</span>
        <svg class="queue-bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
          <rect class="queue-fill ${count >= FULL_BAR_PEOPLE ? "full" : ""}" width=${width} height="8" />
        </svg>
        ${wait && html`<span class="queue-wait">${t("wait.newcomer", { range: range(wait) })}</span>`}
      </li>`;
    })}
  </ul>`;
}
