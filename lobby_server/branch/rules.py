"""What a branch is made of, as plain values."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from lobby_server.kernel.clock import business_day_of
from lobby_server.kernel.errors import Conflict, Invalid

Names = Mapping[str, str]

DEFAULT_CUT_OVER_MINUTE = 240  # four in the morning: no branch serves then, so no day is cut in two
JUMP_MAX = timedelta(hours=36)  # a clock that leaps further is wrong, not late

ENROLMENT_CODE_LIVES = timedelta(minutes=10)
ENROLMENT_TRIES_MAX = 5  # of one code for the wrong kind of device: whoever has the code knows what it is for
CHALLENGE_LIVES = timedelta(minutes=2)
TOKEN_LIVES = timedelta(minutes=15)

LOST_AFTER = timedelta(seconds=30)  # three signs of life missed: a machine without power, not a slow network

POINTS_MAX = 200  # the largest hall has a tenth of it

DAY_MINUTES = 24 * 60
OPENING_WITHIN = timedelta(days=60)  # a branch that is closed for longer is being rebuilt: nobody waits at its door

OWN, AGENCY = "own", "agency"
BRANCH_KINDS = frozenset({OWN, AGENCY})

WINDOW, DESK, MACHINE_POINT = "window", "desk", "machine"
POINT_KINDS = frozenset({WINDOW, DESK, MACHINE_POINT})
MACHINE_KINDS = frozenset({"smart_counter", "atm", "printer"})

# What a machine needs before it does a service: nothing, or a colleague of the lobby who looks at the customer.
AUTHORISATIONS = frozenset({"none", "lobby"})
BY_WINDOW, BY_ADVISER = "window", "adviser"


@dataclass(frozen=True)
class Hours:
    """From minute to minute (of the local day, the end excluded) on each of these weekdays; 1 is Monday."""

    weekdays: tuple[int, ...]
    from_minute: int
    to_minute: int

    def holds(self, weekday: int, minute: int) -> bool:
        """Whether this minute of this weekday is one of them."""
        return weekday in self.weekdays and self.from_minute <= minute < self.to_minute


@dataclass(frozen=True)
class Planned(Hours):
    """So many windows should be open then."""

    points: int


@dataclass(frozen=True)
class Calendar:
    """When a branch is open. Without any hours it is open all day; on a closed day never."""

    timezone: str
    hours: tuple[Hours, ...] = ()
    closed_on: frozenset[date] = frozenset()

    def hours_of(self, day: date) -> list[Hours]:
        """The hours of one day, the first ones first."""
        if day in self.closed_on:
            return []
        if not self.hours:
            return [Hours((day.isoweekday(),), 0, DAY_MINUTES)]
        of_day = [each for each in self.hours if day.isoweekday() in each.weekdays]
        return sorted(of_day, key=lambda each: each.from_minute)


@dataclass(frozen=True)
class Promise:
    """What customers of one service level may count on, in seconds.

    They are called within `wait_s`; where somebody must come to them, whoever is asked answers within `answer_s`.
    """

    wait_s: int
    answer_s: int


# By service level, until a branch sets its own. There is no standard with numbers (docs/reference/promises.md).
PROMISES: Mapping[str, Promise] = {
    "ordinary": Promise(15 * 60, 180),
    "vip": Promise(5 * 60, 30),
    "vulnerable": Promise(10 * 60, 60),
    "appointment": Promise(5 * 60, 30),
}


@dataclass(frozen=True)
class Branch:
    """One branch. `timezone` is an IANA name; `cut_over_minute` counts from local midnight.

    `kind` decides which services it may offer; `zones` are the parts of its hall; `plan` says how many windows
    should be open when; `promises` what it promises each service level.
    """

    id: str
    names: Names
    timezone: str
    cut_over_minute: int = DEFAULT_CUT_OVER_MINUTE
    kind: str = OWN
    zones: Mapping[str, Names] = field(default_factory=dict)
    hours: tuple[Hours, ...] = ()
    closed_on: frozenset[date] = frozenset()
    plan: tuple[Planned, ...] = ()
    promises: Mapping[str, Promise] = field(default_factory=lambda: PROMISES)
    version: int = 1

    @property
    def calendar(self) -> Calendar:
        """When it is open."""
        return Calendar(self.timezone, self.hours, self.closed_on)

    def local(self, at: datetime) -> datetime:
        """A moment by the clock on its wall."""
        return at.astimezone(ZoneInfo(self.timezone))


def is_open_at(calendar: Calendar, at: datetime) -> bool:
    """Whether the branch is open at a moment."""
    local = at.astimezone(ZoneInfo(calendar.timezone))
    return any(each.holds(local.isoweekday(), _minute_of(local)) for each in calendar.hours_of(local.date()))


def next_opening(calendar: Calendar, at: datetime) -> datetime | None:
    """When the branch opens next, in UTC: at once while it is open, None when not within sixty days."""
    if is_open_at(calendar, at):
        return at
    zone = ZoneInfo(calendar.timezone)
    today = at.astimezone(zone).date()
    for days in range(OPENING_WITHIN.days + 1):
        day = today + timedelta(days=days)
        for each in calendar.hours_of(day):
            opens = datetime.combine(day, time(*divmod(each.from_minute, 60)), zone).astimezone(UTC)
            if opens > at:
                return opens
    return None


def open_day_after(calendar: Calendar, day: date, count: int) -> date:
    """The `count`-th day after a day on which the branch opens; sixty days later whether or not it did."""
    last = day + timedelta(days=OPENING_WITHIN.days)
    while count and day < last:
        day += timedelta(days=1)
        count -= bool(calendar.hours_of(day))
    return day


def points_planned(plan: Iterable[Planned], local: datetime) -> int | None:
    """How many windows should be open at a moment of the branch's own clock; None where nothing is planned."""
    return next((each.points for each in plan if each.holds(local.isoweekday(), _minute_of(local))), None)


