"""Who works here and how they prove it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

SIGN_IN_LIVES = timedelta(hours=12)  # a shift; after it everybody proves themselves again (ASVS 7.3)
PASSWORD_LENGTH_MIN = 8
PIN_LENGTH = 6
LICENCES_MAX = 20  # there are about five: funds, insurance, securities, futures, gold
PIN_TRIES_MAX = 5  # of a person anywhere, and of a tablet for anybody; then only a password opens (ASVS 6.3.1)
IDLE_MAX = timedelta(minutes=5)  # a tablet that was put down asks for the PIN again (ASVS 7.3)


@dataclass(frozen=True)
class Staff:
    """A member of staff. `roles` are names of the policy table (`teller`), `licences` what they may sell."""

    id: str
    branch_id: str
    staff_no: str
    name: str
    roles: tuple[str, ...]
    licences: tuple[str, ...] = ()
    disabled_at: datetime | None = None


@dataclass(frozen=True)
class Employed:
    """What head office says of somebody who works in a branch."""

    name: str
    roles: frozenset[str]
    licences: frozenset[str]


def employed(who: Staff) -> Employed:
    """What is known of somebody, in the same form."""
    return Employed(who.name, frozenset(who.roles), frozenset(who.licences))


@dataclass(frozen=True)
class SignIn:
    """One person's sign-in on one browser."""

    id: str
    staff: Staff
    csrf: str
    expires_at: datetime
    device_id: str | None = None
    seen_at: datetime | None = None

    @property
    def ends_at(self) -> datetime:
        """When it ends unless somebody does something: with a PIN after five idle minutes."""
        return min(self.expires_at, self.seen_at + IDLE_MAX) if self.seen_at is not None else self.expires_at


def may_be_password(password: str) -> bool:
    """Long enough (NIST SP 800-63B asks for length, not for sorts of characters)."""
    return PASSWORD_LENGTH_MIN <= len(password) <= 200


def pin_pause_left(tries: int, tried_at: datetime | None, now: datetime) -> timedelta:
    """How long the next PIN must still wait after so many in vain: one second after the first, then twice as long."""
    if tries <= 0 or tried_at is None:
        return timedelta(0)
    return max(timedelta(0), tried_at + timedelta(seconds=2 ** (tries - 1)) - now)


def may_be_pin(pin: str) -> bool:
    """Six digits that are not the first that anybody tries: 111111, 123456, 987654, 121212, 123123."""
    if not (len(pin) == PIN_LENGTH and pin.isascii() and pin.isdigit()):
        return False
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    is_run = len(steps) == 1 and steps <= {0, 1, 9}
    is_repeated = any(pin == pin[:size] * (PIN_LENGTH // size) for size in (1, 2, 3))
    return not is_run and not is_repeated
