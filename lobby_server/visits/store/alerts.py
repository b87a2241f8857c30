"""Every query about alerts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from lobby_server.kernel.database import insert_into
from lobby_server.visits.rules import URGENCY, Alert, AlertKind, AlertState, Rung
from lobby_server.visits.tables import alert

_IS_LIVE = alert.c.state != str(AlertState.ENDED)


def add(db: sa.Connection, new: Alert) -> bool:
    """An alert; False when there is a living one of its kind about the same thing already."""
    added = insert_into(db, alert).values(**_fields(new)).on_conflict_do_nothing().returning(alert.c.id)
    return db.execute(added).one_or_none() is not None


def save(db: sa.Connection, changed: Alert) -> None:
    """An alert as it stands now."""
    db.execute(alert.update().where(alert.c.id == changed.id).values(_fields(changed)))


def lock(db: sa.Connection, branch_id: str, alert_id: str) -> Alert | None:
    """An alert of this branch, taken for this transaction: of two who answer at once one is first."""
    mine = sa.and_(alert.c.id == alert_id, alert.c.branch_id == branch_id)
    row = db.execute(sa.select(alert).where(mine).with_for_update()).one_or_none()
    return _alert(row) if row else None


def find_live(db: sa.Connection, branch_id: str, kind: AlertKind, about: str) -> Alert | None:
    """The living alert of a kind about a thing."""
    found = _live(db, alert.c.branch_id == branch_id, alert.c.kind == str(kind), alert.c.about == about)
    return found[0] if found else None


def live(db: sa.Connection, branch_id: str) -> list[Alert]:
    """The living alerts of a branch, oldest first."""
    return _live(db, alert.c.branch_id == branch_id)


def lock_live_of_visit(db: sa.Connection, visit_id: str) -> list[Alert]:
    """A visit's living alerts, taken for this transaction."""
    return _live(db, alert.c.visit_id == visit_id, take=True)


def lock_live_of_kind(db: sa.Connection, branch_id: str, kind: AlertKind) -> list[Alert]:
    """A branch's living alerts of a kind, taken for this transaction."""
    return _live(db, alert.c.branch_id == branch_id, alert.c.kind == str(kind), take=True)


def waits_for_help(db: sa.Connection, visit_id: str) -> bool:
    """Whether somebody on this visit has asked for help, or a machine has failed them, and that is not over."""
    kinds = [str(kind) for kind, urgency in URGENCY.items() if urgency == "help"]
    return bool(_live(db, alert.c.visit_id == visit_id, alert.c.kind.in_(kinds)))


def unanswered_leases(db: sa.Connection, branch_id: str) -> list[str]:
    """To whom alerts are leased that nobody has answered; somebody with two is there twice."""
    waits = sa.and_(alert.c.branch_id == branch_id, alert.c.state == str(AlertState.RAISED))
    return [each for each in db.scalars(sa.select(alert.c.leased_to).where(waits)) if each is not None]


def arrivals_since(db: sa.Connection, branch_id: str, start: datetime) -> list[Alert]:
    """The alerts about arrivals that were raised from `start` on."""
    mine = (alert.c.branch_id == branch_id, alert.c.kind == str(AlertKind.ARRIVAL), alert.c.raised_at >= start)
    return [_alert(row) for row in db.execute(sa.select(alert).where(*mine).order_by(alert.c.raised_at))]


def _live(db: sa.Connection, *which: sa.ColumnElement[bool], take: bool = False) -> list[Alert]:
    found = sa.select(alert).where(_IS_LIVE, *which).order_by(alert.c.raised_at, alert.c.id)
    return [_alert(row) for row in db.execute(found.with_for_update() if take else found)]


def _alert(row: sa.Row[Any]) -> Alert:
    fields = dict(row._mapping)
    asked: Sequence[str] = fields["asked"]
    kind, state, rung = AlertKind(fields["kind"]), AlertState(fields["state"]), Rung(fields["rung"])
    return Alert(**{**fields, "kind": kind, "state": state, "rung": rung, "asked": tuple(asked)})


def _fields(of: Alert) -> dict[str, Any]:
    fields = {column.name: getattr(of, column.name) for column in alert.c}
    fields |= {name: str(fields[name]) for name in ("kind", "state", "rung")}
    return {**fields, "asked": list(of.asked), "facts": dict(of.facts)}
