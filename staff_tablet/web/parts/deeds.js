/** Everything a teller can do at the window: one solid button for what comes next, the others quieter. */

import { html } from "#shared/lib/html.js";
import { t } from "#shared/lib/words.js";
import { Button } from "#shared/parts/button.js";
import { keyCap, KEYS } from "#staff/lib/desk.js";
import { RECALLS_BEFORE_NO_SHOW, stepOf } from "#staff/lib/window.js";

/** @import { Desk, Scene } from "#staff/lib/desk.js" */
/** @import { Step, Other } from "#staff/lib/window.js" */

/** @type {{deed: Step | Other, words: string}[][]} Places never change: a hand finds them without the eye. */
const ROWS = [
  [
    { deed: "call", words: "act.call_next" },
    { deed: "start", words: "act.start" },
    { deed: "finish", words: "act.finish" },
  ],
  [
    { deed: "recall", words: "act.recall" },
    { deed: "no-show", words: "act.no_show" },
    { deed: "park", words: "act.park" },
    { deed: "transfer", words: "act.transfer" },
    { deed: "next", words: "act.next_step" },
  ],
  [
    { deed: "hand", words: "act.call_by_hand" },
    { deed: "resume", words: "act.resume" },
    { deed: "why", words: "act.why" },
    { deed: "card", words: "card.title" },
    { deed: "refer", words: "act.refer" },
    { deed: "close", words: "act.close_window" },
  ],
];

/** @param {{desk: Desk, scene: Scene, busy: string | null, isAble: boolean, waiting: number}} sent */
export function Deeds({ desk, scene, busy, isAble, waiting }) {
  const can = desk.can(scene);
  const step = stepOf(scene.ticket);
  const isDue = isAble && (scene.ticket !== null || waiting > 0);
  return html`<div class="deeds">
    ${ROWS.map(
      (row, at) =>
        html`<div class="deeds-row" key=${at}>
        ${row.map(({ deed, words }) => {
          const kind = deed === step && isDue ? "solid" : at === 2 ? "quiet" : "outlined";
          return html`<${Button} key=${deed} kind=${kind} size=${at === 0 ? "large" : "small"}
            isOff=${!can.has(deed)} isBusy=${busy === (deed === "call" ? "call-next" : deed)}
            hotkey=${keyCap(KEYS[deed])} onPress=${() => desk.press(scene, deed)}>${t(words)}${count(scene, deed)}<//>`;
        })}
      </div>`,
    )}
  </div>`;
}

/** How often somebody was called again, of how often it takes. @param {Scene} scene @param {Step | Other} deed */
function count({ ticket }, deed) {
  if (deed !== "recall" || ticket?.state !== "called") return null;
  const [done, needed] = [ticket.recall_count ?? 0, RECALLS_BEFORE_NO_SHOW];
  return html` <small class="deeds-count">${t("desk.recalled", { n: done, needed })}</small>`;
}
