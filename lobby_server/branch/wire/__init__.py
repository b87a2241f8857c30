"""Devices and service points on the wire."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from lobby_server.branch.rules import (
    DEFAULT_CUT_OVER_MINUTE,
    POINTS_MAX,
    Branch,
    Device,
    Hours,
    Planned,
    Promise,
    ServicePoint,
    device_token_text,
)
from lobby_server.doors.reading import Id, Language, Text, Wire

_COORDINATE_BYTES = 32


def from_base64url(text: str) -> bytes:
    """Bytes of unpadded base64url. Raises ValueError for anything else."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error


def _coordinate(text: str) -> str:
    if len(from_base64url(text)) != _COORDINATE_BYTES:
        raise ValueError("not 32 bytes")
    return text


Coordinate = Annotated[str, StringConstraints(max_length=44), AfterValidator(_coordinate)]


class PublicKey(Wire):
    """An ECDSA P-256 key as JWK (RFC 7517)."""

    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: Coordinate
    y: Coordinate
    ext: bool | None = None
    key_ops: list[str] | None = None
    alg: str | None = None
    kid: str | None = None
    use: str | None = None

    def point(self) -> dict[str, str]:
        """What is kept of it. Raises ValueError when it is not on the curve."""
        load_key({"x": self.x, "y": self.y})
        return {"x": self.x, "y": self.y}


class Enrolment(Wire):
    """A device at the door."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=32)]
    kind: Literal["kiosk", "wall", "tablet", "machine"]
    name: Text
    public_key: PublicKey


class Enrolled(Wire):
    """It may come in. `series` is a kiosk's own: 2 numbers the tickets that it gives alone K02-001."""

    device_id: str
    branch: str
    series: int | None


class Challenge(Wire):
    """Sign this within `expires_in_s`."""

    nonce: str
    expires_in_s: int


class Signed(Wire):
    """The nonce and the signature over it: raw r then s, base64url."""

    nonce: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    signature: Annotated[str, StringConstraints(min_length=1, max_length=128)]


class Token(Wire):
    """Opens the doors as `Authorization: Bearer` for `expires_in_s`; `series` is what it is from now on."""

    access_token: str
    expires_in_s: int
    series: int | None


CLOCK_OFFSET_MS_MAX = 10**13  # three centuries: a clock whose battery died says 1970, and must be able to say it
UNSENT_MAX = 10**6  # tickets that a kiosk gave alone and has not handed in; it keeps fewer
Part = Literal["ok", "lost"]


class Health(Wire):
    """What a device says of its parts; what it does not have it does not name.

    `series` and `unsent` are a kiosk's: 2 numbers its own tickets K02-001, and so many wait to be handed in.
    """

    paper: Literal["ok", "low", "out"] | None = None
    card_reader: Part | None = None
    camera: Part | None = None
    printer: Part | None = None
    voice: Literal["ready", "blocked", "silent", "broken"] | None = None
    series: Annotated[int, Field(ge=1, le=99)] | None = None
    unsent: Annotated[int, Field(ge=0, le=UNSENT_MAX)] | None = None
    clock_offset_ms: Annotated[int, Field(ge=-CLOCK_OFFSET_MS_MAX, le=CLOCK_OFFSET_MS_MAX)] | None = None


class Heartbeat(Wire):
    """A sign of life. A machine also says whether it is busy, or with which visit."""

    health: Health
    busy: bool | None = None
    visit_id: Id | None = None

    @property
    def is_busy(self) -> bool:
        """Whether somebody stands at it, sent there or not."""
        return bool(self.busy) or self.visit_id is not None


def load_key(point: dict[str, str]) -> ec.EllipticCurvePublicKey:
    """The key of its two coordinates. Raises ValueError when it is not on the curve."""
    x, y = (int.from_bytes(from_base64url(point[axis]), "big") for axis in ("x", "y"))
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()


