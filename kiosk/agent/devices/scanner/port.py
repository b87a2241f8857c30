"""What a scanner promises: the text of each code, once, without what the scanner puts around it."""

from __future__ import annotations

from typing import Protocol


class Scanner(Protocol):
    """One scan gun or built-in scanner."""

    def open(self) -> None:
        """Take the device; raises DeviceTrouble where there is none."""

    def read(self, wait_s: float) -> str | None:
        """The next code's text within `wait_s`, or None. Raises DeviceTrouble when the device is gone."""

    def close(self) -> None:
        """Give the device back; may be called twice."""
