"""What a reader of resident identity cards promises: the card's number, inside this process only.

Of all that such a card holds (name, address, picture) a driver takes the number and nothing else. The number becomes a
token in this process and is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from stdnum.cn import ric


class IdUnreadable(Exception):
    """The card was moved, or what it said is no number with a right check digit."""


@dataclass(frozen=True)
class IdSeen:
    """A resident identity card: its number (GB 11643), which no text of this object shows."""

    number: str = field(repr=False)

    def __post_init__(self) -> None:
        if not ric.is_valid(self.number):
            raise IdUnreadable


class IdReader(Protocol):
    """One reader."""

    def open(self) -> None:
        """Take the device; raises DeviceTrouble where there is none."""

    def read(self, wait_s: float) -> IdSeen | None:
        """The next card, or None. Raises IdUnreadable, or DeviceTrouble when the reader is gone."""

    def close(self) -> None:
        """Give the device back; may be called twice."""
