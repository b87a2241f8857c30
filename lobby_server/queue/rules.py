"""A ticket, its states, and what may befall it in each."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

NUMBER_MAX = 999  # three digits fit the wall; the thousandth customer of a series is told so

FIFO = "fifo"


class TicketState(StrEnum):
    """Where a ticket stands."""

    WAITING = "waiting"
    CALLED = "called"
    IN_SERVICE = "in_service"
    FINISHED = "finished"
    CANCELLED = "cancelled"

    @property
    def is_at_point(self) -> bool:
        """Whether a service point is busy with it."""
        return self in (TicketState.CALLED, TicketState.IN_SERVICE)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will befall it."""
        return self in (TicketState.FINISHED, TicketState.CANCELLED)


@dataclass(frozen=True)
class Ticket:
    """A number and a place in the queue. `arrived_at` is the physical arrival and never changes."""

    id: str
    branch_id: str
    business_day: date
    series: str
    ordinal: int
    visit_id: str
    service_type: str
    ticket_class: str
    service_level: str
    language: str
    overtake_cap: int
    state: TicketState
    arrived_at: datetime
    issued_at: datetime
    called_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    service_point: str | None = None
    staff_id: str | None = None
    call_count: int = 0

    @property
    def number(self) -> str:
        """What is printed and called: A037."""
        return f"{self.series}{self.ordinal:03d}"


def classes_beside(ticket_class: str, profiles: Iterable[Collection[str]]) -> frozenset[str]:
    """The ticket classes that wait for the same service points as this one, itself among them."""
    beside = {each for profile in profiles if ticket_class in profile for each in profile}
    return frozenset(beside | {ticket_class})


@dataclass(frozen=True)
class QueuePolicy:
    """How a branch's queue is served: the discipline by name, with its version and parameters."""

    discipline: str
    version: int
    overtake_cap: int


@dataclass(frozen=True)
class Waits:
    """Expected wait in seconds: one in ten waits less than p10, nine in ten less than p90."""

    p10_s: int
    p50_s: int
    p90_s: int


# (state, deed) -> state. Whatever is not here is refused with the current state.
TRANSITIONS: dict[tuple[TicketState, str], TicketState] = {
    (TicketState.WAITING, "call"): TicketState.CALLED,
    (TicketState.CALLED, "start"): TicketState.IN_SERVICE,
    (TicketState.IN_SERVICE, "finish"): TicketState.FINISHED,
    (TicketState.WAITING, "cancel"): TicketState.CANCELLED,
    (TicketState.CALLED, "cancel"): TicketState.CANCELLED,
}


def next_state(state: TicketState, deed: str) -> TicketState | None:
    """Where a deed leads, or None when it cannot be done now."""
    return TRANSITIONS.get((state, deed))
