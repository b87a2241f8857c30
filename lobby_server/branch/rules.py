"""What a branch is made of, as plain values."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from lobby_server.kernel.clock import business_day_of

Names = Mapping[str, str]

DEFAULT_CUT_OVER_MINUTE = 240  # four in the morning: no branch serves then, so no day is cut in two
JUMP_MAX = timedelta(hours=36)  # a clock that leaps further is wrong, not late

ENROLMENT_CODE_LIVES = timedelta(minutes=10)
CHALLENGE_LIVES = timedelta(minutes=2)
TOKEN_LIVES = timedelta(minutes=15)


@dataclass(frozen=True)
class Branch:
    """One branch. `timezone` is an IANA name; `cut_over_minute` counts from local midnight."""

    id: str
    names: Names
    timezone: str
    cut_over_minute: int = DEFAULT_CUT_OVER_MINUTE


@dataclass(frozen=True)
class ServiceType:
    """A kind of need that the branch serves."""

    code: str
    names: Names
    hints: Names
    ticket_class: str
    typical_s: int
    icon: str
    tile: bool


@dataclass(frozen=True)
class ServicePoint:
    """A window, adviser desk or self-service device, and who is there now.

    `serves` is its work profile: the ticket classes it calls.
    """

    branch_id: str
    code: str
    kind: str
    names: Names
    serves: tuple[str, ...]
    staff_id: str | None = None
    opened_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether somebody works there."""
        return self.staff_id is not None


@dataclass(frozen=True)
class Device:
    """A kiosk, wall display or tablet that was let in."""

    id: str
    branch_id: str
    kind: str
    name: str
    seen_at: datetime | None
    revoked_at: datetime | None


def read_service_types(path: Path) -> dict[str, ServiceType]:
    """The service types of the TOML file, in its order. A wrong file is refused at start-up."""
    entries = tomllib.loads(path.read_text("utf-8"))
    found = {code: ServiceType(code=code, **entry) for code, entry in entries.items()}
    for each in found.values():
        assert len(each.ticket_class) == 1 and each.ticket_class.isupper(), each
        assert each.typical_s > 0 and each.names.keys() == each.hints.keys() == {"zh-CN", "en"}, each
    return found


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
