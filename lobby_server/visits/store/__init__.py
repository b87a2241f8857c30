"""Every query about visits."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from lobby_server.recommend.rules import Need, Reason
from lobby_server.visits.rules import Claim, ServiceLevel, Visit, VisitState
from lobby_server.visits.tables import visit

# Built once: every arrival and ticket runs these.
_FIND = sa.select(visit).where(visit.c.id == sa.bindparam("the_id"), visit.c.branch_id == sa.bindparam("branch"))
_LOCK = _FIND.with_for_update()
_ADD = visit.insert()
_SAVE = (
    visit.update()
    .where(visit.c.id == sa.bindparam("the_id"))
    .values({column.name: sa.bindparam(column.name) for column in visit.c if column.name != "id"})
)


def add(db: sa.Connection, new: Visit) -> None:
    """Somebody came."""
    db.execute(_ADD, _fields(new))


def save(db: sa.Connection, changed: Visit) -> None:
    """A visit as it stands now."""
    fields = _fields(changed)
    db.execute(_SAVE, {**fields, "the_id": fields.pop("id")})


def find(db: sa.Connection, branch_id: str, visit_id: str) -> Visit | None:
    """A visit of this branch."""
    row = db.execute(_FIND, {"the_id": visit_id, "branch": branch_id}).one_or_none()
    return _visit(row) if row else None


def lock(db: sa.Connection, branch_id: str, visit_id: str) -> Visit | None:
    """The same, taken for this transaction: two claims at once happen one after the other."""
    row = db.execute(_LOCK, {"the_id": visit_id, "branch": branch_id}).one_or_none()
    return _visit(row) if row else None


def exists(db: sa.Connection, visit_id: str) -> bool:
    """Whether any branch has a visit of this id."""
    return db.scalar(sa.select(visit.c.id).where(visit.c.id == visit_id)) is not None


def live_of_customer(db: sa.Connection, branch_id: str, customer_id: str) -> Visit | None:
    """The visit that a customer is on now."""
    row = db.execute(
        sa.select(visit).where(
            visit.c.branch_id == branch_id,
            visit.c.customer_id == customer_id,
            visit.c.state != str(VisitState.LEFT),
        )
    ).one_or_none()
    return _visit(row) if row else None


def live(db: sa.Connection, branch_id: str) -> list[Visit]:
    """Everybody who is here, earliest first."""
    rows = db.execute(
        sa.select(visit)
        .where(visit.c.branch_id == branch_id, visit.c.state != str(VisitState.LEFT))
        .order_by(visit.c.arrived_at, visit.c.id)
    )
    return [_visit(row) for row in rows]


def _visit(row: sa.Row[Any]) -> Visit:
    fields = dict(row._mapping)
    need, claimed_by, until = fields.pop("need"), fields.pop("claimed_by"), fields.pop("claimed_until")
    fields["state"] = VisitState(fields["state"])
    fields["service_level"] = ServiceLevel(fields["service_level"])
    return Visit(
        **fields,
        need=Need(need["code"], Reason(need["reason"]["code"], need["reason"]["facts"])) if need else None,
        claim=Claim(claimed_by, until) if claimed_by else None,
    )


def _fields(of: Visit) -> dict[str, Any]:
    need = of.need
    return {
        "id": of.id,
        "branch_id": of.branch_id,
        "state": str(of.state),
        "arrived_at": of.arrived_at,
        "customer_id": of.customer_id,
        "tier": of.tier,
        "service_level": str(of.service_level),
        "need": {"code": need.code, "reason": {"code": need.reason.code, "facts": dict(need.reason.facts)}}
        if need
        else None,
        "greeting": of.greeting,
        "language": of.language,
        "party_size": of.party_size,
        "made_by": of.made_by,
        "service_type": of.service_type,
        "route": of.route,
        "ticket_id": of.ticket_id,
        "claimed_by": of.claim.staff_id if of.claim else None,
        "claimed_until": of.claim.until if of.claim else None,
        "left_at": of.left_at,
        "left_because": of.left_because,
    }
