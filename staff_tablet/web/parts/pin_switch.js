/** A colleague takes over this tablet with number and PIN; the tablet proves itself with its own key. */

import { useEffect, useState } from "preact/hooks";
import { Device } from "#shared/lib/device.js";
import { sentenceOf } from "#shared/lib/failures.js";
import { html } from "#shared/lib/html.js";
import { page } from "#shared/lib/page.js";
import { Server } from "#shared/lib/server.js";
import { t } from "#shared/lib/words.js";
import { Shapes } from "#shared/parts/empty.js";
import { Icon } from "#shared/parts/icon.js";

const device = new Device("tablet");
const WHO = ["staff_no", "pin"];

/** @param {{onClose: () => void}} sent */
export function PinSwitch({ onClose }) {
  const [state, tell] = useState(/** @type {"starting" | "asking" | "open"} */ ("starting"));
  const look = () => tell(device.isEnrolled ? "open" : "asking");
  useEffect(() => void device.find().then(look, look), []);
  return html`<aside class="detail" aria-label=${t("switch.title")}>
    <header class="detail-head">
      <h2>${t("switch.title")}</h2>
      <button type="button" class="detail-close" onClick=${onClose}>
        <${Icon} name="x" /><span>${t("act.close")}</span>
      </button>
    </header>
    ${state === "starting" && html`<${Shapes} rows=${2} />`}
    ${state === "asking" && html`<${Ask} fields=${["code"]} hint="switch.enrol" send=${enrol} done=${look} />`}
    ${state === "open" && html`<${Ask} fields=${WHO} hint="switch.hint" send=${change} done=${reload} />`}
  </aside>`;
}

const reload = () => location.reload();

/** @param {Record<string, string>} sent */
const enrol = ({ code }) => device.enrol(code.trim(), `${t("title.tablet")} ${page.branch?.code ?? ""}`);

/** @param {Record<string, string>} sent */
const change = ({ staff_no, pin }) =>
  new Server(device.access()).command("/pin-switch", { staff_no: staff_no.trim().toUpperCase(), pin });

/** @type {Record<string, object>} */
const INPUTS = {
  code: { autocapitalize: "characters" },
  staff_no: { autocapitalize: "characters", autocomplete: "username" },
  pin: { type: "password", inputmode: "numeric", autocomplete: "off", pattern: "[0-9]{4,8}" },
};

/**
 * @param {object} sent
 * @param {string[]} sent.fields
 * @param {string} sent.hint
 * @param {(values: Record<string, string>) => Promise<unknown>} sent.send
 * @param {() => void} sent.done
 */
function Ask({ fields, hint, send, done }) {
  const [trouble, say] = useState("");
  const [isBusy, busy] = useState(false);
  const submit = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (isBusy) return;
    busy(true);
    say("");
    const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
    try {
      await send(Object.fromEntries(fields.map((name) => [name, String(form.get(name))])));
      done();
    } catch (failure) {
      say(sentenceOf(failure));
    } finally {
      busy(false);
    }
  };
  return html`<form class="detail-form" onSubmit=${submit}>
    <p class="quiet-text">${t(hint)}</p>
    ${fields.map(
      (name) => html`<label class="field" key=${name}><span>${t(`switch.${name}`)}</span>
        <input name=${name} required spellcheck=${false} ...${INPUTS[name]} />
      </label>`,
    )}
    <p class="form-trouble" role="alert">${trouble}</p>
    <button class="button solid large" aria-busy=${isBusy}>${t("switch.send")}</button>
  </form>`;
}
