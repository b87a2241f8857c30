"""Queries about tickets that a kiosk numbered by itself."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from lobby_server.kernel.database import insert_into
from lobby_server.queue.tables import ticket, ticket_counter


def is_visits_number(db: sa.Connection, visit_id: str, series: str, ordinal: int) -> bool:
    """Whether a visit has or had the ticket of this number."""
    mine = (ticket.c.visit_id == visit_id, ticket.c.series == series, ticket.c.ordinal == ordinal)
    return db.scalar(sa.select(ticket.c.id).where(*mine)) is not None


def is_taken(db: sa.Connection, branch_id: str, day: date, series: str, ordinal: int) -> bool:
    """Whether somebody has this number on this day."""
    number = (
        ticket.c.branch_id == branch_id,
        ticket.c.business_day == day,
        ticket.c.series == series,
        ticket.c.ordinal == ordinal,
    )
    return db.scalar(sa.select(ticket.c.id).where(*number)) is not None


def count_up_to(db: sa.Connection, branch_id: str, day: date, series: str, ordinal: int) -> None:
    """A series has come to this number; its counter never goes back."""
    last = sa.case((ticket_counter.c.last < ordinal, ordinal), else_=ticket_counter.c.last)
    db.execute(
        insert_into(db, ticket_counter)
        .values(branch_id=branch_id, business_day=day, series=series, last=ordinal)
        .on_conflict_do_update(index_elements=["branch_id", "business_day", "series"], set_={"last": last})
    )
