"""A scan gun that types like a keyboard (USB HID), taken for us alone so that it never types into the page."""

from __future__ import annotations

from dataclasses import dataclass, field

from kiosk.agent.devices.keyboard import Keyboard
from kiosk.agent.devices.scanner.framing import bare


@dataclass
class Driver:
    """Keys from `/dev/input/by-id/...-event-kbd`, ended by Enter."""

    device: str
    _keyboard: Keyboard | None = field(default=None, init=False, repr=False)

    def open(self) -> None:
        """Take the keyboard."""
        self._keyboard = Keyboard(self.device)

    def read(self, wait_s: float) -> str | None:
        """The next code."""
        assert self._keyboard is not None, "not open"
        typed = self._keyboard.line(wait_s)
        return (bare(typed) or None) if typed else None

    def close(self) -> None:
        """Give the keyboard back."""
        if self._keyboard is not None:
            self._keyboard.close()
        self._keyboard = None
