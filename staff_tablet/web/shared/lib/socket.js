/** The one place that opens a socket: WebSocket only, and it only listens. */

import { io } from "socket.io-client";

/**
 * @param {() => {epoch?: string, after?: number}} position where the screen stands
 * @param {() => Promise<string | null>} accessToken for devices; staff come with their cookie
 */
export function openSocket(position, accessToken = async () => null) {
  return io("/live", {
    transports: ["websocket"],
    reconnectionDelay: 300,
    reconnectionDelayMax: 3000,
    randomizationFactor: 0.5,
    timeout: 5000,
    auth: async (/** @type {(sent: object) => void} */ send) => {
      const token = await accessToken().catch(() => null);
      send({ ...position(), ...(token ? { access_token: token } : {}) });
    },
  });
}
