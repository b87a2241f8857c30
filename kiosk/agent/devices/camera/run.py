"""The camera's live loop: always the newest frame, never a queue of old ones."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any

from kiosk.agent.devices.camera.decoding import Looker
from kiosk.agent.devices.camera.port import Camera, Picture
from kiosk.agent.devices.driving import Line
from kiosk.agent.devices.port import STEP_S_MAX, DeviceTrouble

FRAMELESS_S_MAX = 4.0  # a camera without a picture for so long hangs


class Newest:
    """A thread that reads the camera and keeps only its newest picture. It ends with its process."""

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self._changed = threading.Condition()
        self._picture: Picture | None = None
        self._failed: BaseException | None = None
        threading.Thread(target=self._read, name="camera", daemon=True).start()

    def take(self, wait_s: float) -> Picture | None:
        """The newest picture that was not taken yet. Raises what the camera raised, after its last picture."""
        with self._changed:
            self._changed.wait_for(lambda: self._picture is not None or self._failed is not None, wait_s)
            picture, self._picture = self._picture, None
            if picture is None and self._failed is not None:
                raise self._failed
            return picture

    def _read(self) -> None:
        while True:
            try:
                picture = self._camera.frame()
            except BaseException as error:
                with self._changed:
                    self._failed = error
                    self._changed.notify()
                return
            with self._changed:
                self._picture = picture if picture is not None else self._picture
                self._changed.notify()


def run(camera: Camera, line: Line, told: Mapping[str, Any]) -> None:
    """Look for codes until the agent goes or the camera fails."""
    camera.open()
    newest, looker = Newest(camera), Looker()
    seen_s = time.monotonic()
    while True:
        line.order(wait_s=0)  # nothing is ordered of a camera, but a closed pipe ends it
        picture = newest.take(STEP_S_MAX)
        now_s = time.monotonic()
        if picture is not None:
            seen_s = now_s
            text = looker.look(picture, now_s)
            if text is not None:
                line.tell("seen", kind="qr", value=text)
        elif now_s - seen_s > FRAMELESS_S_MAX:
            raise DeviceTrouble("no_frames")
        line.alive(camera="ok")
