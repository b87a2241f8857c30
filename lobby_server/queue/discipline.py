"""Whose turn it is: pure functions from who waits to who is called, with the reason.

A discipline is found by its name in `DISCIPLINES`; a branch's policy names one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from lobby_server.queue.rules import FIFO, Ticket


@dataclass(frozen=True)
class Candidate:
    """One ticket that could have been called, as it stood at that moment. `waited_s` is its score here."""

    ticket_id: str
    number: str
    waited_s: float


@dataclass(frozen=True)
class Choice:
    """Who is called, among whom, and why."""

    ticket: Ticket
    candidates: tuple[Candidate, ...]
    reason: str


Discipline = Callable[[Sequence[Ticket], datetime], tuple[Ticket, str]]


def choose(discipline: str, waiting: Sequence[Ticket], serves: Collection[str], now: datetime) -> Choice | None:
    """The next ticket for a service point with this work profile; None when none of its classes waits."""
    mine = in_order_of_arrival([each for each in waiting if each.ticket_class in serves])
    if not mine:
        return None
    ticket, reason = DISCIPLINES[discipline](mine, now)
    candidates = tuple(
        Candidate(each.id, each.number, max(0.0, (now - each.arrived_at).total_seconds())) for each in mine
    )
    return Choice(ticket, candidates, reason)


def in_order_of_arrival(tickets: Sequence[Ticket]) -> list[Ticket]:
    """Earliest arrival first, ties by ticket id."""
    return sorted(tickets, key=lambda each: (each.arrived_at, each.id))


def _fifo(mine: Sequence[Ticket], _now: datetime) -> tuple[Ticket, str]:
    """First come, first served."""
    return mine[0], "earliest_arrival"


DISCIPLINES: dict[str, Discipline] = {FIFO: _fifo}
