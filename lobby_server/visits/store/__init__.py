"""Every query about visits."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time
from typing import Any

import sqlalchemy as sa

from lobby_server.kernel.clock import from_wire
from lobby_server.kernel.database import Moment
from lobby_server.kernel.events import to_json
from lobby_server.recommend.rules import Need, Reason
from lobby_server.visits.rules import (
    SERVED,
    Claim,
    Errand,
    Expected,
    Helped,
    ServiceLevel,
    Tried,
    Undo,
    Visit,
    VisitState,
)
from lobby_server.visits.tables import errand, visit

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
    return _visit(row._asdict()) if row else None


def lock(db: sa.Connection, branch_id: str, visit_id: str) -> Visit | None:
    """The same, taken for this transaction: two claims at once happen one after the other."""
    row = db.execute(_LOCK, {"the_id": visit_id, "branch": branch_id}).one_or_none()
    return _visit(row._asdict()) if row else None


def exists(db: sa.Connection, visit_id: str) -> bool:
    """Whether any branch has a visit of this id."""
    return db.scalar(sa.select(visit.c.id).where(visit.c.id == visit_id)) is not None


def still_here(db: sa.Connection, ids: Collection[str]) -> frozenset[str]:
    """Which of these visits are not over."""
    if not ids:
        return frozenset()
    return frozenset(db.scalars(sa.select(visit.c.id).where(visit.c.id.in_(sorted(ids)), visit.c.left_at.is_(None))))


def live_of_customer(db: sa.Connection, branch_id: str, ids: Collection[str]) -> Visit | None:
    """The visit that a customer is on now, by all their ids; the earlier one of a prospect who came twice."""
    mine = (visit.c.branch_id == branch_id, visit.c.customer_id.in_(ids), visit.c.state != str(VisitState.LEFT))
    row = db.execute(sa.select(visit).where(*mine).order_by(visit.c.arrived_at, visit.c.id).limit(1)).one_or_none()
    return _visit(row._asdict()) if row else None


def past_of_customer(db: sa.Connection, branch_id: str, ids: Collection[str], most: int) -> list[Visit]:
    """The visits of a customer here that are over, by all their ids, newest first."""
    rows = db.execute(
        sa.select(visit)
        .where(
            visit.c.branch_id == branch_id,
            visit.c.customer_id.in_(ids),
            visit.c.state == str(VisitState.LEFT),
        )
        .order_by(visit.c.arrived_at.desc(), visit.c.id)
        .limit(most)
    )
    return [_visit(row._asdict()) for row in rows]


def live(db: sa.Connection, branch_id: str) -> list[Visit]:
    """Everybody who is here, earliest first."""
    rows = db.execute(
        sa.select(visit)
        .where(visit.c.branch_id == branch_id, visit.c.state != str(VisitState.LEFT))
        .order_by(visit.c.arrived_at, visit.c.id)
    )
    return [_visit(row._asdict()) for row in rows]


def columns_changed(before: Visit, after: Visit) -> dict[str, Any]:
    """What `before` says in the columns in which `after` differs, as JSON: enough to go back."""
    old, new = _fields(before), _fields(after)
    return {name: to_json(old[name]) for name in old if old[name] != new[name]}


def with_columns(changed: Visit, columns: Mapping[str, Any]) -> Visit:
    """The visit with some columns as `columns_changed` kept them."""
    moments = {column.name for column in visit.c if isinstance(column.type, Moment)}
    read = {name: from_wire(value) if name in moments and value else value for name, value in columns.items()}
    return _visit({**_fields(changed), **read})


def claimants(db: sa.Connection, branch_id: str, now: datetime) -> frozenset[str]:
    """The ids of those who take care of somebody now."""
    held = sa.select(visit.c.claimed_by).where(
        visit.c.branch_id == branch_id, visit.c.state != str(VisitState.LEFT), visit.c.claimed_until > now
    )
    return frozenset(db.scalars(held))


def companions_of(db: sa.Connection, branch_id: str, ids: Collection[str]) -> dict[str, int]:
    """How many who are here came with each of these visits."""
    rows = db.execute(
        sa.select(visit.c.companion_of, sa.func.count())
        .where(visit.c.branch_id == branch_id, visit.c.state != str(VisitState.LEFT), visit.c.companion_of.in_(ids))
        .group_by(visit.c.companion_of)
    )
    return dict.fromkeys(ids, 0) | {row[0]: row[1] for row in rows}


def begin_errand(db: sa.Connection, of: Visit, device_kind: str) -> None:
    """A visit was sent to a machine. The database refuses a second one there."""
    given = of.errand
    assert given is not None
    db.execute(
        errand.insert().values(
            id=given.id,
            branch_id=of.branch_id,
            visit_id=of.id,
            machine=given.code,
            device_kind=device_kind,
            service_type=given.service_type,
            given_at=given.given_at,
        )
    )


def end_errand(db: sa.Connection, ended: Errand, at: datetime, outcome: str) -> None:
    """What became of it: done, failed, refused, or why they went back."""
    db.execute(
        errand.update().where(errand.c.id == ended.id).values(started_at=ended.started_at, ended_at=at, outcome=outcome)
    )


def errands_of(db: sa.Connection, ids: Collection[str], since: date) -> list[Tried]:
    """What a customer, by all their ids, has begun at machines in any branch from a day on, in order of its end."""
    rows = db.execute(
        sa.select(errand.c.service_type, errand.c.ended_at, errand.c.outcome)
        .join(visit, visit.c.id == errand.c.visit_id)
        .where(
            visit.c.customer_id.in_(ids),
            errand.c.started_at.is_not(None),
            errand.c.ended_at >= datetime.combine(since, time(), UTC),
        )
        .order_by(errand.c.ended_at, errand.c.id)
    )
    return [Tried(row.service_type, row.ended_at, row.outcome) for row in rows]


def served_since(db: sa.Connection, ids: Collection[str], since: datetime) -> list[Helped]:
    """What a customer, by all their ids, was given by a person in visits that ended from a moment on."""
    rows = db.execute(
        sa.select(visit.c.service_type, visit.c.steps_done, visit.c.left_at, visit.c.left_because).where(
            visit.c.customer_id.in_(ids), visit.c.left_at >= since
        )
    )
    return [
        Helped(service_type, row.left_at)
        for row in rows
        for service_type in {*row.steps_done, *([row.service_type] if row.left_because == SERVED else [])}
    ]


def _visit(row: Mapping[str, Any]) -> Visit:
    fields = dict(row)
    claimed_by, until = fields.pop("claimed_by"), fields.pop("claimed_until")
    need, at_machine, undo = fields.pop("need"), fields.pop("errand"), fields.pop("undo")
    expected = fields.pop("appointment")
    return Visit(
        **{
            **fields,
            "state": VisitState(fields["state"]),
            "service_level": ServiceLevel(fields["service_level"]),
            "level_reason": _reason(fields["level_reason"]),
            "steps_done": tuple(fields["steps_done"]),
        },
        need=Need(need["code"], Reason(**need["reason"])) if need else None,
        claim=Claim(claimed_by, until) if claimed_by else None,
        appointment=Expected(**{**expected, **_moments(expected, "starts_at")}) if expected else None,
        errand=Errand(**{**at_machine, **_moments(at_machine, "given_at", "started_at")}) if at_machine else None,
        undo=Undo(**{**undo, **_moments(undo, "until")}) if undo else None,
    )


def _reason(kept: Mapping[str, Any] | None) -> Reason | None:
    return Reason(**kept) if kept else None


def _moments(kept: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: from_wire(kept[name]) if kept[name] else None for name in names}


def _fields(of: Visit) -> dict[str, Any]:
    """A visit's row; what is no column of its own as JSON."""
    same = {column.name: getattr(of, column.name) for column in visit.c if column.name not in _MADE}
    return {
        **same,
        "state": str(of.state),
        "service_level": str(of.service_level),
        "need": to_json(of.need),
        "level_reason": to_json(of.level_reason),
        "claimed_by": of.claim.staff_id if of.claim else None,
        "claimed_until": of.claim.until if of.claim else None,
        "appointment": to_json(of.appointment),
        "errand": to_json(of.errand),
        "steps_done": list(of.steps_done),
        "undo": to_json(of.undo),
    }


_MADE = frozenset({"claimed_by", "claimed_until"})
