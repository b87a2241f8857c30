"""What head office is to hold of a referral, how its answers are judged, and when something is tried again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from enum import StrEnum

LEASE_LASTS = timedelta(minutes=2)  # longer than the slowest exchange: a lease that ran out belongs to a dead courier
LEASED_AT_ONCE_MAX = 64  # what a courier takes in one transaction; all of it is told within one lease
LANES = 8  # referrals that are told at once; one referral's steps go one after the other
KEPT = timedelta(days=400)  # what head office acknowledged can be told again for so long after it lost its records
LEAF_MAX = 32  # below so many records a reconciliation compares them one by one


SCHEMA_VERSION = 1  # of the envelope's `data`


@dataclass(frozen=True)
class Told:
    """A step as it is stored: a CloudEvent in canonical JSON, without the epoch under which it will be told."""

    id: str
    type: str
    content: str
    sha256: str


class OutboxState(StrEnum):
    """Where a row of the outbox stands."""

    PENDING = "pending"
    LEASED = "leased"
    ACKED = "acked"
    PARKED = "parked"


class Verdict(StrEnum):
    """What an answer of the far side, or its silence, means. Judged by its structure, never by the words in it."""

    STALE = "stale"
    """A newer version is there already."""
    RETRY = "retry"
    """It was not done, and may be later."""
    AMBIGUOUS = "ambiguous"
    """It was sent and nobody knows whether it was done: look before it is sent again."""
    GONE = "gone"
    """The record that we know by its id is not there."""
    PERMANENT = "permanent"
    """This will never be taken as it is; a person must look. Others flow on."""
    UNAUTHORISED = "unauthorised"
    """We may not speak to it at all: the road rests until that is mended."""


@dataclass(frozen=True)
class Record:
    """A referral as head office is to hold it after one step. `version` counts its steps, from 0.

    `epoch` is the branch's history that tells it: it grows when a branch comes back from a back-up, and head office
    takes nothing of an older one. `day` is the day of its making (UTC), by which records are compared. `customer` is
    the party's external id; None once the customer withdrew. Amounts are minor units, there once it is won.
    """

    external_id: str
    version: int
    epoch: int
    branch: str
    day: str
    state: str
    product_line: str
    need: str | None = None
    customer: str | None = None
    referrer: str | None = None
    receiver: str | None = None
    amount_minor: int | None = None
    currency: str | None = None
    booking_id: str | None = None


@dataclass(frozen=True)
class Party:
    """A customer as head office's CRM is told of them: by its own number for them, with a masked name."""

    external_id: str
    number: str
    masked_name: str


@dataclass(frozen=True)
class Remote:
    """What the far side holds. `told` are the fields of `Record` that it can give back, in our words."""

    remote_id: str
    told: Mapping[str, object]

    @property
    def order(self) -> tuple[int, int]:
        """Which is newer: by epoch, then by version."""
        return _whole(self.told.get("epoch")), _whole(self.told.get("version"))


def _whole(value: object) -> int:
    return value if type(value) is int else -1


def differing(record: Record, remote: Remote) -> list[str]:
    """The fields that the far side gives back and that are not as they were told."""
    return [
        each.name
        for each in fields(record)
        if each.name in remote.told and remote.told[each.name] != getattr(record, each.name)
    ]


def eldest(found: Iterable[Remote]) -> list[Remote]:
    """The same record found more than once: the one to keep first. Short numbers are older than long ones."""
    return sorted(found, key=lambda each: (len(each.remote_id), each.remote_id))


# ---- Comparing the two sides --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Span:
    """Records of a branch: of these days, and of these external ids (above `after`, not above `up_to`)."""

    branch: str
    first_day: date
    last_day: date
    after: str = ""
    up_to: str = "g"  # above every id, in every order of letters: ids are hexadecimal

    def holds(self, told: Mapping[str, object]) -> bool:
        """Whether a record's fields lie in it."""
        day, external_id = str(told.get("day")), str(told.get("external_id"))
        is_in_days = self.first_day.isoformat() <= day <= self.last_day.isoformat()
        return told.get("branch") == self.branch and is_in_days and self.after < external_id <= self.up_to


@dataclass(frozen=True)
class Line:
    """What the two sides must agree on."""

    external_id: str
    version: int
    state: str
    amount_minor: int | None


@dataclass(frozen=True)
class Digest:
    """How many records, and what they come to."""

    n: int
    sha256: str


def digest_of(lines: Iterable[Line]) -> Digest:
    """Equal on both sides when they hold the same, in whatever order they are read."""
    texts = sorted(f"{each.external_id}|{each.version}|{each.state}|{_text(each.amount_minor)}\n" for each in lines)
    return Digest(len(texts), hashlib.sha256("".join(texts).encode()).hexdigest())


def _text(amount_minor: int | None) -> str:
    return "" if amount_minor is None else str(amount_minor)


def line_of(remote: Remote) -> Line:
    """The far side's record as a line."""
    told = remote.told
    amount = told.get("amount_minor")
    return Line(
        str(told.get("external_id")),
        _whole(told.get("version")),
        str(told.get("state")),
        amount if type(amount) is int else None,
    )


def halves(span: Span, ids: list[str]) -> list[Span]:
    """Two parts of a span: by day while there are several, then by id; none when it cannot be parted."""
    if span.first_day < span.last_day:
        middle = span.first_day + (span.last_day - span.first_day) // 2
        return [
            Span(span.branch, span.first_day, middle, span.after, span.up_to),
            Span(span.branch, middle + timedelta(days=1), span.last_day, span.after, span.up_to),
        ]
    if len(ids) <= LEAF_MAX:
        return []
    middle_id = sorted(ids)[len(ids) // 2]
    return [
        Span(span.branch, span.first_day, span.last_day, span.after, middle_id),
        Span(span.branch, span.first_day, span.last_day, middle_id, span.up_to),
    ]
