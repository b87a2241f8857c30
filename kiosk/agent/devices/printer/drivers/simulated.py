"""A printer for trials: its paper is a file, and the word in another file says how much paper there is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_ANSWERS = {"ok": 0x12, "low": 0x1E, "out": 0x72}


@dataclass
class Driver:
    """Everything printed is appended to `file`. `paper_file` holds ok, low or out; without it, ok."""

    file: str = ""
    paper_file: str = ""

    def open(self) -> None:
        """Always there."""

    def write(self, told: bytes) -> None:
        """Onto the paper; without a file, nowhere."""
        if self.file:
            with Path(self.file).open("ab") as paper:
                paper.write(told)

    def ask(self, request: bytes) -> int | None:
        """What a printer with so much paper says."""
        path = Path(self.paper_file)
        word = path.read_text("ascii").strip() if self.paper_file and path.exists() else "ok"
        return _ANSWERS.get(word, _ANSWERS["ok"]) if request[-1] == 4 else 0x12

    def close(self) -> None:
        """Nothing to let go."""
