"""A camera for trials: shows the pictures of a folder, one after the other, for ever."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2

from kiosk.agent.devices.camera.port import Picture, as_picture
from kiosk.agent.devices.port import DeviceTrouble


@dataclass
class Driver:
    """Pictures from `folder`, at `frames_per_s`; without pictures, an empty lobby."""

    folder: str = ""
    frames_per_s: int = 10
    _pictures: Iterator[Picture] | None = field(default=None, init=False, repr=False)

    def open(self) -> None:
        """Load the pictures."""
        paths = sorted(Path(self.folder).glob("*.png")) if self.folder else []
        if self.folder and not paths:
            raise DeviceTrouble("no_pictures")
        shown = [as_picture(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)) for path in paths]
        self._pictures = itertools.cycle(shown or [as_picture([[128] * 640] * 480)])

    def frame(self) -> Picture | None:
        """The next picture of the folder."""
        assert self._pictures is not None, "not open"
        time.sleep(1 / self.frames_per_s)
        return next(self._pictures)

    def close(self) -> None:
        """Nothing to give back."""
        self._pictures = None
