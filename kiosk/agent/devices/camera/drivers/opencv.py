"""A camera that Linux knows (V4L2), or a recording of one: `/dev/video0`, a .mjpeg or .y4m file, an MJPEG address."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import cv2

from kiosk.agent.devices.camera.port import Picture, as_picture
from kiosk.agent.devices.port import DeviceTrouble


@dataclass
class Driver:
    """Frames by OpenCV; a recording is played as fast as it was taken."""

    device: str = "/dev/video0"
    width: int = 1280
    height: int = 720
    _capture: cv2.VideoCapture | None = field(default=None, init=False, repr=False)
    _next_at_s: float = field(default=0.0, init=False, repr=False)
    _frame_s: float = field(default=0.0, init=False, repr=False)

    def open(self) -> None:
        """Take the device; MJPG, for uncompressed 720p does not fit through USB 2 at 30 frames."""
        is_device = self.device.startswith("/dev/")
        capture = cv2.VideoCapture(self.device, cv2.CAP_V4L2 if is_device else cv2.CAP_ANY)
        if not capture.isOpened():
            raise DeviceTrouble("no_camera")
        if is_device:
            capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, self.width)
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, self.height)
            capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        elif frames_per_s := capture.get(cv2.CAP_PROP_FPS):
            self._frame_s, self._next_at_s = 1 / frames_per_s, time.monotonic()
        self._capture = capture

    def frame(self) -> Picture | None:
        """The next picture. A device that gives none was pulled out; a recording is over."""
        assert self._capture is not None, "not open"
        time.sleep(max(0.0, self._next_at_s - time.monotonic()))
        self._next_at_s += self._frame_s
        is_read, pixels = self._capture.read()
        if is_read:
            return as_picture(pixels)
        if self.device.startswith("/dev/"):
            raise DeviceTrouble("camera_gone")
        raise EOFError

    def close(self) -> None:
        """Give the device back."""
        if self._capture is not None:
            self._capture.release()
        self._capture = None
