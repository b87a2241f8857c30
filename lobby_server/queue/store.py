"""Every query about tickets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from lobby_server.queue.discipline import Choice
from lobby_server.queue.forecast import Coverage, Outcome, coverage_of
from lobby_server.queue.rules import QueuePolicy, Ticket, TicketState, Waits
from lobby_server.queue.tables import branch_queue, ticket, ticket_call, ticket_counter, wait_forecast

_TICKET_FIELDS = [column for column in ticket.c if column.name != "key_index"]


@dataclass(frozen=True)
class Queue:
    """A branch's queue as its row says: the day it is in, its policy, the waits last announced."""

    branch_id: str
    business_day: date | None
    policy: QueuePolicy
    waits: Mapping[str, Waits]


def start_queue(db: sa.Connection, branch_id: str, policy: QueuePolicy) -> None:
    """Give a new branch its queue."""
    db.execute(
        branch_queue.insert().values(
            branch_id=branch_id,
            discipline=policy.discipline,
            version=policy.version,
            overtake_cap=policy.overtake_cap,
            waits={},
        )
    )


def lock_queue(db: sa.Connection, branch_id: str) -> Queue:
    """Take the branch's queue for this transaction: the first statement of whatever changes it."""
    row = db.execute(sa.select(branch_queue).where(branch_queue.c.branch_id == branch_id).with_for_update()).one()
    return _queue(row)


def look_at_queue(db: sa.Connection, branch_id: str) -> Queue:
    """The same without taking it."""
    return _queue(db.execute(sa.select(branch_queue).where(branch_queue.c.branch_id == branch_id)).one())


def turn_day(db: sa.Connection, branch_id: str, day: date) -> None:
    """The branch's business day is now `day`."""
    db.execute(branch_queue.update().where(branch_queue.c.branch_id == branch_id).values(business_day=day))


def save_waits(db: sa.Connection, branch_id: str, waits: Mapping[str, Waits]) -> None:
    """The waits that are announced now."""
    kept = {name: [each.p10_s, each.p50_s, each.p90_s] for name, each in waits.items()}
    db.execute(branch_queue.update().where(branch_queue.c.branch_id == branch_id).values(waits=kept))


def next_ordinal(db: sa.Connection, branch_id: str, day: date, series: str) -> int:
    """The next number of a series on a day: 1, 2, 3 without a hole, because it commits with its ticket."""
    insert = postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert
    ordinal: int = db.execute(
        insert(ticket_counter)
        .values(branch_id=branch_id, business_day=day, series=series, last=1)
        .on_conflict_do_update(
            index_elements=["branch_id", "business_day", "series"], set_={"last": ticket_counter.c.last + 1}
        )
        .returning(ticket_counter.c.last)
    ).scalar_one()
    return ordinal


def add(db: sa.Connection, new: Ticket, key_index: bytes) -> None:
    """A ticket; `key_index` finds it again by the secret of its page."""
    db.execute(ticket.insert().values(**_fields(new), key_index=key_index))


def save(db: sa.Connection, changed: Ticket) -> None:
    """What may change of a ticket."""
    db.execute(
        ticket.update()
        .where(ticket.c.id == changed.id)
        .values(
            state=str(changed.state),
            called_at=changed.called_at,
            started_at=changed.started_at,
            finished_at=changed.finished_at,
            service_point=changed.service_point,
            staff_id=changed.staff_id,
            call_count=changed.call_count,
        )
    )


def find(db: sa.Connection, branch_id: str, ticket_id: str) -> Ticket | None:
    """A ticket of this branch."""
    return _one(db, sa.and_(ticket.c.id == ticket_id, ticket.c.branch_id == branch_id))


def find_by_key(db: sa.Connection, key_index: bytes) -> Ticket | None:
    """The ticket of a page's secret."""
    return _one(db, ticket.c.key_index == key_index)


def live_ticket_of(db: sa.Connection, visit_id: str) -> Ticket | None:
    """The ticket with which a visit waits or is served."""
    return _one(db, sa.and_(ticket.c.visit_id == visit_id, ticket.c.state.in_(_LIVE)))


def live(db: sa.Connection, branch_id: str) -> list[Ticket]:
    """Tickets that wait or are at a point, earliest arrival first."""
    return _many(db, sa.and_(ticket.c.branch_id == branch_id, ticket.c.state.in_(_LIVE)))


def waiting(db: sa.Connection, branch_id: str) -> list[Ticket]:
    """Tickets that wait."""
    return _many(db, sa.and_(ticket.c.branch_id == branch_id, ticket.c.state == str(TicketState.WAITING)))


def at_point(db: sa.Connection, branch_id: str, service_point: str) -> Ticket | None:
    """The ticket that a service point is busy with."""
    return _one(
        db,
        sa.and_(
            ticket.c.branch_id == branch_id,
            ticket.c.service_point == service_point,
            ticket.c.state.in_(_AT_POINT),
        ),
    )


def last_called(db: sa.Connection, branch_id: str, day: date, most: int) -> list[Ticket]:
    """The newest calls of a day, newest first."""
    rows = db.execute(
        sa.select(*_TICKET_FIELDS)
        .where(ticket.c.branch_id == branch_id, ticket.c.business_day == day, ticket.c.called_at.is_not(None))
        .order_by(ticket.c.called_at.desc())
        .limit(most)
    )
    return [_ticket(row) for row in rows]


def save_call(db: sa.Connection, called: Ticket, choice: Choice, rule_version: str) -> None:
    """Why this ticket: who else could have been called, and by which rule."""
    candidates = [{"number": each.number, "waited_s": each.waited_s} for each in choice.candidates]
    db.execute(
        ticket_call.insert().values(
            ticket_id=called.id,
            call_no=called.call_count,
            at=called.called_at,
            service_point=called.service_point,
            staff_id=called.staff_id,
            rule_version=rule_version,
            reason=choice.reason,
            candidates=candidates,
        )
    )


