"""Every query about appointments."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from lobby_server.appointments.rules import EARLY_WINDOW, LATE_WINDOW, MINUTES_MAX, Appointment, AppointmentState
from lobby_server.appointments.tables import appointment
from lobby_server.customers import store as customers
from lobby_server.kernel.privacy import Keyring

CODE = "appointment.code"
_NOTE = "appointment.note"
_BOOKED = appointment.c.state == AppointmentState.BOOKED


def add(
    db: sa.Connection, keys: Keyring, new: Appointment, code: str | None = None, appointment_no: str | None = None
) -> None:
    """A new appointment. Its code is stored as a blind index only."""
    code_index = keys.index(code, CODE) if code else None
    row = {"id": new.id, "code_index": code_index, "appointment_no": appointment_no}
    db.execute(appointment.insert().values(**row, **_values(db, keys, new)))


def save(db: sa.Connection, keys: Keyring, known: Appointment) -> None:
    """An appointment as it is now."""
    db.execute(appointment.update().where(appointment.c.id == known.id).values(**_values(db, keys, known)))


def booked_by(db: sa.Connection, keys: Keyring, customer_ids: Collection[str]) -> list[Appointment]:
    """A customer's booked appointments, at whatever branch."""
    mine = sa.select(appointment).where(appointment.c.customer_id.in_(sorted(customer_ids)), _BOOKED)
    return [_appointment(row, keys) for row in db.execute(mine.order_by(appointment.c.id))]


def forget_notes(db: sa.Connection, customer_ids: Collection[str]) -> None:
    """Take away what was written about a customer."""
    mine = appointment.c.customer_id.in_(sorted(customer_ids))
    db.execute(appointment.update().where(mine).values(note_sealed=None))


def lock(db: sa.Connection, keys: Keyring, branch_id: str, appointment_id: str) -> Appointment | None:
    """An appointment of this branch, until the commit this deed's alone."""
    mine = sa.and_(appointment.c.id == appointment_id, appointment.c.branch_id == branch_id)
    return _one(db, keys, sa.select(appointment).where(mine).with_for_update())


def find_by_code(db: sa.Connection, keys: Keyring, branch_id: str, code: str) -> Appointment | None:
    """The appointment that a code was given for, at this branch."""
    mine = sa.and_(appointment.c.code_index == keys.index(code, CODE), appointment.c.branch_id == branch_id)
    return _one(db, keys, sa.select(appointment).where(mine))


def find_by_number(db: sa.Connection, keys: Keyring, appointment_no: str) -> Appointment | None:
    """The appointment that head office knows by this number."""
    return _one(db, keys, sa.select(appointment).where(appointment.c.appointment_no == appointment_no))


def of_visit(db: sa.Connection, keys: Keyring, visit_id: str) -> Appointment | None:
    """The appointment on which somebody came."""
    return _one(db, keys, sa.select(appointment).where(appointment.c.visit_id == visit_id))


def awaited(
    db: sa.Connection, keys: Keyring, branch_id: str, customer_ids: Collection[str], now: datetime
) -> Appointment | None:
    """The customer's next booked appointment here for which they would be on time."""
    found = (
        sa.select(appointment)
        .where(appointment.c.branch_id == branch_id, appointment.c.customer_id.in_(sorted(customer_ids)), _BOOKED)
        .where(appointment.c.starts_at.between(now - LATE_WINDOW, now + EARLY_WINDOW))
        .order_by(appointment.c.starts_at, appointment.c.id)
        .limit(1)
    )
    return _one(db, keys, found)


def open_of_visitor(
    db: sa.Connection, keys: Keyring, customer_ids: Collection[str], branch_id: str, visit_id: str, limit: int
) -> list[Appointment]:
    """The appointments here for which a customer is still expected, or has come on this visit, in order."""
    met = sa.and_(appointment.c.state == AppointmentState.ARRIVED, appointment.c.visit_id == visit_id)
    rows = db.execute(
        sa.select(appointment)
        .where(appointment.c.branch_id == branch_id, appointment.c.customer_id.in_(sorted(customer_ids)))
        .where(sa.or_(_BOOKED, met))
        .order_by(appointment.c.starts_at, appointment.c.id)
        .limit(limit)
    )
    return [_appointment(row, keys) for row in rows]


def between(db: sa.Connection, keys: Keyring, branch_id: str, begin: datetime, end: datetime) -> list[Appointment]:
    """A branch's appointments that start in a span, in order."""
    rows = db.execute(
        sa.select(appointment)
        .where(appointment.c.branch_id == branch_id, appointment.c.starts_at >= begin, appointment.c.starts_at < end)
        .order_by(appointment.c.starts_at, appointment.c.id)
    )
    return [_appointment(row, keys) for row in rows]


def booked_with(db: sa.Connection, keys: Keyring, staff_id: str, begin: datetime, end: datetime) -> list[Appointment]:
    """What a colleague has booked around a span; the longest one may have begun four hours before."""
    rows = db.execute(
        sa.select(appointment).where(
            appointment.c.staff_id == staff_id,
            appointment.c.state.in_((AppointmentState.BOOKED, AppointmentState.ARRIVED)),
            appointment.c.starts_at >= begin - timedelta(minutes=MINUTES_MAX),
            appointment.c.starts_at < end,
        )
    )
    return [_appointment(row, keys) for row in rows]


def _one(db: sa.Connection, keys: Keyring, asked: sa.Select[Any]) -> Appointment | None:
    row = db.execute(asked).one_or_none()
    return _appointment(row, keys) if row else None


def _values(db: sa.Connection, keys: Keyring, of: Appointment) -> dict[str, Any]:
    return {
        "branch_id": of.branch_id,
        "customer_id": of.customer_id,
        "service_type": of.service_type,
        "staff_id": of.staff_id,
        "starts_at": of.starts_at,
        "minutes": of.minutes,
        "state": of.state,
        "note_sealed": _sealed_note(db, keys, of) if of.note else None,
        "visit_id": of.visit_id,
    }


def _sealed_note(db: sa.Connection, keys: Keyring, of: Appointment) -> bytes:
    return keys.seal(of.note, _NOTE, customers.key_no(db, of.customer_id) if of.customer_id else None)


def _appointment(row: sa.Row[Any], keys: Keyring) -> Appointment:
    return Appointment(
        id=row.id,
        branch_id=row.branch_id,
        customer_id=row.customer_id,
        service_type=row.service_type,
        staff_id=row.staff_id,
        starts_at=row.starts_at,
        minutes=row.minutes,
        state=AppointmentState(row.state),
        note=keys.open(row.note_sealed, _NOTE) if row.note_sealed else "",
        visit_id=row.visit_id,
    )
