"""What befalls the ledger, for those who keep an anchor of it elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from lobby_server.kernel.events import Event


@dataclass(frozen=True)
class PeriodClosed(Event):
    """A month was closed by two people. `journal_no` and `head` anchor the chain: a later cut of its tail shows."""

    type: ClassVar[str] = "incentives.period_closed"
    period: str
    journal_no: int
    head: str
