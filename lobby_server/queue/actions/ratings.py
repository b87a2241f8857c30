"""What a customer thought of it."""

from __future__ import annotations

from dataclasses import dataclass

from lobby_server.kernel.errors import Conflict, NotFound
from lobby_server.kernel.work import Work
from lobby_server.queue import store
from lobby_server.queue.actions import KEY_PURPOSE
from lobby_server.queue.events import TicketRated
from lobby_server.queue.rules import RATING_WITHIN, Ticket, TicketState
from lobby_server.queue.store import ratings

NOTE = "ticket_rating.note"


@dataclass(frozen=True)
class Rate:
    """One to five stars from whoever holds the ticket's key, and a few words if they like."""

    ticket_key: str
    stars: int
    note: str | None


def rate(work: Work, request: Rate) -> Ticket:
    """Take a ticket's rating, once, within two hours after it was finished. The same stars again change nothing.

    Raises NotFound("ticket"), Conflict("changed") with the ticket's state unless it is finished, Conflict("too_late"),
    Conflict("rated").
    """
    found = store.find_by_key(work.db, work.keys.index(request.ticket_key, KEY_PURPOSE))
    if found is None:
        raise NotFound("ticket")
    store.lock_queue(work.db, found.branch_id)
    ticket = store.find(work.db, found.branch_id, found.id)
    assert ticket is not None
    if ticket.state is not TicketState.FINISHED or ticket.finished_at is None:
        raise Conflict("changed", state=str(ticket.state))
    before = ratings.stars_of(work.db, ticket.id)
    if before is not None:
        if before == request.stars:
            return ticket
        raise Conflict("rated", stars=before)
    if work.now - ticket.finished_at > RATING_WITHIN:
        raise Conflict("too_late")
    note = work.keys.seal(request.note, NOTE) if request.note else None
    ratings.add(work.db, ticket.id, request.stars, note, work.now)
    work.audit("rate_ticket", ticket.id, branch_id=ticket.branch_id, stars=request.stars)
    work.record(TicketRated(ticket.branch_id, ticket, request.stars))
    return ticket
