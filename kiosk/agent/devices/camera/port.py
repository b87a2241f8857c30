"""What a camera promises: pictures, newest first, and an honest end.

`open` takes the device and raises DeviceTrouble where there is none. `frame` waits at most `STEP_S_MAX` for the next
picture (8-bit grey or BGR, rows first) and gives None when none came; it raises EOFError at the end of a recording and
DeviceTrouble when the camera was pulled out. A camera decides nothing about what it sees.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


class Camera(Protocol):
    """One camera."""

    def open(self) -> None:
        """Take the device."""

    def frame(self) -> Picture | None:
        """The next picture."""

    def close(self) -> None:
        """Give the device back; may be called twice."""


def as_picture(pixels: Any) -> Picture:
    """What a library calls an array, as the picture that it is."""
    return np.asarray(pixels, dtype=np.uint8)
