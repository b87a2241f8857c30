"""Every query about the rule guard's versions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from referral.incentives.plan import sha256_of
from referral.incentives.tables import rule_guard


def newest(db: sa.Connection) -> Mapping[str, Any] | None:
    """The words of the guard that head office sent last; None when it never sent one."""
    order = (rule_guard.c.as_of.desc(), rule_guard.c.taken_at.desc())
    found: Mapping[str, Any] | None = db.scalar(sa.select(rule_guard.c.document).order_by(*order).limit(1))
    return found


def every(db: sa.Connection) -> dict[str, Mapping[str, Any]]:
    """The words of each version."""
    return {row.version: row.document for row in db.execute(sa.select(rule_guard))}


def add(db: sa.Connection, version: str, document: Mapping[str, Any], as_of: date, at: datetime) -> str:
    """A version as it was sent; its digest."""
    sha256 = sha256_of(document)
    row = {"version": version, "document": dict(document), "sha256": sha256, "as_of": as_of, "taken_at": at}
    db.execute(rule_guard.insert().values(row))
    return sha256
