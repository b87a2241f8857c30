"""Who works here and how they prove it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

SIGN_IN_LIVES = timedelta(hours=12)  # a shift; after it everybody proves themselves again (ASVS 7.3)
PASSWORD_LENGTH_MIN = 8


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
class SignIn:
    """One person's sign-in on one browser."""

    id: str
    staff: Staff
    csrf: str
    expires_at: datetime


def may_be_password(password: str) -> bool:
    """Long enough (NIST SP 800-63B asks for length, not for sorts of characters)."""
    return PASSWORD_LENGTH_MIN <= len(password) <= 200
