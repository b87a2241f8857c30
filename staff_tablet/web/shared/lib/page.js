/** What the server wrote into the page for its script. */

/** @import { Page } from "#shared/lib/shapes.js" */

/** @returns {Page} */
function read() {
  const element = globalThis.document?.getElementById("page");
  return JSON.parse(element?.textContent ?? "{}");
}

export const page = read();
