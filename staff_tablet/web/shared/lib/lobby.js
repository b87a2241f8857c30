/** Everything a screen needs to show the lobby: a clock, a server to ask, and the lobby as it changes. */

import { ServerClock } from "#shared/lib/clock.js";
import { Live } from "#shared/lib/live.js";
import { page } from "#shared/lib/page.js";
import { Server, staffAccess } from "#shared/lib/server.js";
import { openSocket } from "#shared/lib/socket.js";

const WATCH_MS = 3000;

/**
 * @param {import("#shared/lib/server.js").Access} access
 * @param {() => Promise<string | null>} [accessToken]
 * @param {number} [patienceMs] for one command
 */
export function openLobby(access, accessToken, patienceMs) {
  const clock = new ServerClock();
  const server = new Server(access, undefined, undefined, patienceMs);
  const live = new Live({
    clock,
    fetchLobby: () => server.read("/lobby"),
    openSocket: (position) => openSocket(position, accessToken),
  });
  clock.start();
  void live.start();
  setInterval(() => live.watch(), WATCH_MS);
  // A machine that slept has a clock that stood still: ask for the time and the lobby at once.
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && live.lobby.value) void live.catchUp();
  });
  return { clock, server, live };
}

/** The lobby for a signed-in person. */
export const openStaffLobby = () => openLobby(staffAccess(page.csrf, toSignIn));

/** To the sign-in page, and back here afterwards. */
export function toSignIn() {
  location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
}

/** @param {Server} server */
export async function signOut(server) {
  await server.command("/sign-out").catch(() => {});
  location.assign("/");
}
