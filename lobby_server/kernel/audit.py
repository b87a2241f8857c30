"""Who did what, in the same commit as the deed, chained so that nothing can be taken out unseen.

Each row's `mac` is HMAC-SHA256 under the audit key over the row before it and its own content; the key
is not in the database, so that whoever owns the tables still cannot rewrite them unnoticed.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from lobby_server.kernel.clock import to_wire
from lobby_server.kernel.database import canonical
from lobby_server.kernel.tables import audit, branch_clock

FIRST_MAC = bytes(32)


@dataclass(frozen=True)
class Deed:
    """One line of the audit: `facts` hold ids and codes, never names or numbers of people."""

    actor: str
    deed: str
    subject: str
    facts: Mapping[str, Any]


def chain(key: bytes, previous: bytes, branch_id: str, audit_seq: int, at: datetime, deed: Deed) -> bytes:
    """The 32 bytes that tie a row to all rows before it."""
    content = canonical([branch_id, audit_seq, to_wire(at), deed.actor, deed.deed, deed.subject, dict(deed.facts)])
    return hmac.new(key, previous + content.encode(), hashlib.sha256).digest()


def of_subjects(db: sa.Connection, branch_id: str, subjects: Collection[str]) -> list[tuple[datetime, Deed]]:
    """What was done to these things, oldest first."""
    rows = db.execute(
        sa.select(audit)
        .where(audit.c.branch_id == branch_id, audit.c.subject.in_(sorted(subjects)))
        .order_by(audit.c.audit_seq)
    )
    return [(row.at, Deed(row.actor, row.deed, row.subject, row.facts)) for row in rows]


@dataclass(frozen=True)
class Line:
    """A row of the audit: its number in the branch's chain, its moment, and what was done."""

    audit_seq: int
    at: datetime
    deed: Deed


def between(
    db: sa.Connection, branch_id: str, begin: datetime, end: datetime, before: int | None, most: int
) -> list[Line]:
    """What was done in a span, newest first, with numbers below `before`."""
    found = sa.select(audit).where(audit.c.branch_id == branch_id, audit.c.at >= begin, audit.c.at < end)
    if before is not None:
        found = found.where(audit.c.audit_seq < before)
    rows = db.execute(found.order_by(audit.c.audit_seq.desc()).limit(most))
    return [Line(row.audit_seq, row.at, Deed(row.actor, row.deed, row.subject, row.facts)) for row in rows]


def faults(db: sa.Connection, key: bytes) -> list[str]:
    """Rows that were altered, removed, reordered or cut off at the end."""
    found = []
    for head in db.execute(sa.select(branch_clock)):
        previous, count = FIRST_MAC, 0
        rows = db.execute(sa.select(audit).where(audit.c.branch_id == head.branch_id).order_by(audit.c.audit_seq))
        for count, row in enumerate(rows, 1):
            deed = Deed(row.actor, row.deed, row.subject, row.facts)
            previous = chain(key, previous, row.branch_id, row.audit_seq, row.at, deed)
            if row.audit_seq != count or not hmac.compare_digest(previous, row.mac):
                found.append(f"audit_chain {head.branch_id}: broken at row {row.audit_seq}")
                break
        else:
            if (count, previous) != (head.audit_seq, head.audit_mac):
                found.append(f"audit_chain {head.branch_id}: {count} rows, {head.audit_seq} were written")
    return found
