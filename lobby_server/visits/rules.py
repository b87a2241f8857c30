"""What a visit is, at which level it is served, how it is greeted; and what an alert about one is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from lobby_server.branch.rules import PROMISES
from lobby_server.recommend.rules import Need, Reason

CLAIM_LIVES = timedelta(minutes=3)
MACHINE_WAITS = timedelta(minutes=5)  # time to walk there; whoever has not begun by then has changed their mind
MACHINE_WORK_MAX = timedelta(minutes=45)  # the longest task at a machine takes half of it; then its page has failed
COMPANIONS_MAX = 3  # a family; whoever brings more has made them one party
DONE = "done"  # what a machine says of a task that it brought to its end
DONE_SELF_SERVICE = "done_self_service"  # and why a visit ended that wanted nothing else
SERVED = "served"  # why a visit ended that a person brought to its end
_NEVER = datetime.min.replace(tzinfo=UTC)
UNDO_WITHIN = timedelta(seconds=5)  # screens offer it that long after a touch


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


_VIP_TIERS = frozenset({"diamond", "private"})


@dataclass(frozen=True)
class Claim:
    """A lobby manager takes this visit, for a while."""

    staff_id: str
    until: datetime


@dataclass(frozen=True)
class Expected:
    """The appointment on which somebody came: for which service, when, and with whom if they named one."""

    id: str
    service_type: str
    starts_at: datetime
    staff_id: str | None


@dataclass(frozen=True)
class Errand:
    """What a visit does at a self-service machine: reserved for it at `given_at`, begun at `started_at`.

    `code`, `names`, `kind` and `zone` are the machine's. `service_type` may be another one than that
    of the ticket which is held meanwhile.
    """

    id: str
    code: str
    names: Mapping[str, str]
    kind: str
    zone: str | None
    service_type: str
    given_at: datetime
    started_at: datetime | None = None


@dataclass(frozen=True)
class Undo:
    """The newest deed of a person on a visit, and the fields that it changed, as they were (JSON, by column)."""

    deed: str
    staff_id: str
    until: datetime
    before: Mapping[str, Any]


@dataclass(frozen=True)
class Visit:
    """One visit. `customer_id` is None for somebody we do not know.

    It is at exactly one place: undecided (arrived), in line (routed, no errand), at a machine (an errand, whether
    walking there or begun), at a service point (in service, no errand), or left. `promise_s` is how long it may wait
    before we broke our word.
    """

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
    promise_s: int = PROMISES[ServiceLevel.ORDINARY].wait_s
    service_type: str | None = None
    route: str | None = None
    ticket_id: str | None = None
    claim: Claim | None = None
    left_at: datetime | None = None
    left_because: str | None = None
    level_reason: Reason | None = None
    companion_of: str | None = None
    appointment: Expected | None = None
    greeted_by: str | None = None
    errand: Errand | None = None
    steps_done: tuple[str, ...] = ()
    undo: Undo | None = None


# Why a visit is served at its level, where that was decided for this visit and is no standing of the customer's.
DECIDED_HERE = frozenset({"by_hand", "companion"})


def level_of(tier: str | None, *, is_vulnerable: bool, is_expected: bool = False) -> ServiceLevel:
    """The service level on arrival: who needs help comes first in kind of service, then appointment and tier."""
    if is_vulnerable:
        return ServiceLevel.VULNERABLE
    if is_expected:
        return ServiceLevel.APPOINTMENT
    return ServiceLevel.VIP if tier in _VIP_TIERS else ServiceLevel.ORDINARY


def level_reason_of(tier: str | None, *, is_vulnerable: bool, is_expected: bool = False) -> Reason | None:
    """Why somebody is served at that level on arrival; None for the ordinary one."""
    if is_vulnerable:
        return Reason("vulnerable", {})
    if is_expected:
        return Reason("appointment", {})
    return Reason("tier", {"tier": tier}) if tier in _VIP_TIERS else None


def need_on_arrival(guess: Need | None, expected: Expected | None) -> Need | None:
    """What they come for: their appointment's service, else what head office's tags make us guess."""
    return Need(expected.service_type, Reason("appointment", {})) if expected else guess


def greeting_of(now: datetime, timezone: str, *, is_known: bool) -> str:
    """The code of the greeting: the time of the day there, and whether we know the person."""
    hour = now.astimezone(ZoneInfo(timezone)).hour
    part = "morning" if 5 <= hour < 12 else "afternoon" if 12 <= hour < 18 else "evening"
    return f"{part}_{'customer' if is_known else 'guest'}"


@dataclass(frozen=True)
class Tried:
    """A task that somebody began at a machine, and what became of it."""

    service_type: str
    ended_at: datetime
    outcome: str

    @property
    def is_done(self) -> bool:
        """Whether the machine brought it to its end."""
        return self.outcome in (DONE, DONE_SELF_SERVICE)


@dataclass(frozen=True)
class Helped:
    """A service that somebody got from a person, and when their visit ended."""

    service_type: str
    at: datetime


def unfinished(tried: Collection[Tried], helped: Collection[Helped]) -> Tried | None:
    """The newest task that came to no end, unless the same was done later: at a machine or by a person."""
    done_at: dict[str, datetime] = {}
    for service_type, at in [
        *((each.service_type, each.ended_at) for each in tried if each.is_done),
        *((each.service_type, each.at) for each in helped),
    ]:
        done_at[service_type] = max(at, done_at.get(service_type, at))
    left = (each for each in tried if not each.is_done)
    open_ones = (each for each in left if each.ended_at > done_at.get(each.service_type, _NEVER))
    return max(open_ones, key=lambda each: each.ended_at, default=None)


# ---- Alerts: what they are; who is asked, and when, is decided in `alerts` -------------------------------------------


class AlertKind(StrEnum):
    """What an alert is about."""

    ARRIVAL = "arrival"
    HELP = "help"
    UNSERVED_TICKET = "unserved_ticket"
    CROWDED = "crowded"
    MACHINE_LOST = "machine_lost"
    MACHINE_FAILED = "machine_failed"
    LOW_RATING = "low_rating"
    KIOSK_PAPER = "kiosk_paper"


class Rung(StrEnum):
    """How far up it has gone: the lobby managers, the customer's relationship manager, the branch head."""

    LOBBY = "lobby"
    RM = "rm"
    HEAD = "head"


