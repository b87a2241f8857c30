"""What befalls tickets and service points. Each event holds the whole ticket or point, without names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from lobby_server.branch.rules import ServicePoint
from lobby_server.kernel.events import Event, to_json
from lobby_server.queue.rules import Ticket, Waits


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
class TicketCalled(TicketEvent):
    """It is their turn, at `service_point`."""

    type: ClassVar[str] = "ticket.called"


@dataclass(frozen=True)
class TicketStarted(TicketEvent):
    """They are being served."""

    type: ClassVar[str] = "ticket.started"


@dataclass(frozen=True)
class TicketFinished(TicketEvent):
    """They have been served."""

    type: ClassVar[str] = "ticket.finished"


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
