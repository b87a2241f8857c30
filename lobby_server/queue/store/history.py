"""What the last days were like, asked of the tickets themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from lobby_server.kernel.tables import event
from lobby_server.queue.events import ServicePointClosed, ServicePointOpened
from lobby_server.queue.rules import TicketState, Usual
from lobby_server.queue.tables import ticket
from lobby_server.queue.what_if import Came, Span

USUAL_DAYS = 14  # two weeks hold each weekday twice and forget last month


def usual(db: sa.Connection, branch_id: str, today: date, now: datetime, timezone: str) -> Usual:
    """Arrivals a hour at this hour of the day, by class and level, and how often a waiting customer leaves silently.

    Over the days before `today`, of the last two weeks, on which tickets were taken. Silent leavers are those who were
    called and never came; the rate is theirs divided by all the hours that those waited who were called.
    """
    columns = ticket.c
    rows = db.execute(
        sa.select(
            columns.business_day,
            columns.ticket_class,
            columns.service_level,
            columns.issued_at,
            columns.placed_at,
            columns.called_at,
            columns.missed_at,
            columns.state,
        ).where(
            columns.branch_id == branch_id,
            columns.business_day >= today - timedelta(days=USUAL_DAYS),
            columns.business_day < today,
        )
    ).all()
    zone = ZoneInfo(timezone)
    hour = now.astimezone(zone).hour
    days = len({row.business_day for row in rows})
    arrived = Counter(
        (row.ticket_class, row.service_level) for row in rows if row.issued_at.astimezone(zone).hour == hour
    )
    waited_h = sum(_waited_h(row.placed_at, row.called_at) for row in rows)
    never_came = sum(row.missed_at is not None and row.state != str(TicketState.FINISHED) for row in rows)
    return Usual(
        arrivals_per_h={key: count / days for key, count in sorted(arrived.items())},
        leavers_per_h=never_came / waited_h if waited_h > 0 else 0.0,
    )


def _waited_h(placed_at: datetime | None, called_at: datetime | None) -> float:
    return max(0.0, (called_at - placed_at) / timedelta(hours=1)) if placed_at and called_at else 0.0


def came_on(db: sa.Connection, branch_id: str, day: date) -> tuple[Came, ...]:
    """Everybody who was called on a business day, in order of place. Who still sits there is not over, and left out."""
    columns = ticket.c
    rows = db.execute(
        sa.select(ticket)
        .where(columns.branch_id == branch_id, columns.business_day == day, columns.called_at.is_not(None))
        .where(columns.finished_at.is_not(None) | columns.missed_at.is_not(None))
        .order_by(columns.placed_at, columns.id)
    )
    return tuple(
        Came(
            ticket_id=row.id,
            waits_for=row.ticket_class if row.only_at is None else f"@{row.only_at}",
            level=row.service_level,
            placed_at=row.placed_at,
            called_at=row.called_at,
            served_s=None if row.started_at is None else max(0.0, (row.finished_at - row.called_at).total_seconds()),
            cap=row.overtake_cap,
            overtaken=row.overtaken_auto,
        )
        for row in rows
    )


def spans_between(db: sa.Connection, branch_id: str, start: datetime, end: datetime) -> tuple[Span, ...]:
    """When each point was open between two moments, as the event log tells; who is still open is open until `end`."""
    kinds = (ServicePointOpened.type, ServicePointClosed.type)
    rows = db.execute(
        sa.select(event.c.type, event.c.at, event.c.data)
        .where(event.c.branch_id == branch_id, event.c.type.in_(kinds), event.c.at >= start, event.c.at < end)
        .order_by(event.c.seq)
    )
    begun: dict[str, tuple[datetime, Mapping[str, Any]]] = {}
    found = []
    for row in rows:
        if row.type == ServicePointOpened.type:
            begun[row.data["code"]] = (row.at, row.data)
        elif row.data["code"] in begun:
            opened_at, _ = begun.pop(row.data["code"])
            found.append(_span(row.data, opened_at, row.at))
    found += [_span(data, opened_at, end) for opened_at, data in begun.values()]
    return tuple(sorted(found, key=lambda each: (each.opened_at, each.point)))


def _span(data: Mapping[str, Any], opened_at: datetime, closed_at: datetime) -> Span:
    return Span(data["code"], tuple(data["serves"]), data["kind"] == "window", opened_at, closed_at)


def last_day_before(db: sa.Connection, branch_id: str, today: date) -> date | None:
    """The newest business day before `today` on which anybody took a ticket."""
    mine = sa.and_(ticket.c.branch_id == branch_id, ticket.c.business_day < today)
    newest: date | None = db.scalar(sa.select(sa.func.max(ticket.c.business_day)).where(mine))
    return newest