class AlertState(StrEnum):
    """Where an alert stands."""

    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    ENDED = "ended"


URGENCY: Mapping[AlertKind, str] = {
    AlertKind.ARRIVAL: "meet",
    AlertKind.HELP: "help",
    AlertKind.MACHINE_FAILED: "help",
    AlertKind.LOW_RATING: "help",
    AlertKind.UNSERVED_TICKET: "fault",
    AlertKind.CROWDED: "fault",
    AlertKind.MACHINE_LOST: "fault",
    AlertKind.KIOSK_PAPER: "fault",
}
# Nothing that happens later ends these: whoever acknowledges them has dealt with them.
_ENDS_WHEN_ACKNOWLEDGED = frozenset({AlertKind.LOW_RATING})


@dataclass(frozen=True)
class Alert:
    """One alert. `about` is the id of what it is about: there is one living alert of a kind about a thing.

    `asked` are those to whom it was leased so far, in order; `owner_id` is the relationship manager
    on its ladder: the adviser whom they came to see, or their own.
    """

    id: str
    branch_id: str
    kind: AlertKind
    about: str
    state: AlertState
    rung: Rung
    raised_at: datetime
    respond_s: int
    respond_by: datetime
    visit_id: str | None = None
    ticket_id: str | None = None
    service_point: str | None = None
    device_id: str | None = None
    owner_id: str | None = None
    leased_to: str | None = None
    asked: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    shown_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    ended_at: datetime | None = None
    ended_because: str | None = None

    @property
    def urgency(self) -> str:
        """What the screen makes of it: somebody to meet, somebody to help, or something to mend."""
        return URGENCY[self.kind]

    @property
    def ends_when_acknowledged(self) -> bool:
        """Whether there is nothing left that could end it later; a call for help without a visit is such a one."""
        return self.kind in _ENDS_WHEN_ACKNOWLEDGED or (self.kind is AlertKind.HELP and self.visit_id is None)
