/** Demo only: the customer's telephone with the bank's app, showing a living code. */

import { signal } from "@preact/signals-core";
import { html, render } from "#shared/lib/html.js";
import { page } from "#shared/lib/page.js";
import { has, nameOf, switchLang, t } from "#shared/lib/words.js";
import { Empty, Shapes } from "#shared/parts/empty.js";
import { TierBadge } from "#shared/parts/badge.js";
import { Button } from "#shared/parts/button.js";

/** @typedef {{customer_no: string, masked_name: string, tier: string | null, note: string | null}} DemoCustomer */

/** The code lives 60 s; it is renewed early, so that a code just shown can still be read. */
const RENEW_MS = 45_000;
const TICK_MS = 250;
const RING = 2 * Math.PI * 20;

const customers = signal(/** @type {DemoCustomer[] | null} */ (null));
const isBroken = signal(false);
const chosen = signal(/** @type {DemoCustomer | null} */ (null));
const shownMs = signal(0);
const leftMs = signal(RENEW_MS);

async function load() {
  isBroken.value = false;
  try {
    customers.value = await (await fetch("/demo/customers", { cache: "no-store" })).json();
    const asked = new URLSearchParams(location.search).get("customer_no");
    choose(customers.value?.find((customer) => customer.customer_no === asked) ?? customers.value?.[0] ?? null);
  } catch {
    isBroken.value = true;
  }
}

/** @param {DemoCustomer | null} customer */
function choose(customer) {
  chosen.value = customer;
  renew();
}

function renew() {
  shownMs.value = performance.now();
  leftMs.value = RENEW_MS;
}

setInterval(() => {
  if (document.hidden || !chosen.value) return;
  leftMs.value = RENEW_MS - (performance.now() - shownMs.value);
  if (leftMs.value <= 0) renew();
}, TICK_MS);

/** @param {{leftMs: number}} sent */
function Ring({ leftMs: left }) {
  const gone = RING * (1 - Math.max(0, left) / RENEW_MS);
  return html`<svg class="ring" viewBox="0 0 48 48" aria-hidden="true">
    <circle class="ring-track" cx="24" cy="24" r="20" />
    <circle class="ring-left" cx="24" cy="24" r="20" stroke-dasharray=${RING} stroke-dashoffset=${gone} />
  </svg>`;
}

/** @param {{customer: DemoCustomer}} sent */
function Phone({ customer }) {
  const asked = new URLSearchParams({ customer_no: customer.customer_no, shown: String(Math.round(shownMs.value)) });
  const address = `/demo/qr.svg?${asked}`;
  const left = Math.max(0, Math.ceil(leftMs.value / 1000));
  return html`<section class="phone" aria-label=${t("wallet.phone")}>
    <p class="phone-bank">${nameOf(page.bank.names)}</p>
    <h2 class="phone-title">${t("wallet.code")}</h2>
    <p class="phone-name"><b>${customer.masked_name}</b><${TierBadge} tier=${customer.tier} /></p>
    <img class="phone-qr" key=${address} src=${address} alt=${t("wallet.qr", { name: customer.masked_name })} />
    <p class="phone-left"><${Ring} leftMs=${leftMs.value} /><span>${t("wallet.left", { n: left })}</span></p>
    <${Button} kind="outlined" icon="refresh-cw" onPress=${renew}>${t("wallet.renew")}<//>
    <p class="phone-hint">${t("wallet.hint")}</p>
  </section>`;
}

/** @param {{note: string | null}} sent */
const Note = ({ note }) =>
  note && has(`tag.${note}`) ? html`<span class="wallet-note">${t(`tag.${note}`)}</span>` : null;

function People() {
  if (isBroken.value) {
    return html`<${Empty} icon="wifi-off" title=${t("wallet.broken")}>
      <${Button} kind="solid" onPress=${load}>${t("act.again")}<//>
    <//>`;
  }
  if (!customers.value) return html`<${Shapes} rows=${4} />`;
  return html`<ul class="wallet-people" role="radiogroup" aria-label=${t("wallet.people")}>
    ${customers.value.map((customer) => html`<${Person} key=${customer.customer_no} customer=${customer} />`)}
  </ul>`;
}

/** @param {{customer: DemoCustomer}} sent */
function Person({ customer }) {
  const isChosen = chosen.value === customer;
  const press = () => choose(customer);
  return html`<li role="presentation">
    <button type="button" role="radio" class="wallet-person" aria-checked=${isChosen} onClick=${press}>
      <b>${customer.masked_name}</b><${TierBadge} tier=${customer.tier} /><${Note} note=${customer.note} />
    </button>
  </li>`;
}

function Wallet() {
  return html`<main id="main" class="wallet">
    <section class="wallet-choose">
      <p class="wallet-top">
        <a href="/">${t("wallet.back")}</a>
        <${Button} kind="quiet" onPress=${switchLang}>${t("act.other_language")}<//>
      </p>
      <h1>${t("title.wallet")}</h1>
      <p class="quiet-text">${t("wallet.explain")}</p>
      <${People} />
    </section>
    ${chosen.value && html`<${Phone} customer=${chosen.value} />`}
  </main>`;
}

render(html`<${Wallet} />`, /** @type {HTMLElement} */ (document.getElementById("screen")));
void load();
