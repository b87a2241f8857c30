"""What befalls tickets and service points. Each event holds the whole ticket or point, without names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from lobby_server.branch.rules import ServicePoint
from lobby_server.kernel.events import Event, to_json
from lobby_server.queue.rules import QueuePolicy, Standing, Ticket, Waits


@dataclass(frozen=True)
class TicketEvent(Event):
    """Something about one ticket."""

    ticket: Ticket

    def data(self) -> dict[str, Any]:
        """The ticket's fields and its number."""
        return {**to_json(self.ticket), "number": self.ticket.number}


@dataclass(frozen=True)
class TicketIssued(TicketEvent):
    """A customer took a place in the queue."""

    type: ClassVar[str] = "ticket.issued"


@dataclass(frozen=True)
class Passed:
    """A waiting ticket that a call has overtaken, and how often that has now happened to it."""

    ticket_id: str
    overtaken: int
    overtaken_by_hand: int


@dataclass(frozen=True)
class TicketCalled(TicketEvent):
    """It is their turn, at `service_point`; `passed` are those who came earlier and wait on."""

    type: ClassVar[str] = "ticket.called"
    passed: tuple[Passed, ...] = ()

    def data(self) -> dict[str, Any]:
        """The ticket's fields and whom the call passed."""
        return {**super().data(), "passed": to_json(self.passed)}


@dataclass(frozen=True)
class TicketRecalled(TicketEvent):
    """They did not come and are called again."""

    type: ClassVar[str] = "ticket.recalled"


@dataclass(frozen=True)
class TicketStarted(TicketEvent):
    """They are being served."""

    type: ClassVar[str] = "ticket.started"


@dataclass(frozen=True)
class TicketFinished(TicketEvent):
    """They have been served; `next_service_type` is what they go on to, if they do."""

    type: ClassVar[str] = "ticket.finished"
    next_service_type: str | None = None


@dataclass(frozen=True)
class TicketMissed(TicketEvent):
    """They did not come; for half an hour they may still take a new place."""

    type: ClassVar[str] = "ticket.missed"


@dataclass(frozen=True)
class TicketParked(TicketEvent):
    """Set aside at the window, with its place kept."""

    type: ClassVar[str] = "ticket.parked"


@dataclass(frozen=True)
class TicketResumed(TicketEvent):
    """Back in line: at its place, or at a new one after a no-show."""

    type: ClassVar[str] = "ticket.resumed"


@dataclass(frozen=True)
class TicketTransferred(TicketEvent):
    """Back in line, with its place kept, for another service or for one point alone (`only_at`)."""

    type: ClassVar[str] = "ticket.transferred"


@dataclass(frozen=True)
class TicketDelayed(TicketEvent):
    """Its holder lets others go first for ten minutes; the place is kept."""

    type: ClassVar[str] = "ticket.delayed"


@dataclass(frozen=True)
class TicketChanged(TicketEvent):
    """It is served at another level from the next call on; place, cap and counts are kept."""

    type: ClassVar[str] = "ticket.changed"


@dataclass(frozen=True)
class TicketCancelled(TicketEvent):
    """The place was given up; the number stays used."""

    type: ClassVar[str] = "ticket.cancelled"


@dataclass(frozen=True)
class PointEvent(Event):
    """Something about one service point."""

    point: ServicePoint

    def data(self) -> dict[str, Any]:
        """The point's fields and whether it is open."""
        fields = to_json(self.point)
        return {**fields, "state": "open" if self.point.is_open else "closed"}


@dataclass(frozen=True)
class ServicePointOpened(PointEvent):
    """Somebody began to work there."""

    type: ClassVar[str] = "service_point.opened"


@dataclass(frozen=True)
class ServicePointClosed(PointEvent):
    """Nobody works there now."""

    type: ClassVar[str] = "service_point.closed"


@dataclass(frozen=True)
class ExpectedWaitChanged(Event):
    """The announced waits moved by at least a minute somewhere."""

    type: ClassVar[str] = "expected_wait.changed"
    waits: Mapping[str, Waits]


@dataclass(frozen=True)
class QueueChanged(Event):
    """The queue as a whole stands otherwise: its rule, its manning, or who is served by nobody."""

    type: ClassVar[str] = "queue.changed"
    policy: QueuePolicy
    standing: Standing

    def data(self) -> dict[str, Any]:
        """The rule by name and version, the windows, and the ids of the tickets that nobody serves."""
        return {
            "discipline": self.policy.discipline,
            "rule_version": self.policy.rule_version,
            "overtake_cap": self.policy.overtake_cap,
            "is_degraded": self.standing.is_degraded,
            "kiosks_down": self.standing.kiosks_down,
            "machines_down": self.standing.machines_down,
            "points_open": self.standing.points_open,
            "points_planned": self.standing.points_planned,
            "is_crowded": self.standing.is_crowded,
            "unserved": list(self.standing.unserved),
        }


@dataclass(frozen=True)
class TicketRated(Event):
    """The customer said what they thought of it; their words are not in here."""

    type: ClassVar[str] = "rating.given"
    ticket: Ticket
    stars: int

    def data(self) -> dict[str, Any]:
        """The ticket's number, where it was served, and the stars."""
        of = self.ticket
        return {"ticket_id": of.id, "number": of.number, "service_point": of.service_point, "stars": self.stars}