def numbering_faults(db: sa.Connection) -> list[str]:
    """Series whose numbers are not 1 to n, each once, as their counter says."""
    found = []
    counters = {
        (row.branch_id, row.business_day, row.series): row.last for row in db.execute(sa.select(ticket_counter))
    }
    rows = db.execute(
        sa.select(
            ticket.c.branch_id,
            ticket.c.business_day,
            ticket.c.series,
            sa.func.count().label("issued"),
            sa.func.count(sa.distinct(ticket.c.ordinal)).label("different"),
            sa.func.max(ticket.c.ordinal).label("highest"),
        ).group_by(ticket.c.branch_id, ticket.c.business_day, ticket.c.series)
    )
    for row in rows:
        last = counters.pop((row.branch_id, row.business_day, row.series), 0)
        if not row.issued == row.different == row.highest == last:
            found.append(
                f"numbering {row.branch_id} {row.business_day} {row.series}: "
                f"{row.issued} tickets up to {row.highest}, counter at {last}"
            )
    return found + [f"numbering {' '.join(map(str, series))}: a counter without tickets" for series in counters]


def single_call_faults(db: sa.Connection) -> list[str]:
    """Tickets whose calls are not 1 to n, and points that are busy with two tickets."""
    calls = sa.select(ticket_call.c.ticket_id, sa.func.count().label("n")).group_by(ticket_call.c.ticket_id)
    counted = calls.subquery()
    wrong = db.execute(
        sa.select(ticket.c.id, ticket.c.call_count, counted.c.n)
        .outerjoin(counted, counted.c.ticket_id == ticket.c.id)
        .where(ticket.c.call_count != sa.func.coalesce(counted.c.n, 0))
    )
    found = [f"single_call {row.id}: {row.n} calls stored, {row.call_count} counted" for row in wrong]
    doubled = db.execute(
        sa.select(ticket.c.branch_id, ticket.c.service_point)
        .where(ticket.c.state.in_(_AT_POINT))
        .group_by(ticket.c.branch_id, ticket.c.service_point)
        .having(sa.func.count() > 1)
    )
    return found + [f"single_call {row.branch_id} {row.service_point}: two tickets at once" for row in doubled]


_LIVE = [str(each) for each in TicketState if not each.is_over]
_AT_POINT = [str(each) for each in TicketState if each.is_at_point]


def _one(db: sa.Connection, which: sa.ColumnElement[bool]) -> Ticket | None:
    row = db.execute(sa.select(*_TICKET_FIELDS).where(which)).one_or_none()
    return _ticket(row) if row else None


def _many(db: sa.Connection, which: sa.ColumnElement[bool]) -> list[Ticket]:
    rows = db.execute(sa.select(*_TICKET_FIELDS).where(which).order_by(ticket.c.arrived_at, ticket.c.id))
    return [_ticket(row) for row in rows]


def _ticket(row: sa.Row[Any]) -> Ticket:
    fields = dict(row._mapping)
    return Ticket(**{**fields, "state": TicketState(fields["state"])})


def _fields(of: Ticket) -> dict[str, Any]:
    return {column.name: getattr(of, column.name) for column in _TICKET_FIELDS} | {"state": str(of.state)}


def _queue(row: sa.Row[Any]) -> Queue:
    policy = QueuePolicy(row.discipline, row.version, row.overtake_cap)
    waits = {name: Waits(*figures) for name, figures in row.waits.items()}
    return Queue(row.branch_id, row.business_day, policy, waits)


def calls_between(db: sa.Connection, branch_id: str, start: datetime, end: datetime) -> list[sa.Row[Any]]:
    """The stored reasons of the calls in a span, oldest first."""
    return list(
        db.execute(
            sa.select(ticket_call)
            .join(ticket, ticket.c.id == ticket_call.c.ticket_id)
            .where(ticket.c.branch_id == branch_id, ticket_call.c.at >= start, ticket_call.c.at < end)
            .order_by(ticket_call.c.at)
        )
    )


def add_forecast(db: sa.Connection, ticket_id: str, told: Waits, announced_at: datetime) -> None:
    """What the customer was told when the ticket was issued."""
    db.execute(
        wait_forecast.insert().values(
            ticket_id=ticket_id, p10_s=told.p10_s, p50_s=told.p50_s, p90_s=told.p90_s, announced_at=announced_at
        )
    )


def coverage(db: sa.Connection, branch_id: str, start: date, end: date) -> list[Coverage]:
    """How honest the waits were, per class and ISO week, of the business days from `start` up to before `end`.

    The wait that happened runs from the announcement to the ticket's first call.
    """
    rows = db.execute(
        sa.select(
            ticket.c.ticket_class,
            ticket.c.business_day,
            wait_forecast.c.p10_s,
            wait_forecast.c.p50_s,
            wait_forecast.c.p90_s,
            wait_forecast.c.announced_at,
            ticket_call.c.at,
        )
        .join(ticket, ticket.c.id == wait_forecast.c.ticket_id)
        .join(ticket_call, sa.and_(ticket_call.c.ticket_id == ticket.c.id, ticket_call.c.call_no == 1))
        .where(ticket.c.branch_id == branch_id, ticket.c.business_day >= start, ticket.c.business_day < end)
    )
    return coverage_of(
        Outcome(
            ticket_class=row.ticket_class,
            business_day=row.business_day,
            told=Waits(row.p10_s, row.p50_s, row.p90_s),
            waited_s=max(0.0, (row.at - row.announced_at).total_seconds()),
        )
        for row in rows
    )