def is_signed_by(point: dict[str, str], device_id: str, signed: Signed) -> bool:
    """Whether the signature over the device's text is right (ECDSA P-256 with SHA-256)."""
    try:
        raw, key = from_base64url(signed.signature), load_key(point)
    except (KeyError, ValueError):
        return False
    if len(raw) != 2 * _COORDINATE_BYTES:
        return False
    r, s = (int.from_bytes(raw[at : at + _COORDINATE_BYTES], "big") for at in (0, _COORDINATE_BYTES))
    try:
        key.verify(encode_dss_signature(r, s), device_token_text(device_id, signed.nonce), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def enrolled(device: Device) -> Enrolled:
    """A device that was let in."""
    return Enrolled(device_id=device.id, branch=device.branch_id, series=device.series)


# ---- The branch itself --------------------------------------------------------------------------------------------

HOURS_MAX, CLOSED_DAYS_MAX = 50, 400  # a week in halves of hours is less; more than a year's days is a mistake
PROMISED_S_MIN, PROMISED_S_MAX = 60, 2 * 60 * 60  # a minute; above two hours nothing is promised
ANSWERED_S_MIN, ANSWERED_S_MAX = 10, 30 * 60  # time to walk through the hall; a low rating may wait half as long
ZONES_MAX = 50  # the largest hall has a fifth of it

_CODE_16 = r"^[A-Za-z0-9_.-]{1,16}$"
ShortCode = Annotated[str, StringConstraints(pattern=_CODE_16)]
Names = dict[Language, Text]
TicketClass = Annotated[str, StringConstraints(pattern=r"^[A-Z]$")]
ClockTime = Annotated[str, StringConstraints(pattern=r"^(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]


def _both_languages(names: Names) -> Names:
    if len(names) != 2:
        raise ValueError("a name in each language")
    return names


def _day(text: Any) -> Any:
    return date.fromisoformat(text) if isinstance(text, str) else text


def _each_once(weekdays: list[int]) -> list[int]:
    if len(set(weekdays)) != len(weekdays):
        raise ValueError("a weekday twice")
    return weekdays


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("no such time zone") from error
    return name


BothNames = Annotated[Names, AfterValidator(_both_languages)]
Day = Annotated[date, BeforeValidator(_day)]
Weekday = Annotated[int, Field(ge=1, le=7)]
TimeZone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_known_zone)]


class HoursSet(Wire):
    """Open from `opens` to `closes`, by the branch's own clock, on each of these weekdays; 1 is Monday."""

    weekdays: Annotated[list[Weekday], Field(min_length=1, max_length=7), AfterValidator(_each_once)]
    opens: ClockTime
    closes: ClockTime


class PlannedSet(HoursSet):
    """So many windows should be open then."""

    points: Annotated[int, Field(ge=0, le=POINTS_MAX)]


class CalendarSet(Wire):
    """When a branch is open, the days on which it is closed, and the plan of its windows."""

    hours: Annotated[list[HoursSet], Field(max_length=HOURS_MAX)]
    closed_on: Annotated[list[Day], Field(max_length=CLOSED_DAYS_MAX)]
    plan: Annotated[list[PlannedSet], Field(max_length=HOURS_MAX)]


class PromiseSet(Wire):
    """How long customers of one service level may wait, and how soon an alert about them is answered, in seconds."""

    wait_s: Annotated[int, Field(ge=PROMISED_S_MIN, le=PROMISED_S_MAX)]
    answer_s: Annotated[int, Field(ge=ANSWERED_S_MIN, le=ANSWERED_S_MAX)]


class PromisesSet(Wire):
    """What a branch promises: all four levels, so that nothing is left to what somebody thinks is the default."""

    ordinary: PromiseSet
    vip: PromiseSet
    vulnerable: PromiseSet
    appointment: PromiseSet


class PointSet(Wire):
    """What a service point is: its kind, its names, where it stands and which ticket classes it calls."""

    kind: Literal["window", "desk", "machine"]
    names: BothNames
    serves: Annotated[list[TicketClass], Field(max_length=26)]
    zone: ShortCode | None = None
    device_kind: Literal["smart_counter", "atm", "printer"] | None = None


class ZonesSet(Wire):
    """The parts of a hall by code, with their names."""

    zones: Annotated[dict[ShortCode, BothNames], Field(max_length=ZONES_MAX)]


class FoundedPoint(PointSet):
    """The same of a new one."""

    code: ShortCode


class FoundedBranch(CalendarSet):
    """A branch that is to be: what stands in a file, or in the trial's."""

    id: ShortCode
    kind: Literal["own", "agency"]
    names: BothNames
    timezone: TimeZone
    cut_over_minute: Annotated[int, Field(ge=0, lt=24 * 60)] = DEFAULT_CUT_OVER_MINUTE
    zones: Annotated[dict[ShortCode, BothNames], Field(max_length=ZONES_MAX)]
    service_point: Annotated[list[FoundedPoint], Field(max_length=POINTS_MAX)]

    def branch(self) -> Branch:
        """As a value."""
        return Branch(
            id=self.id,
            names=self.names,
            timezone=self.timezone,
            cut_over_minute=self.cut_over_minute,
            kind=self.kind,
            zones=self.zones,
            hours=hours_of(self.hours),
            closed_on=frozenset(self.closed_on),
            plan=plan_of(self.plan),
        )

    def service_points(self) -> tuple[ServicePoint, ...]:
        """Its points."""
        return tuple(point_of(self.id, each.code, each) for each in self.service_point)


def is_short_code(text: str) -> bool:
    """Whether a service point or a zone may be called so."""
    return re.fullmatch(_CODE_16, text) is not None


def minute_of(clock_time: str) -> int:
    """`09:30` as minutes from midnight."""
    hours, minutes = clock_time.split(":")
    return int(hours) * 60 + int(minutes)


def clock_time_of(minute: int) -> str:
    """The reverse."""
    return f"{minute // 60:02}:{minute % 60:02}"


def hours_of(sent: Iterable[HoursSet]) -> tuple[Hours, ...]:
    """Hours as values."""
    return tuple(Hours(tuple(each.weekdays), minute_of(each.opens), minute_of(each.closes)) for each in sent)


def plan_of(sent: Iterable[PlannedSet]) -> tuple[Planned, ...]:
    """A plan as values."""
    return tuple(
        Planned(tuple(each.weekdays), minute_of(each.opens), minute_of(each.closes), each.points) for each in sent
    )


def promises_of(sent: PromisesSet) -> dict[str, Promise]:
    """Promises as values."""
    return {level: Promise(**each) for level, each in sent.model_dump().items()}


def point_of(branch_id: str, code: str, sent: PointSet) -> ServicePoint:
    """A service point as a value, closed."""
    return ServicePoint(
        branch_id=branch_id,
        code=code,
        kind=sent.kind,
        names=sent.names,
        serves=tuple(sent.serves),
        zone=sent.zone,
        device_kind=sent.device_kind,
    )
