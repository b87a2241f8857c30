/** Demo only: scan without a telephone. Lists the customers of the demo and shows the camera one's living code. */

import { signal } from "@preact/signals-core";
import { useEffect, useRef } from "preact/hooks";
import { html } from "#shared/lib/html.js";
import { has, t } from "#shared/lib/words.js";
import { TierBadge } from "#shared/parts/badge.js";
import { Icon } from "#shared/parts/icon.js";

/** @typedef {{customer_no: string, masked_name: string, tier: string | null, note: string | null}} DemoCustomer */

const customers = signal(/** @type {DemoCustomer[]} */ ([]));
const isOpen = signal(false);

/** @param {string} path */
const ask = async (path) => (await fetch(path, { cache: "no-store" })).json();

async function open() {
  isOpen.value = true;
  customers.value = await ask("/demo/customers");
}

/** @param {{note: string | null}} sent */
const Note = ({ note }) =>
  note && has(`tag.${note}`) ? html`<span class="demo-note">${t(`tag.${note}`)}</span>` : null;

/** @param {{seen: (text: string) => void}} sent */
export function DemoScan({ seen }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => void (isOpen.value && !dialog.current?.open && dialog.current?.showModal()), [isOpen.value]);
  const show = async (/** @type {string} */ customerNo) => {
    isOpen.value = false;
    const { text } = await ask(`/demo/credential?customer_no=${encodeURIComponent(customerNo)}`);
    seen(text);
  };
  return html`<button type="button" class="demo-scan" onClick=${open}>
      <${Icon} name="scan-line" /><span>${t("demo.scan")}</span>
    </button>
    ${
      isOpen.value &&
      html`<dialog ref=${dialog} class="demo-list" aria-label=${t("demo.scan")} onClose=${() => (isOpen.value = false)}>
      <h2>${t("demo.scan_title")}</h2>
      <ul>
        ${customers.value.map(
          (customer) => html`<li key=${customer.customer_no}>
          <button type="button" class="demo-customer" onClick=${() => show(customer.customer_no)}>
            <b>${customer.masked_name}</b><${TierBadge} tier=${customer.tier} /><${Note} note=${customer.note} />
          </button>
        </li>`,
        )}
      </ul>
      <button type="button" class="button outlined" onClick=${() => (isOpen.value = false)}>${t("act.cancel")}</button>
    </dialog>`
    }`;
}
