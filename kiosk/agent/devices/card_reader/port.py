"""What a card reader promises: a card's number, inside this process only.

`read` waits at most `wait_s` for a card and gives what was on it; the same card left in place is read once. A card that
cannot be taken raises `CardRefused`. The number becomes a token in this process (`token.py`) and is dropped; it stands
in no message, log or error. Drivers never ask a card for a cryptogram or a PIN (no GENERATE AC, no VERIFY).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class CardSeen:
    """A card: its number, which no text of this object shows, and its end (YYMM, empty when not told)."""

    pan: str = field(repr=False)
    expires: str = field(default="", repr=False)


class CardRefused(Exception):
    """A card that cannot be used, with a code: `use_chip` or `unreadable`."""


class CardReader(Protocol):
    """One reader."""

    def open(self) -> None:
        """Take the device; raises DeviceTrouble where there is none."""

    def read(self, wait_s: float) -> CardSeen | None:
        """The next card, or None. Raises CardRefused, or DeviceTrouble when the reader is gone."""

    def close(self) -> None:
        """Give the device back; may be called twice."""
