"""What a visit asks of its ticket: to be held while it is elsewhere, given up, served at another level.

Whoever asks holds the branch's queue already.
"""

from __future__ import annotations

from dataclasses import replace

from lobby_server.kernel.work import Work
from lobby_server.queue import store
from lobby_server.queue.actions import move
from lobby_server.queue.actions.calls import REENTRY_ENDS
from lobby_server.queue.actions.places import DELAY_ENDS
from lobby_server.queue.events import TicketCancelled, TicketChanged, TicketParked, TicketResumed
from lobby_server.queue.rules import Ticket


def hold(work: Work, ticket: Ticket) -> Ticket:
    """Set a ticket aside while its customer is at a machine: nobody calls it, and nothing counts against its cap.

    Raises Conflict("changed") with the ticket's state once it is called.
    """
    work.no_longer_due(DELAY_ENDS, ticket.id)
    return move(work, ticket, "hold", TicketParked)


def take_up(work: Work, ticket: Ticket) -> Ticket:
    """Put a held ticket back in line, at its place and with its counts."""
    return move(work, ticket, "resume", TicketResumed)


def give_up(work: Work, ticket: Ticket) -> Ticket:
    """Cancel the ticket of somebody who goes. Raises Conflict("changed") while they are being served."""
    work.no_longer_due(DELAY_ENDS, ticket.id)
    work.no_longer_due(REENTRY_ENDS, ticket.id)
    return move(work, ticket, "cancel", TicketCancelled, finished_at=work.now)


def reinstate(work: Work, ticket: Ticket) -> Ticket:
    """Take a cancellation back: in line again at the old place. While it was gone nothing was counted against it."""
    return move(work, ticket, "reinstate", TicketResumed, finished_at=None)


def serve_at_level(work: Work, ticket: Ticket, service_level: str) -> Ticket:
    """Let future calls weigh the ticket by another level.

    Its place, its cap and its counts stay; those whom it overtakes from now on are counted as ever, so that no
    number printed on anybody's ticket is broken by it.
    """
    changed = replace(ticket, service_level=service_level)
    store.save(work.db, changed)
    work.audit("serve_ticket_at_level", ticket.id, branch_id=ticket.branch_id, service_level=service_level)
    work.record(TicketChanged(ticket.branch_id, changed))
    return changed
