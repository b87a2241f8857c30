/** What lies open beside the list, as part of the address: the back button closes it, and it can be sent. */

import { signal } from "@preact/signals-core";

const read = () => decodeURIComponent(globalThis.location?.hash.slice(1) ?? "");

/** "" nothing, "visit=<id>", "colleague" */
export const opened = signal(read());
globalThis.addEventListener?.("hashchange", () => (opened.value = read()));

/** @param {string} what */
export function open(what) {
  location.hash = what;
}

/** Close it without a mark in the history, so that "back" leaves the page as people expect. */
export function close() {
  history.replaceState(null, "", location.pathname + location.search);
  opened.value = "";
}

/** The visit that lies open. */
export const openedVisit = () => /^visit=(.+)$/.exec(opened.value)?.[1] ?? null;
