"""What a visit does when its ticket moves."""

from __future__ import annotations

from lobby_server.kernel.work import Reactions, Work
from lobby_server.queue.events import TicketCancelled, TicketFinished, TicketStarted
from lobby_server.visits import actions, store


def on_ticket_started(work: Work, happened: TicketStarted) -> None:
    """The customer sits down."""
    actions.sit_down(work, happened.ticket)


def on_ticket_finished(work: Work, happened: TicketFinished) -> None:
    """Served, and gone."""
    _leave(work, happened.ticket.branch_id, happened.ticket.visit_id, "served")


def on_ticket_cancelled(work: Work, happened: TicketCancelled) -> None:
    """Gave the place up, and is gone."""
    _leave(work, happened.ticket.branch_id, happened.ticket.visit_id, "cancelled")


def _leave(work: Work, branch_id: str, visit_id: str, because: str) -> None:
    visit = store.lock(work.db, branch_id, visit_id)
    if visit is not None and visit.left_at is None:
        actions.leave(work, visit, because)


REACTIONS: Reactions = {
    TicketStarted: (on_ticket_started,),
    TicketFinished: (on_ticket_finished,),
    TicketCancelled: (on_ticket_cancelled,),
}
