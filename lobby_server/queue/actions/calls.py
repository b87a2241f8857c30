"""What may happen at a point out of the ordinary: a call by hand, a recall, a no-show, parking, what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lobby_server.branch.rules import ServiceType
from lobby_server.kernel.errors import Conflict, Invalid, NotFound
from lobby_server.kernel.work import Work
from lobby_server.queue import store
from lobby_server.queue.actions import (
    AtPoint,
    Issued,
    IssueTicket,
    call_chosen,
    callable_at,
    circumstances_of,
    find_point,
    finish_service,
    in_hand,
    issue_ticket,
    move,
    my_point,
    refuse_with_ticket_in_hand,
)
from lobby_server.queue.discipline import choose_by_hand
from lobby_server.queue.events import TicketFinished, TicketMissed, TicketParked, TicketRecalled, TicketTransferred
from lobby_server.queue.rules import RECALLS_BEFORE_NO_SHOW, REENTRY_LIVES, Ticket, TicketState, recall_wait_s

REENTRY_ENDS = "queue.reentry_ends"

# A ticket that goes back into the line is at no point any more; who had it is in the audit and in its calls.
AT_NO_POINT: dict[str, Any] = {"service_point": None, "staff_id": None, "called_at": None, "started_at": None}


@dataclass(frozen=True)
class CallByHand:
    """A ticket that a colleague takes against the rule, and why in their own words."""

    service_point: str
    ticket_id: str
    reason: str


def call_by_hand(work: Work, request: CallByHand) -> Ticket:
    """Call a waiting ticket whatever the rule says; whom it overtakes is counted apart, shown and reported.

    It may be one that the point does not serve. Raises NotFound("ticket"), Conflict("changed") with its state
    unless it waits, Conflict("ticket_in_hand").
    """
    queue = store.lock_queue(work.db, work.actor.branch_id)
    point = my_point(work, request.service_point)
    refuse_with_ticket_in_hand(work, request.service_point)
    ticket = store.find(work.db, queue.branch_id, request.ticket_id)
    if ticket is None:
        raise NotFound("ticket")
    if ticket.state is not TicketState.WAITING:
        raise Conflict("changed", state=str(ticket.state))
    where = circumstances_of(work, queue, point)
    choice = choose_by_hand(queue.policy, callable_at(work, point), ticket, work.now, where)
    return call_chosen(work, queue, point, choice, request.reason)


def recall(work: Work, request: AtPoint) -> Ticket:
    """Call the same customer again, half a minute after the last time at the earliest.

    Raises Conflict("too_soon") with the seconds to wait, Conflict("changed") with the ticket's state.
    """
    ticket = in_hand(work, request)
    wait_s = recall_wait_s(ticket, work.now)
    if ticket.state is TicketState.CALLED and wait_s:
        raise Conflict("too_soon", wait_s=wait_s)
    return move(work, ticket, "recall", TicketRecalled, recall_count=ticket.recall_count + 1, recalled_at=work.now)


def no_show(work: Work, request: AtPoint) -> Ticket:
    """They did not come; for 30 minutes they may come back to a new place, then the ticket ends.

    Raises Conflict("recall_first") before two recalls, Conflict("changed") with the ticket's state.
    """
    ticket = in_hand(work, request)
    if ticket.state is TicketState.CALLED and ticket.recall_count < RECALLS_BEFORE_NO_SHOW:
        raise Conflict("recall_first", recall_count=ticket.recall_count, needed=RECALLS_BEFORE_NO_SHOW)
    missed = move(work, ticket, "miss", TicketMissed, missed_at=work.now)
    work.due(missed.branch_id, work.now + REENTRY_LIVES, REENTRY_ENDS, missed.id)
    return missed


def park(work: Work, request: AtPoint) -> Ticket:
    """Set a ticket aside (a form to fill in, a colleague to ask); it keeps its place and its count.

    Raises Conflict("changed") with the ticket's state.
    """
    return move(work, in_hand(work, request), "park", TicketParked, **AT_NO_POINT)


@dataclass(frozen=True)
class FinishStep:
    """A step that ends, and the service with which the visit goes on, if it does."""

    at: AtPoint
    next_service_type: ServiceType | None


@dataclass(frozen=True)
class Finished:
    """The finished ticket, and that of the next step."""

    ticket: Ticket
    following: Issued | None


def finish_step(work: Work, request: FinishStep) -> Finished:
    """The customer has been served; a next step gives them a ticket with a new place, from now on.

    Raises Conflict("changed") with the ticket's state, Unavailable("series_full").
    """
    following = request.next_service_type
    if following is None:
        return Finished(finish_service(work, request.at), None)
    ticket = move(
        work,
        in_hand(work, request.at),
        "finish",
        lambda branch_id, ticket: TicketFinished(branch_id, ticket, following.code),
        finished_at=work.now,
    )
    step = IssueTicket(
        branch_id=ticket.branch_id,
        visit_id=ticket.visit_id,
        service_type=following,
        service_level=ticket.service_level,
        language=ticket.language,
        arrived_at=ticket.arrived_at,
        placed_at=work.now,
    )
    return Finished(ticket, issue_ticket(work, step))


@dataclass(frozen=True)
class Transfer:
    """Where a ticket goes on: to whoever serves a service type, or to one point alone. One of the two is None."""

    at: AtPoint
    service_type: ServiceType | None
    service_point: str | None


def transfer(work: Work, request: Transfer) -> Ticket:
    """Send a ticket on; it waits there at its old place and with its old count.

    Raises Invalid("transfer_to_one") unless exactly one destination is named, Invalid("same_service_point"),
    NotFound("service_point"), Invalid("no_person_works_there"), Conflict("changed") with the ticket's state.
    """
    ticket = in_hand(work, request.at)
    if (request.service_type is None) == (request.service_point is None):
        raise Invalid("transfer_to_one")
    onward: dict[str, Any]
    if request.service_type is not None:
        service = request.service_type
        onward = {"service_type": service.code, "ticket_class": service.ticket_class, "only_at": None}
    else:
        onward = {"only_at": _other_point(work, request)}
    return move(work, ticket, "transfer", TicketTransferred, **AT_NO_POINT, **onward)


def _other_point(work: Work, request: Transfer) -> str:
    assert request.service_point is not None
    if request.service_point == request.at.service_point:
        raise Invalid("same_service_point")
    return find_point(work, request.service_point).code
