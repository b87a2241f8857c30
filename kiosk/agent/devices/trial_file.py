"""What the simulated readers read: a file, each added line of which is one thing that is shown to the kiosk."""

from __future__ import annotations

import time
from pathlib import Path

LOOK_EVERY_S = 0.1


class TrialFile:
    """The lines that are added to a file from now on; an empty name is a file that nobody writes to."""

    def __init__(self, name: str) -> None:
        self._path = Path(name) if name else None
        self._read_bytes = self._path.stat().st_size if self._path is not None and self._path.exists() else 0

    def line(self, wait_s: float) -> str | None:
        """The next whole line, or None after a short wait."""
        content = b""
        if self._path is not None and self._path.exists():
            content = self._path.read_bytes()[self._read_bytes :]
        line, feed, _ = content.partition(b"\n")
        if not feed:
            time.sleep(min(wait_s, LOOK_EVERY_S))
            return None
        self._read_bytes += len(line) + 1
        return line.decode("ascii", errors="replace").strip("\r")
