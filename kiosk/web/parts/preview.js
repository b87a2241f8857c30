/** What the camera sees, so that a hand finds the right distance. Mirrored, as people know it. */

import { useEffect, useRef } from "preact/hooks";
import { html } from "#shared/lib/html.js";
import { Icon } from "#shared/parts/icon.js";

/** @import { Camera } from "#kiosk/lib/camera.js" */

/** @param {{camera: Camera}} sent */
export function Preview({ camera }) {
  const video = useRef(/** @type {HTMLVideoElement | null} */ (null));
  const stream = camera.stream.value;
  const isReady = stream !== null && camera.state.value === "ready";
  useEffect(() => {
    if (!video.current) return;
    video.current.muted = true;
    video.current.srcObject = stream;
    if (stream) video.current.play().catch(() => {}); // taken away again at once: the next stream plays
  }, [stream]);
  return html`<div class="preview ${isReady ? "ready" : ""}" aria-hidden="true">
    <video ref=${video} playsinline></video>
    ${!isReady && html`<${Icon} name=${camera.state.value === "none" ? "camera-off" : "qr-code"} kind="huge" />`}
    <span class="preview-frame"></span>
  </div>`;
}
