"""What time it is, and which business day: the only place that reads the machine's clock."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """Tells the time. Passed in, so that tests can hold it still."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""

    def elapsed_s(self) -> float:
        """Seconds on a clock that never jumps; only differences mean anything."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        return datetime.now(UTC)

    def elapsed_s(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()


class StillClock:
    """A clock that moves only when told: for tests and simulations."""

    def __init__(self, at: datetime) -> None:
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        """The moment it was set to."""
        return self._at

    def elapsed_s(self) -> float:
        """Seconds since 1970 of the moment it was set to."""
        return self._at.timestamp()

    def advance(self, by: timedelta) -> None:
        """Move the hands, forward or (to test a jump) backward."""
        self._at += by


def business_day_of(moment: datetime, timezone: str, cut_over_minute: int) -> date:
    """The branch's business day at `moment`: it turns at the cut-over, not at midnight.

    `cut_over_minute` is minutes after local midnight (default 240, four in the morning).
    """
    local = moment.astimezone(ZoneInfo(timezone))
    return (local - timedelta(minutes=cut_over_minute)).date()


def to_wire(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds and `Z`; sorts as text in the order of time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def from_wire(text: str) -> datetime:
    """The reverse of `to_wire`. Raises ValueError for anything without a zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return moment.astimezone(UTC)
