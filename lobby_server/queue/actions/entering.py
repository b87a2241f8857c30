"""A ticket that a kiosk gave while we were away enters the queue with the number that stands on its paper."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from lobby_server.kernel.work import Work
from lobby_server.queue import store
from lobby_server.queue.actions import KEY_PURPOSE, IssueTicket
from lobby_server.queue.actions.standing import settle_ticket
from lobby_server.queue.events import TicketIssued
from lobby_server.queue.rules import Ticket, TicketState
from lobby_server.queue.store import own_series


@dataclass(frozen=True)
class EnterTicket:
    """A place in the queue, and its number: `series` K02- and `ordinal` 17 are K02-017 of that day."""

    place: IssueTicket
    business_day: date
    series: str
    ordinal: int


def enter_ticket(work: Work, request: EnterTicket, *, is_past: bool) -> Ticket:
    """Take the ticket over; one of a past day is over at once, and no screen hears of it.

    Whoever calls has looked that the number is free. Nothing was promised on the paper; the branch's cap holds all the
    same, and counts from now on.
    """
    queue = store.lock_queue(work.db, request.place.branch_id)
    place = request.place
    ticket = Ticket(
        id=work.ids.new_id(),
        branch_id=place.branch_id,
        business_day=request.business_day,
        series=request.series,
        ordinal=request.ordinal,
        visit_id=place.visit_id,
        service_type=place.service_type.code,
        ticket_class=place.service_type.ticket_class,
        service_level=place.service_level,
        language=place.language,
        overtake_cap=queue.policy.overtake_cap,
        state=TicketState.CANCELLED if is_past else TicketState.WAITING,
        arrived_at=place.arrived_at,
        issued_at=place.arrived_at,
        placed_at=place.arrived_at,
        finished_at=work.now if is_past else None,
    )
    own_series.count_up_to(work.db, ticket.branch_id, ticket.business_day, ticket.series, ticket.ordinal)
    # Nobody holds the secret of its page: the paper carries no code.
    store.add(work.db, ticket, work.keys.index(work.ids.secret(), KEY_PURPOSE))
    work.audit("expire_ticket" if is_past else "enter_ticket", ticket.id, number=ticket.number)
    if not is_past:
        work.record(TicketIssued(ticket.branch_id, ticket))
        settle_ticket(work, ticket)
    return ticket
