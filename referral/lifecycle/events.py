"""What befalls referrals. Each event holds the whole referral, without names and without the note."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from lobby_server.kernel.events import Event, to_json
from referral.lifecycle.rules import Booking, Referral


@dataclass(frozen=True)
class ReferralEvent(Event):
    """Something about one referral; a booking stays out of the news, the referral holds its id."""

    referral: Referral

    def data(self) -> dict[str, Any]:
        """The referral's fields."""
        fields: dict[str, Any] = to_json(self.referral)
        return fields


@dataclass(frozen=True)
class ReferralCreated(ReferralEvent):
    """Somebody heard a need and the customer agreed to be referred."""

    type: ClassVar[str] = "referral.created"


@dataclass(frozen=True)
class ReferralOffered(ReferralEvent):
    """It is somebody's turn to accept."""

    type: ClassVar[str] = "referral.offered"


@dataclass(frozen=True)
class ReferralDeclined(ReferralEvent):
    """Nobody who was asked would take it; whoever accepts now has it."""

    type: ClassVar[str] = "referral.declined"


@dataclass(frozen=True)
class ReferralAccepted(ReferralEvent):
    """A receiver answers for it from now on."""

    type: ClassVar[str] = "referral.accepted"


@dataclass(frozen=True)
class ReferralEscalated(ReferralEvent):
    """Nobody was found in time: the next rung looks for somebody."""

    type: ClassVar[str] = "referral.escalated"


@dataclass(frozen=True)
class ReferralSentHere(ReferralEvent):
    """A referral of another branch that came to a colleague here has changed."""

    type: ClassVar[str] = "referral.sent_here"


@dataclass(frozen=True)
class ReferralHeld(ReferralEvent):
    """Compliance looks into it, and nothing of it is paid."""

    type: ClassVar[str] = "referral.held"


@dataclass(frozen=True)
class ReferralReleased(ReferralEvent):
    """Compliance has looked into it: it pays like any other."""

    type: ClassVar[str] = "referral.released"


@dataclass(frozen=True)
class ReferralPresence(ReferralEvent):
    """The receiver said whether they come to the customer who waits in the hall."""

    type: ClassVar[str] = "referral.presence"


@dataclass(frozen=True)
class ReferralContacted(ReferralEvent):
    """The receiver spoke with the customer."""

    type: ClassVar[str] = "referral.contacted"


@dataclass(frozen=True)
class ReferralQualified(ReferralEvent):
    """The need is real and the product may be offered."""

    type: ClassVar[str] = "referral.qualified"


@dataclass(frozen=True)
class ReferralProposed(ReferralEvent):
    """The customer has a proposal."""

    type: ClassVar[str] = "referral.proposed"


@dataclass(frozen=True)
class ReferralWon(ReferralEvent):
    """Head office booked it."""

    type: ClassVar[str] = "referral.won"
    booking: Booking


@dataclass(frozen=True)
class ReferralLost(ReferralEvent):
    """It came to nothing, for a reason."""

    type: ClassVar[str] = "referral.lost"


@dataclass(frozen=True)
class ReferralExpired(ReferralEvent):
    """Its protection ended without a booking."""

    type: ClassVar[str] = "referral.expired"


@dataclass(frozen=True)
class ReferralWithdrawn(ReferralEvent):
    """The customer took the consent back; the note is gone."""

    type: ClassVar[str] = "referral.withdrawn"


@dataclass(frozen=True)
class ReferralDuplicated(ReferralEvent):
    """Another referral for the same need was first."""

    type: ClassVar[str] = "referral.duplicated"


@dataclass(frozen=True)
class ReferralReversed(ReferralEvent):
    """The booking was undone."""

    type: ClassVar[str] = "referral.reversed"
    booking: Booking


@dataclass(frozen=True)
class ReferralOverdue(ReferralEvent):
    """A step was not done in its time; the branch head should look."""

    type: ClassVar[str] = "referral.overdue"
