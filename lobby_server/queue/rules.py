"""A ticket, its states, and what may befall it in each."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from lobby_server.kernel.errors import Invalid

NUMBER_MAX = 999  # three digits fit the wall; the thousandth customer of a series is told so

FIFO, ACCUMULATING, BOUNDED_VIP = "fifo", "accumulating", "bounded_vip"
MODES = (FIFO, ACCUMULATING, BOUNDED_VIP)

ORDINARY, VIP, VULNERABLE, APPOINTMENT = "ordinary", "vip", "vulnerable", "appointment"
# How much a minute of waiting counts (docs/reference: measured on simulated branches, load .9).
WEIGHTS: Mapping[str, float] = {VIP: 4.0, APPOINTMENT: 4.0, VULNERABLE: 2.5, ORDINARY: 1.0}
# The breaker and "VIP first" concern these. The vulnerable have their own track and are exempt.
PRIORITY = frozenset({VIP, APPOINTMENT})

OVERTAKE_CAP_MAX = 50  # a larger number on a ticket would promise nothing
RUN_MAX = 10  # the longest run of VIPs that a policy may allow: what is remembered of a point's last calls
WEIGHT_MAX = 100.0

RECALLS_BEFORE_NO_SHOW = 2  # docs/reference: recall twice, then it is a no-show
RECALL_EVERY = timedelta(seconds=30)  # docs/reference: time to walk from the back of the hall
REENTRY_LIVES = timedelta(minutes=30)
DELAY_LASTS = timedelta(minutes=10)
DELAYS_MAX = 3  # half an hour in all: whoever needs more takes a new ticket
RATING_WITHIN = timedelta(hours=2)  # as long as the ticket's page lives
STARS_MAX = 5

CROWD_WAITING = 10  # telephone companies' halls send people elsewhere from here on; no bank publishes its number
CROWD_WAIT = timedelta(minutes=15)  # what ordinary customers are promised
CROWD_GONE = 0.8  # of either: an alarm that ends and begins with every call is not looked at


class TicketState(StrEnum):
    """Where a ticket stands."""

    WAITING = "waiting"
    CALLED = "called"
    IN_SERVICE = "in_service"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    MISSED = "missed"
    PARKED = "parked"
    DELAYED = "delayed"

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
    """A number and a place in the queue.

    `arrived_at` is the physical arrival and never changes. The place is `placed_at`, ties by id: the arrival,
    until a no-show or a next step gives place number `place_no`. `only_at` is the one point to which it was
    transferred. The two counts say how many later arrivals were called first, by the rule and by hand.
    """

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
    placed_at: datetime
    called_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    service_point: str | None = None
    staff_id: str | None = None
    call_count: int = 0
    recall_count: int = 0
    place_no: int = 1
    overtaken_auto: int = 0
    overtaken_manual: int = 0
    only_at: str | None = None
    missed_at: datetime | None = None
    recalled_at: datetime | None = None
    delay_count: int = 0

    @property
    def number(self) -> str:
        """What is printed and called: A037."""
        return f"{self.series}{self.ordinal:03d}"


def classes_beside(ticket_class: str, profiles: Iterable[Collection[str]]) -> frozenset[str]:
    """The ticket classes that wait for the same service points as this one, itself among them."""
    beside = {each for profile in profiles if ticket_class in profile for each in profile}
    return frozenset(beside | {ticket_class})


@dataclass(frozen=True)
class Parameters:
    """What a discipline can be told: weights by service level, and the limits of VIPs.

    `vip_run_max`: VIPs called in a row at a point past a waiting ordinary customer. `overdue_s`: who waited
    longer goes first. `points_planned`: fewer open windows than this is degraded mode; None plans nothing.
    """

    weights: Mapping[str, float] = field(default_factory=lambda: dict(WEIGHTS))
    vip_run_max: int = 2
    overdue_s: float = 1800.0
    points_planned: int | None = None


@dataclass(frozen=True)
class QueuePolicy:
    """How a branch's queue is served: the discipline by name, with its version, cap and parameters."""

    discipline: str
    version: int
    overtake_cap: int
    parameters: Parameters = field(default_factory=Parameters)

    @property
    def rule_version(self) -> str:
        """How a stored call names the rule: fifo/1."""
        return f"{self.discipline}/{self.version}"


