"""A card reader for trials: a card is held on when its number is written to a file, as a line of its own."""

from __future__ import annotations

from dataclasses import dataclass, field

from kiosk.agent.devices.card_reader.bins import is_card_number
from kiosk.agent.devices.card_reader.port import CardRefused, CardSeen
from kiosk.agent.devices.trial_file import TrialFile


@dataclass
class Driver:
    """Each line that is added to `file` is one card. Trials use invented numbers."""

    file: str = ""
    _lines: TrialFile | None = field(default=None, init=False, repr=False)

    def open(self) -> None:
        """What was written before counts no more."""
        self._lines = TrialFile(self.file)

    def read(self, wait_s: float) -> CardSeen | None:
        """The next card."""
        assert self._lines is not None, "not open"
        line = self._lines.line(wait_s)
        if line is not None and not is_card_number(line):
            raise CardRefused("unreadable")
        return CardSeen(line) if line is not None else None

    def close(self) -> None:
        """Nothing to give back."""
        self._lines = None
