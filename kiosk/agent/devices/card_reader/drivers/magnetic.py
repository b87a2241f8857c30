"""A magnetic stripe reader that types like a keyboard (USB HID), taken for us alone."""

from __future__ import annotations

from dataclasses import dataclass, field

from kiosk.agent.devices.card_reader.port import CardSeen
from kiosk.agent.devices.card_reader.tracks import read_tracks
from kiosk.agent.devices.keyboard import Keyboard


@dataclass
class Driver:
    """Tracks from `/dev/input/by-id/...-event-kbd`, ended by Enter."""

    device: str
    _keyboard: Keyboard | None = field(default=None, init=False, repr=False)

    def open(self) -> None:
        """Take the keyboard."""
        self._keyboard = Keyboard(self.device)

    def read(self, wait_s: float) -> CardSeen | None:
        """The next card that was swiped."""
        assert self._keyboard is not None, "not open"
        typed = self._keyboard.line(wait_s)
        return read_tracks(typed) if typed else None

    def close(self) -> None:
        """Give the keyboard back."""
        if self._keyboard is not None:
            self._keyboard.close()
        self._keyboard = None
