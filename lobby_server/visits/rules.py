"""What a visit is, at which level it is served, and how it is greeted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from lobby_server.recommend.rules import Need

CLAIM_LIVES = timedelta(minutes=3)


class VisitState(StrEnum):
    """Where a visit stands."""

    ARRIVED = "arrived"
    ROUTED = "routed"
    IN_SERVICE = "in_service"
    LEFT = "left"


class ServiceLevel(StrEnum):
    """How this visit is served. It follows from the tier and from needing help; it is not the tier."""

    ORDINARY = "ordinary"
    VIP = "vip"
    VULNERABLE = "vulnerable"
    APPOINTMENT = "appointment"


# How long each level may wait before we broke our word, in seconds (defaults of docs/reference/promises.md).
PROMISE_S: Mapping[ServiceLevel, int] = {
    ServiceLevel.ORDINARY: 15 * 60,
    ServiceLevel.VIP: 5 * 60,
    ServiceLevel.VULNERABLE: 10 * 60,
    ServiceLevel.APPOINTMENT: 5 * 60,
}

_VIP_TIERS = frozenset({"diamond", "private"})


@dataclass(frozen=True)
class Claim:
    """A lobby manager takes this visit, for a while."""

    staff_id: str
    until: datetime


@dataclass(frozen=True)
class Visit:
    """One visit. `customer_id` is None for somebody we do not know."""

    id: str
    branch_id: str
    state: VisitState
    arrived_at: datetime
    customer_id: str | None
    tier: str | None
    service_level: ServiceLevel
    need: Need | None
    greeting: str
    language: str
    party_size: int
    made_by: str
    service_type: str | None = None
    route: str | None = None
    ticket_id: str | None = None
    claim: Claim | None = None
    left_at: datetime | None = None
    left_because: str | None = None

    @property
    def promise_s(self) -> int:
        """How long this visit may wait."""
        return PROMISE_S[self.service_level]


def level_of(tier: str | None, *, is_vulnerable: bool) -> ServiceLevel:
    """The service level on arrival: who needs help comes first in kind of service, then the tier."""
    if is_vulnerable:
        return ServiceLevel.VULNERABLE
    return ServiceLevel.VIP if tier in _VIP_TIERS else ServiceLevel.ORDINARY


def greeting_of(now: datetime, timezone: str, *, is_known: bool) -> str:
    """The code of the greeting: the time of the day there, and whether we know the person."""
    hour = now.astimezone(ZoneInfo(timezone)).hour
    part = "morning" if 5 <= hour < 12 else "afternoon" if 12 <= hour < 18 else "evening"
    return f"{part}_{'customer' if is_known else 'guest'}"
