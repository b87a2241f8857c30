"""What a ticket printer promises: bytes go out whole or not at all, and it says whether there is paper.

`write` sends within `WRITE_S_MAX` or raises DeviceTrouble: a printer without paper stops taking bytes. `ask` sends a
real-time request (`DLE EOT n`, which printers answer even when they stopped) and gives the one byte of the answer, or
None from a printer that does not answer. Layout is `ticket.py`'s business; a driver only reaches the printer.
"""

from __future__ import annotations

from typing import Protocol

WRITE_S_MAX = 3.0  # a ticket is 600 bytes: half a second at 9600 baud
ANSWER_S_MAX = 0.5


class Printer(Protocol):
    """One printer."""

    def open(self) -> None:
        """Reach the printer; raises DeviceTrouble where there is none."""

    def write(self, told: bytes) -> None:
        """Send bytes. Raises DeviceTrouble when the printer is gone or takes no more."""

    def ask(self, request: bytes) -> int | None:
        """The answer to a real-time request."""

    def close(self) -> None:
        """Let the printer go; may be called twice."""
