"""What a visit does when its ticket moves."""

from __future__ import annotations

from lobby_server.kernel.work import Reactions, Work
from lobby_server.queue.events import (
    TicketCancelled,
    TicketFinished,
    TicketIssued,
    TicketParked,
    TicketStarted,
    TicketTransferred,
)
from lobby_server.visits import actions, store
from lobby_server.visits.actions import sending


def on_ticket_started(work: Work, happened: TicketStarted) -> None:
    """The customer sits down."""
    sending.sit_down(work, happened.ticket)


def on_ticket_finished(work: Work, happened: TicketFinished) -> None:
    """Served, and gone; with a next step the visit goes on with the ticket that is issued for it."""
    if happened.next_service_type is None:
        _leave(work, happened.ticket.branch_id, happened.ticket.visit_id, "served")


def on_ticket_back_in_line(work: Work, happened: TicketIssued | TicketParked | TicketTransferred) -> None:
    """They sat down, and wait again. The first ticket finds a visit that is not routed yet: nothing to do."""
    sending.back_in_line(work, happened.ticket)


def on_ticket_cancelled(work: Work, happened: TicketCancelled) -> None:
    """Gave the place up, or missed the call and did not come back in time: gone."""
    because = "cancelled" if happened.ticket.missed_at is None else "missed"
    _leave(work, happened.ticket.branch_id, happened.ticket.visit_id, because)


def _leave(work: Work, branch_id: str, visit_id: str, because: str) -> None:
    visit = store.lock(work.db, branch_id, visit_id)
    if visit is not None and visit.left_at is None:
        actions.leave(work, visit, because)


REACTIONS: Reactions = {
    TicketStarted: (on_ticket_started,),
    TicketFinished: (on_ticket_finished,),
    TicketIssued: (on_ticket_back_in_line,),
    TicketParked: (on_ticket_back_in_line,),
    TicketTransferred: (on_ticket_back_in_line,),
    TicketCancelled: (on_ticket_cancelled,),
}
