"""What may happen to a ticket that is at no point: it comes back, its holder delays or cancels it, its time ends."""

from __future__ import annotations

from typing import Any

from lobby_server.kernel.errors import Conflict, NotFound
from lobby_server.kernel.work import Work
from lobby_server.queue import store
from lobby_server.queue.actions import KEY_PURPOSE, move
from lobby_server.queue.actions.calls import AT_NO_POINT, REENTRY_ENDS
from lobby_server.queue.events import TicketCancelled, TicketDelayed, TicketResumed
from lobby_server.queue.rules import DELAY_LASTS, DELAYS_MAX, REENTRY_LIVES, Ticket, TicketState

DELAY_ENDS = "queue.delay_ends"


def resume(work: Work, ticket_id: str) -> Ticket:
    """Put a parked, delayed or missed ticket back in line.

    Parked and delayed ones have kept their place and count. A no-show gets a new place, now, with nothing
    counted yet, within 30 minutes. Raises NotFound("ticket"), Conflict("too_late") after that,
    Conflict("changed") with the ticket's state.
    """
    store.lock_queue(work.db, work.actor.branch_id)
    ticket = store.find(work.db, work.actor.branch_id, ticket_id)
    if ticket is None:
        raise NotFound("ticket")
    return _back_in_line(work, ticket)


def _back_in_line(work: Work, ticket: Ticket) -> Ticket:
    _nothing_due(work, ticket)
    place = _new_place(work, ticket) if ticket.state is TicketState.MISSED else {}
    return move(work, ticket, "resume", TicketResumed, **AT_NO_POINT, **place)


def _new_place(work: Work, ticket: Ticket) -> dict[str, Any]:
    assert ticket.missed_at is not None
    if work.now - ticket.missed_at > REENTRY_LIVES:
        raise Conflict("too_late")
    return {
        "placed_at": work.now,
        "place_no": ticket.place_no + 1,
        "overtaken_auto": 0,
        "overtaken_manual": 0,
        "missed_at": None,
    }


def _nothing_due(work: Work, ticket: Ticket) -> None:
    work.no_longer_due(DELAY_ENDS, ticket.id)
    work.no_longer_due(REENTRY_ENDS, ticket.id)


def delay_by_holder(work: Work, ticket_key: str) -> Ticket:
    """Let others go first for ten minutes; the place and the count are kept. Asking again changes nothing.

    Raises NotFound("ticket"), Conflict("no_more_delays") after the third, Conflict("changed") with the ticket's state
    unless it waits.
    """
    ticket = _of_key(work, ticket_key)
    if ticket.state is TicketState.DELAYED:
        return ticket
    if ticket.state is TicketState.WAITING and ticket.delay_count >= DELAYS_MAX:
        raise Conflict("no_more_delays", most=DELAYS_MAX)
    delayed = move(work, ticket, "delay", TicketDelayed, delay_count=ticket.delay_count + 1)
    work.due(ticket.branch_id, work.now + DELAY_LASTS, DELAY_ENDS, ticket.id)
    return delayed


def cancel_by_holder(work: Work, ticket_key: str) -> Ticket:
    """Give the place up. Asking again changes nothing.

    Raises NotFound("ticket"), Conflict("changed") with the ticket's state once they are being served.
    """
    ticket = _of_key(work, ticket_key)
    if ticket.state is TicketState.CANCELLED:
        return ticket
    return _cancel(work, ticket)


def end_delay(work: Work, ticket_id: str) -> None:
    """The ten minutes are over: back in line at the same place."""
    store.lock_queue(work.db, work.actor.branch_id)
    ticket = store.find(work.db, work.actor.branch_id, ticket_id)
    if ticket is not None and ticket.state is TicketState.DELAYED:
        _back_in_line(work, ticket)


def end_reentry(work: Work, ticket_id: str) -> None:
    """Half an hour after a no-show nobody has come back: the ticket ends."""
    store.lock_queue(work.db, work.actor.branch_id)
    ticket = store.find(work.db, work.actor.branch_id, ticket_id)
    if ticket is not None and ticket.state is TicketState.MISSED:
        _cancel(work, ticket)


def _cancel(work: Work, ticket: Ticket) -> Ticket:
    _nothing_due(work, ticket)
    return move(work, ticket, "cancel", TicketCancelled, finished_at=work.now)


def _of_key(work: Work, ticket_key: str) -> Ticket:
    """The holder's ticket, its branch's queue taken first: only the row read after that counts."""
    key_index = work.keys.index(ticket_key, KEY_PURPOSE)
    ticket = store.find_by_key(work.db, key_index)
    if ticket is None:
        raise NotFound("ticket")
    store.lock_queue(work.db, ticket.branch_id)
    current = store.find_by_key(work.db, key_index)
    assert current is not None
    return current
