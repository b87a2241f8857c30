"""What befalls the ledger, for those who watch over it elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from lobby_server.kernel.events import Event


@dataclass(frozen=True)
class PeriodClosed(Event):
    """A month was closed by two people.

    `journal_no` and `head` anchor the chain: whoever keeps them elsewhere finds a tail that was cut off later.
    """

    type: ClassVar[str] = "incentives.period_closed"
    period: str
    journal_no: int
    head: str


@dataclass(frozen=True)
class DisputeOverdue(Event):
    """Nobody in the branch has ruled on a contested credit in time: the money still waits."""

    type: ClassVar[str] = "incentives.dispute_overdue"
    dispute_id: str
    credit_id: str
    raised_at: datetime
    due_at: datetime | None
