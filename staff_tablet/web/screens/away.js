/** While the branch server is away: asks for it every ten seconds, and opens the page again when it answers. */

const EVERY_MS = 10_000;

async function look() {
  const signal = AbortSignal.timeout(EVERY_MS);
  const answer = await fetch("/livez", { cache: "no-store", signal }).catch(() => null);
  if (answer?.ok) location.reload();
}

setInterval(() => void look(), EVERY_MS);
addEventListener("online", () => void look());

export {};
