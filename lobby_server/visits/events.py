"""What befalls a visit. Each event holds the whole visit: ids, no names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from lobby_server.kernel.events import Event, to_json
from lobby_server.visits.rules import Alert, Visit


@dataclass(frozen=True)
class VisitEvent(Event):
    """Something about one visit."""

    visit: Visit

    def data(self) -> dict[str, Any]:
        """The visit's fields, and until when the newest deed can be undone."""
        fields = to_json(self.visit)
        undo = fields.pop("undo")
        return {**fields, "undo_until": undo["until"] if undo else None}


@dataclass(frozen=True)
class VisitArrived(VisitEvent):
    """Somebody came."""

    type: ClassVar[str] = "visit.arrived"


@dataclass(frozen=True)
class VisitRouted(VisitEvent):
    """It is clear where they go."""

    type: ClassVar[str] = "visit.routed"


@dataclass(frozen=True)
class VisitClaimed(VisitEvent):
    """A lobby manager takes it."""

    type: ClassVar[str] = "visit.claimed"


@dataclass(frozen=True)
class VisitClaimEnded(VisitEvent):
    """The claim ran out without more."""

    type: ClassVar[str] = "visit.claim_ended"


@dataclass(frozen=True)
class VisitServed(VisitEvent):
    """They sit at a service point."""

    type: ClassVar[str] = "visit.served"


@dataclass(frozen=True)
class VisitReturned(VisitEvent):
    """They are back in line: parked, sent on, with a next step, or from a machine (`because` says why)."""

    type: ClassVar[str] = "visit.returned"
    because: str | None = None

    def data(self) -> dict[str, Any]:
        """The visit's fields and why they are back."""
        return {**super().data(), "because": self.because}


@dataclass(frozen=True)
class VisitGreeted(VisitEvent):
    """A colleague has spoken to them."""

    type: ClassVar[str] = "visit.greeted"


@dataclass(frozen=True)
class VisitChanged(VisitEvent):
    """Its level, whom it came with, or a deed that was undone (`undone` names it)."""

    type: ClassVar[str] = "visit.changed"
    undone: str | None = None

    def data(self) -> dict[str, Any]:
        """The visit's fields and what was undone."""
        return {**super().data(), "undone": self.undone}


@dataclass(frozen=True)
class VisitLeft(VisitEvent):
    """They are gone."""

    type: ClassVar[str] = "visit.left"


@dataclass(frozen=True)
class AlertEvent(Event):
    """Something about one alert."""

    alert: Alert

    def data(self) -> dict[str, Any]:
        """The alert's fields and what a screen makes of it."""
        return {**to_json(self.alert), "urgency": self.alert.urgency}


@dataclass(frozen=True)
class AlertRaised(AlertEvent):
    """Somebody must come; it is leased to one lobby manager."""

    type: ClassVar[str] = "alert.raised"


@dataclass(frozen=True)
class AlertEscalated(AlertEvent):
    """Nobody answered in time: somebody else is asked now."""

    type: ClassVar[str] = "alert.escalated"


@dataclass(frozen=True)
class AlertAcknowledged(AlertEvent):
    """A colleague takes it on; nobody else is asked."""

    type: ClassVar[str] = "alert.acknowledged"


@dataclass(frozen=True)
class AlertEnded(AlertEvent):
    """There is no cause for it any more."""

    type: ClassVar[str] = "alert.ended"
