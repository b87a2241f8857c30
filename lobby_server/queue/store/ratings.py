"""Every query about ratings."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from lobby_server.queue.tables import ticket, ticket_rating


def add(db: sa.Connection, ticket_id: str, stars: int, note_sealed: bytes | None, at: datetime) -> None:
    """A ticket's rating."""
    db.execute(ticket_rating.insert().values(ticket_id=ticket_id, stars=stars, note_sealed=note_sealed, at=at))


def forget_notes(db: sa.Connection, visit_ids: Collection[str]) -> None:
    """Take away the words of whoever was on these visits; the stars stay."""
    theirs = sa.select(ticket.c.id).where(ticket.c.visit_id.in_(sorted(visit_ids)))
    db.execute(ticket_rating.update().where(ticket_rating.c.ticket_id.in_(theirs)).values(note_sealed=None))


def stars_of(db: sa.Connection, ticket_id: str) -> int | None:
    """The stars that a ticket was given, None before it was rated."""
    return db.scalar(sa.select(ticket_rating.c.stars).where(ticket_rating.c.ticket_id == ticket_id))


def sealed_notes(db: sa.Connection, ticket_ids: Collection[str]) -> dict[str, bytes]:
    """The customers' own words, sealed, of the tickets that have some."""
    mine = sa.and_(ticket_rating.c.ticket_id.in_(sorted(ticket_ids)), ticket_rating.c.note_sealed.is_not(None))
    rows = db.execute(sa.select(ticket_rating.c.ticket_id, ticket_rating.c.note_sealed).where(mine))
    return {row.ticket_id: row.note_sealed for row in rows}