def check_hours(hours: Iterable[Hours]) -> None:
    """Each span ends after it begins, and none meets another: else Invalid("hours_backward" or "hours_overlap")."""
    spans = sorted((day, each.from_minute, each.to_minute) for each in hours for day in each.weekdays)
    if any(from_minute >= to_minute for _day, from_minute, to_minute in spans):
        raise Invalid("hours_backward")
    if any(day == next_day and begins < ended for (day, _, ended), (next_day, begins, _) in pairwise(spans)):
        raise Invalid("hours_overlap")


def _minute_of(local: datetime) -> int:
    return local.hour * 60 + local.minute


@dataclass(frozen=True)
class ServiceType:
    """A kind of need that the branch serves.

    `kinds` are the kinds of branch that may serve it, `self_service` the machines that can and the authorisation
    each needs, `by` whether any window serves it or a licensed adviser alone.
    """

    code: str
    names: Names
    hints: Names
    ticket_class: str
    typical_s: int
    icon: str
    tile: bool
    kinds: tuple[str, ...] = (OWN, AGENCY)
    self_service: Mapping[str, str] = field(default_factory=dict)
    by: str = BY_WINDOW


@dataclass(frozen=True)
class ServicePoint:
    """A window, adviser desk or self-service device, and who is there now.

    `serves` is its work profile: the ticket classes it calls. A machine has a `device_kind` and serves the visit
    that it was given.
    """

    branch_id: str
    code: str
    kind: str
    names: Names
    serves: tuple[str, ...]
    staff_id: str | None = None
    opened_at: datetime | None = None
    zone: str | None = None
    device_kind: str | None = None
    visit_id: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether somebody works there."""
        return self.staff_id is not None


def check_change(known: ServicePoint, wanted: ServicePoint) -> None:
    """Raise Conflict("in_use") for another kind of point while somebody works there or a visit is at it."""
    is_other = (known.kind, known.device_kind) != (wanted.kind, wanted.device_kind)
    if is_other and (known.is_open or known.visit_id is not None):
        raise Conflict("in_use")


def check_point(point: ServicePoint, zones: Mapping[str, Names]) -> None:
    """Raise Invalid("unknown_zone") with those there are, Invalid("machine_kind") unless exactly a machine has one.

    A machine calls nobody: Invalid("machine_serves").
    """
    if point.zone is not None and point.zone not in zones:
        raise Invalid("unknown_zone", known=sorted(zones))
    if (point.kind == MACHINE_POINT) != (point.device_kind is not None):
        raise Invalid("machine_kind")
    if point.kind == MACHINE_POINT and point.serves:
        raise Invalid("machine_serves")


@dataclass(frozen=True)
class Device:
    """A kiosk, wall display, tablet or machine that was let in.

    `service_point` is where it stands, when it is one; `health` what it last said of itself; `lost_at` the moment
    at which its silence was noticed; its `zone` is its point's. `series` numbers a kiosk's own tickets, which it
    gives while the server is away: 2 is K02-001. No two devices of a branch have the same.
    """

    id: str
    branch_id: str
    kind: str
    name: str
    seen_at: datetime | None
    revoked_at: datetime | None
    health: Mapping[str, Any] = field(default_factory=dict)
    service_point: str | None = None
    zone: str | None = None
    is_busy: bool = False
    lost_at: datetime | None = None
    series: int | None = None


def is_alive(seen_at: datetime | None, now: datetime) -> bool:
    """Whether a device that was last heard of then counts as alive."""
    return seen_at is not None and now - seen_at < LOST_AFTER


# Two digits of a ticket's number: K01-001 to K99-999.
SERIES_MAX = 99


def series_for_new(kiosks: Collection[Device], now: datetime) -> int | None:
    """The series of one more kiosk, given every kiosk that the branch ever let in; None when all are in use.

    The lowest that nobody has or says to number by. When each was given out once: that of the kiosk shut out longest
    ago, whose paper nobody holds any more, and then that of the one silent for longest.
    """
    told = {each.health.get("series") for each in kiosks if each.revoked_at is None}
    held = {each.series: each for each in kiosks if each.series is not None}
    free = [number for number in range(1, SERIES_MAX + 1) if number not in held and number not in told]
    if free:
        return free[0]
    idle = [
        (each.revoked_at is None, each.revoked_at or each.seen_at or datetime.min.replace(tzinfo=UTC), number)
        for number, each in held.items()
        if each.revoked_at is not None or not is_alive(each.seen_at, now)
    ]
    return min(idle)[2] if idle else None


@dataclass(frozen=True)
class Machine:
    """A self-service machine: its point, the device that stands there, and the visit that it was given."""

    point: ServicePoint
    device_id: str | None
    is_alive: bool
    visit_id: str | None
    is_busy: bool = False

    @property
    def is_free(self) -> bool:
        """Whether somebody can be sent to it now."""
        return self.is_alive and self.visit_id is None and not self.is_busy


@cache
def read_service_types(path: Path) -> Mapping[str, ServiceType]:
    """The service types of the TOML file, in its order. A wrong file is refused at start-up."""
    entries = tomllib.loads(path.read_text("utf-8"))
    found = {code: _service_type(code, entry) for code, entry in entries.items()}
    for each in found.values():
        assert len(each.ticket_class) == 1 and each.ticket_class.isupper(), each
        assert each.typical_s > 0 and each.names.keys() == each.hints.keys() == {"zh-CN", "en"}, each
        assert each.kinds and set(each.kinds) <= BRANCH_KINDS and each.by in (BY_WINDOW, BY_ADVISER), each
        assert each.self_service.keys() <= MACHINE_KINDS and set(each.self_service.values()) <= AUTHORISATIONS, each
    return MappingProxyType(found)


def _service_type(code: str, entry: dict[str, Any]) -> ServiceType:
    return ServiceType(code=code, **{**entry, "kinds": tuple(entry.get("kinds", ()))})


def offered_codes(types: Mapping[str, ServiceType], kind: str, withheld: Collection[str]) -> frozenset[str]:
    """What a branch of this kind offers: what its kind may serve, but for what head office withholds from it."""
    return frozenset(each.code for each in types.values() if kind in each.kinds and each.code not in withheld)


SERVICE_TYPES_FILE = Path(__file__).with_name("service_types.toml")


def next_business_day(last: date | None, branch: Branch, now: datetime) -> tuple[date, bool]:
    """The business day at `now`, never before the last one, and whether the clock leapt suspiciously.

    A leap of more than 36 hours past the end of the last day is reported; the day still turns, because a
    branch that was closed for a holiday must open.
    """
    today = business_day_of(now, branch.timezone, branch.cut_over_minute)
    if last is None:
        return today, False
    return max(last, today), today - last > JUMP_MAX


def day_start(day: date, branch: Branch) -> datetime:
    """The moment in UTC at which a business day begins: its cut-over."""
    midnight = datetime.combine(day, time(), ZoneInfo(branch.timezone))
    return (midnight + timedelta(minutes=branch.cut_over_minute)).astimezone(UTC)


def device_token_text(device_id: str, nonce: str) -> bytes:
    """What a device signs to prove that it still holds its key."""
    return f"branch-lobby device-token v1\n{device_id}\n{nonce}".encode()