def check_policy(policy: QueuePolicy) -> None:
    """Refuse a policy that could not be served by. Raises Invalid("bad_policy") naming the first wrong field."""
    told = policy.parameters
    is_right = {
        "discipline": policy.discipline in MODES,
        "version": policy.version >= 1,
        "overtake_cap": 0 <= policy.overtake_cap <= OVERTAKE_CAP_MAX,
        "weights": told.weights.keys() == WEIGHTS.keys()
        and all(math.isfinite(each) and 0 < each <= WEIGHT_MAX for each in told.weights.values()),
        "vip_run_max": 1 <= told.vip_run_max <= RUN_MAX,
        "overdue_s": math.isfinite(told.overdue_s) and told.overdue_s > 0,
        "points_planned": told.points_planned is None or told.points_planned >= 1,
    }
    wrong = [name for name, right in is_right.items() if not right]
    if wrong:
        raise Invalid("bad_policy", field=wrong[0])


@dataclass(frozen=True)
class Standing:
    """How the queue stands as a whole: what every screen is told beside the tickets.

    `points_open` counts windows, `points_planned` is None where nothing is planned. It is degraded with fewer windows
    than planned, or with all kiosks or all machines down. `unserved` maps the waiting tickets that no open point calls
    to what they wait for (a class, or `@W1` for one point), earliest first. `is_crowded`: too many wait, or too long.
    """

    points_open: int = 0
    points_planned: int | None = None
    kiosks_down: bool = False
    machines_down: bool = False
    is_degraded: bool = False
    is_crowded: bool = False
    unserved: Mapping[str, str] = field(default_factory=dict)


def is_crowded(waiting: int, longest_s: float, *, before: bool) -> bool:
    """Whether so many wait, or one so long, that a colleague must do something; `before`: it was so until now."""
    share = CROWD_GONE if before else 1.0
    return waiting >= CROWD_WAITING * share or longest_s >= CROWD_WAIT.total_seconds() * share


@dataclass(frozen=True)
class Usual:
    """What the branch's last days were like at this hour: arrivals by class and level, and silent leavers."""

    arrivals_per_h: Mapping[tuple[str, str], float] = field(default_factory=dict)
    leavers_per_h: float = 0.0


@dataclass(frozen=True)
class Waits:
    """Expected wait in seconds: one in ten waits less than p10, nine in ten less than p90."""

    p10_s: int
    p50_s: int
    p90_s: int


def recall_wait_s(ticket: Ticket, now: datetime) -> int:
    """How many seconds until the ticket may be called again; 0 when it may, or when the clock was set back."""
    last = ticket.recalled_at or ticket.called_at
    since = now - last if last is not None else RECALL_EVERY
    return math.ceil((RECALL_EVERY - since).total_seconds()) if timedelta() <= since < RECALL_EVERY else 0


_S = TicketState
# deed -> state -> state. Whatever is not here is refused with the current state.
TRANSITIONS: Mapping[str, Mapping[TicketState, TicketState]] = {
    "call": {_S.WAITING: _S.CALLED},
    "recall": {_S.CALLED: _S.CALLED},
    "start": {_S.CALLED: _S.IN_SERVICE},
    "finish": {_S.IN_SERVICE: _S.FINISHED},
    "miss": {_S.CALLED: _S.MISSED},
    "hold": dict.fromkeys((_S.WAITING, _S.DELAYED, _S.PARKED), _S.PARKED),
    "park": dict.fromkeys((_S.CALLED, _S.IN_SERVICE), _S.PARKED),
    "transfer": dict.fromkeys((_S.CALLED, _S.IN_SERVICE), _S.WAITING),
    "delay": {_S.WAITING: _S.DELAYED},
    "resume": dict.fromkeys((_S.PARKED, _S.DELAYED, _S.MISSED), _S.WAITING),
    "cancel": dict.fromkeys((_S.WAITING, _S.CALLED, _S.PARKED, _S.DELAYED, _S.MISSED), _S.CANCELLED),
    "reinstate": {_S.CANCELLED: _S.WAITING},
}


def next_state(state: TicketState, deed: str) -> TicketState | None:
    """Where a deed leads, or None when it cannot be done now."""
    return TRANSITIONS[deed].get(state)
