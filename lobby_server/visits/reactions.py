"""What a visit does when its ticket moves or its machine is lost, and who is called when it does."""

from __future__ import annotations

from lobby_server.appointments import actions as appointments
from lobby_server.branch.events import DeviceLost
from lobby_server.kernel.work import Reactions, Work
from lobby_server.queue.events import (
    QueueChanged,
    TicketCancelled,
    TicketFinished,
    TicketIssued,
    TicketParked,
    TicketRated,
    TicketResumed,
    TicketStarted,
    TicketTransferred,
)
from lobby_server.queue.rules import Ticket
from lobby_server.visits import actions, store
from lobby_server.visits.actions import alerts, machines, sending
from lobby_server.visits.alerts import LOW_RATING_STARS_MAX, MET_ON_ARRIVAL
from lobby_server.visits.events import VisitArrived, VisitClaimed, VisitLeft, VisitServed
from lobby_server.visits.rules import AlertKind


def on_ticket_started(work: Work, happened: TicketStarted) -> None:
    """The customer sits down."""
    sending.sit_down(work, happened.ticket)
    appointments.keep_of_visit(work, happened.ticket.visit_id)


def on_ticket_finished(work: Work, happened: TicketFinished) -> None:
    """Served, and gone; with a next step the visit goes on with the ticket that is issued for it."""
    if happened.next_service_type is not None:
        sending.step_done(work, happened.ticket)
    else:
        _leave(work, happened.ticket, "served")


def on_ticket_back_in_line(work: Work, happened: TicketIssued | TicketParked | TicketTransferred) -> None:
    """They sat down, and wait again. The first ticket finds a visit that is not routed yet: nothing to do."""
    sending.back_in_line(work, happened.ticket)


def on_ticket_resumed(work: Work, happened: TicketResumed) -> None:
    """Back in line; if it was held for a machine, they are there no longer."""
    machines.take_up_with(work, happened.ticket)


def on_device_lost(work: Work, happened: DeviceLost) -> None:
    """A machine fell silent: whoever was sent there is back in line."""
    if happened.service_point is not None:
        machines.lose_machine(work, happened.branch_id, happened.service_point)


def on_ticket_cancelled(work: Work, happened: TicketCancelled) -> None:
    """Gave the place up, or missed the call and did not come back in time: gone."""
    because = "cancelled" if happened.ticket.missed_at is None else "no_show"
    _leave(work, happened.ticket, because)


def _leave(work: Work, ticket: Ticket, because: str) -> None:
    """Leave with the ticket, unless the visit has left before it, or taken its choice of it back."""
    visit = store.lock(work.db, ticket.branch_id, ticket.visit_id)
    if visit is not None and visit.left_at is None and visit.ticket_id == ticket.id:
        actions.leave(work, visit, because)


def on_visit_arrived(work: Work, happened: VisitArrived) -> None:
    """Who is to be met at the door: VIPs, appointments, and those who need a hand."""
    visit = happened.visit
    if visit.service_level in MET_ON_ARRIVAL:
        alerts.raise_arrival(work, visit, str(visit.service_level))


def on_visit_claimed(work: Work, happened: VisitClaimed) -> None:
    """Whoever takes the visit answers its alerts."""
    alerts.acknowledge_of_visit(work, happened.visit.id)


def on_visit_over(work: Work, happened: VisitServed | VisitLeft) -> None:
    """Nobody need come any more."""
    alerts.end_of_visit(work, happened.visit.id)


def on_queue_changed(work: Work, happened: QueueChanged) -> None:
    """A ticket that no open point serves is an alarm at once."""
    alerts.watch_unserved(work, happened.branch_id, happened.standing.unserved)


def on_ticket_rated(work: Work, happened: TicketRated) -> None:
    """A bad rating goes to the branch head within a quarter of an hour."""
    ticket = happened.ticket
    if happened.stars <= LOW_RATING_STARS_MAX:
        facts = {"stars": happened.stars, "number": ticket.number}
        alerts.raise_alert(
            work,
            alerts.RaiseAlert(
                branch_id=ticket.branch_id,
                kind=AlertKind.LOW_RATING,
                about=ticket.id,
                ticket_id=ticket.id,
                service_point=ticket.service_point,
                facts=facts,
            ),
        )


REACTIONS: Reactions = {
    VisitArrived: (on_visit_arrived,),
    VisitClaimed: (on_visit_claimed,),
    VisitServed: (on_visit_over,),
    VisitLeft: (on_visit_over,),
    QueueChanged: (on_queue_changed,),
    TicketRated: (on_ticket_rated,),
    DeviceLost: (on_device_lost,),
    TicketStarted: (on_ticket_started,),
    TicketFinished: (on_ticket_finished,),
    TicketIssued: (on_ticket_back_in_line,),
    TicketParked: (on_ticket_back_in_line,),
    TicketTransferred: (on_ticket_back_in_line,),
    TicketResumed: (on_ticket_resumed,),
    TicketCancelled: (on_ticket_cancelled,),
}
