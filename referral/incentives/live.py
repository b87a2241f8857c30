"""How the news of the ledger is worded: for the branch head alone, and so for head office's programs and webhooks."""

from __future__ import annotations

from lobby_server.doors.reading import Wire
from lobby_server.kernel.events import Recorded
from lobby_server.realtime.wording import Reader, Wording
from referral.incentives.events import DisputeOverdue, PeriodClosed


class PeriodClosedSeen(Wire):
    """A closed month, with the anchor that `branch-lobby check --anchor` holds the ledger against."""

    period: str
    journal_no: int
    head: str


class DisputeOverdueSeen(Wire):
    """A contested credit on which nobody ruled in time; its claim and whose it is stay in the branch."""

    dispute_id: str
    credit_id: str
    raised_at: str
    due_at: str | None


def _closed(_reader: Reader, happened: Recorded) -> PeriodClosedSeen:
    return PeriodClosedSeen.from_event(happened.data)


def _overdue(_reader: Reader, happened: Recorded) -> DisputeOverdueSeen:
    return DisputeOverdueSeen.from_event(happened.data)


WORDING: Wording = {PeriodClosed.type: {"head": _closed}, DisputeOverdue.type: {"head": _overdue}}
