"""What the last days were like, asked of the tickets themselves."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from lobby_server.queue.rules import TicketState, Usual
from lobby_server.queue.tables import ticket

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
