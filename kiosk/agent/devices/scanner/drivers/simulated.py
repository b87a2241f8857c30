"""A scanner for trials: reads the lines that are written to a file, as they come."""

from __future__ import annotations

from dataclasses import dataclass, field

from kiosk.agent.devices.scanner.framing import bare
from kiosk.agent.devices.trial_file import TrialFile


@dataclass
class Driver:
    """Each line that is added to `file` is one scanned code."""

    file: str = ""
    _lines: TrialFile | None = field(default=None, init=False, repr=False)

    def open(self) -> None:
        """What was written before counts no more."""
        self._lines = TrialFile(self.file)

    def read(self, wait_s: float) -> str | None:
        """The next line of the file."""
        assert self._lines is not None, "not open"
        line = self._lines.line(wait_s)
        return (bare(line) or None) if line else None

    def close(self) -> None:
        """Nothing to give back."""
        self._lines = None
