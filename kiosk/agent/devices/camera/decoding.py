"""Finding a QR code in a picture: zxing-cpp reads, OpenCV filters rescue what it cannot read at once.

Measured choices (docs/reference/qr-accuracy.md): zxing-cpp alone reads most, in 3 ms; a median rescues low light and
noise, sharpening soft focus, doubling small modules, CLAHE faint print. Glare and true defocus need optics.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np
import zxingcpp

from kiosk.agent.devices.camera.port import Picture, as_picture

# A 12-megapixel photograph is enough for any code; more pixels than this are made fewer before anything else.
PIXELS_MAX = 12_000_000
# Doubling a whole frame of more pixels than this would cost over 60 ms: then its middle is doubled.
DOUBLED_PIXELS_MAX = 500_000
TEXT_LENGTH_MAX = 512

Filter = Callable[[Picture], Picture]


def read(grey: Picture) -> str | None:
    """The text of the code in a picture as it is, or None."""
    found = zxingcpp.read_barcode(
        grey,
        formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode),
        try_rotate=True,
        try_downscale=True,
        try_invert=True,
        # What was written, not how a person would read it: control characters stay what they are.
        text_mode=zxingcpp.TextMode.Plain,
    )
    return found.text if found is not None and found.valid else None


def _median(grey: Picture) -> Picture:
    return as_picture(cv2.medianBlur(grey, 5))


def _unsharp(grey: Picture) -> Picture:
    return as_picture(cv2.addWeighted(grey, 2.5, cv2.GaussianBlur(grey, (0, 0), 2.0), -1.5, 0))


def _double(grey: Picture) -> Picture:
    return as_picture(cv2.resize(_middle(grey, DOUBLED_PIXELS_MAX), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC))


def _clahe(grey: Picture) -> Picture:
    return as_picture(cv2.createCLAHE(clipLimit=4.0, tileGridSize=(8, 8)).apply(grey))


RESCUES: tuple[tuple[str, Filter], ...] = (
    ("median5", _median),
    ("unsharp", _unsharp),
    ("double", _double),
    ("clahe", _clahe),
)


def to_grey(picture: Picture) -> Picture:
    """One channel, and not more pixels than a reader needs."""
    grey = picture if picture.ndim == 2 else as_picture(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))
    shrink = (PIXELS_MAX / grey.size) ** 0.5 if grey.size else 1.0
    return grey if shrink >= 1 else as_picture(cv2.resize(grey, None, fx=shrink, fy=shrink))


def read_still(picture: Picture) -> str | None:
    """The text in one picture, with every rescue tried: there is no next frame."""
    grey = to_grey(picture)
    text = read(grey)
    for _, rescue in RESCUES:
        text = text or read(rescue(grey))
    return text


def _middle(grey: Picture, pixels_max: int) -> Picture:
    """The middle of a large picture; a small one whole."""
    height, width = grey.shape
    keep = min(1.0, (pixels_max / grey.size) ** 0.5)
    rows, columns = int(height * keep), int(width * keep)
    top, left = (height - rows) // 2, (width - columns) // 2
    return np.ascontiguousarray(grey[top : top + rows, left : left + columns])


THUMB = (64, 36)  # motion is seen in a thumbnail
MOTION_LEVEL = 4.0  # mean difference of grey levels; sensor noise in the dark stays below 2
# Of frames that are empty and still, for somebody may hold a telephone very quietly. An empty lobby must cost no more
# than half as much again as reading alone.
RESCUE_EVERY = 8
# The part of a frame that is rescued, its middle: where a hand holds its telephone, at half the price of the whole.
RESCUED_PIXELS_MAX = 400_000
SAME_CODE_S = 3.0  # the same code seen again within this time is the same showing of it


@dataclass
class Looker:
    """The live loop's eye: one frame at a time, at most two decodes for each.

    Every frame is read as it is; only when that fails, and something moves or enough were empty, one rescue
    filter is tried on the middle, the next one next time. The same text is told once a showing.
    """

    _rescue_next: int = 0
    _empty_count: int = 0
    _thumb: Picture | None = None
    _shown: dict[str, float] = field(default_factory=dict)

    def look(self, picture: Picture, now_s: float) -> str | None:
        """The text of a code that begins to be shown, or None."""
        grey = to_grey(picture)
        text = read(grey) or self._rescue(grey)
        if text is None or len(text) > TEXT_LENGTH_MAX:
            return None
        self._empty_count = 0
        return text if self._is_new(text, now_s) else None

    def _rescue(self, grey: Picture) -> str | None:
        is_moving = self._moves(grey)
        self._empty_count += 1
        if not is_moving and self._empty_count % RESCUE_EVERY:
            return None
        _, rescue = RESCUES[self._rescue_next]
        self._rescue_next = (self._rescue_next + 1) % len(RESCUES)
        return read(rescue(_middle(grey, RESCUED_PIXELS_MAX)))

    def _moves(self, grey: Picture) -> bool:
        # A sixteenth of the pixels is enough to average a camera's noise away, at a sixteenth of the price.
        sparse = np.ascontiguousarray(grey[::4, ::4])
        thumb = as_picture(cv2.resize(sparse, THUMB, interpolation=cv2.INTER_AREA))
        before, self._thumb = self._thumb, thumb
        return before is not None and float(np.mean(cv2.absdiff(before, thumb))) > MOTION_LEVEL

    def _is_new(self, text: str, now_s: float) -> bool:
        self._shown = {each: at_s for each, at_s in self._shown.items() if now_s - at_s < SAME_CODE_S}
        is_new = text not in self._shown
        self._shown[text] = now_s
        return is_new
