"""What a visit does when its ticket moves or its machine is lost, and who is called when it does."""

from __future__ import annotations

from lobby_server.appointments import actions as appointments
from lobby_server.branch.events import DeviceFound, DeviceLost, DevicePaperChanged, DeviceRevoked
from lobby_server.kernel.work import Reactions, Work
from lobby_server.queue.actions.standing import settle
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
from lobby_server.visits.alerts import FAILED_BY_MACHINE, LOW_RATING_STARS_MAX, MET_ON_ARRIVAL, WATCHED_DEVICES
from lobby_server.visits.events import (
    VisitArrived,
    VisitChanged,
    VisitClaimed,
    VisitGreeted,
    VisitLeft,
    VisitReturned,
    VisitServed,
)
from lobby_server.visits.rules import SERVED, AlertKind, VisitState


def on_ticket_started(work: Work, happened: TicketStarted) -> None:
    """The customer sits down."""
    sending.sit_down(work, happened.ticket)


def on_ticket_finished(work: Work, happened: TicketFinished) -> None:
    """Served, and gone; with a next step the visit goes on with the ticket that is issued for it."""
    if happened.next_service_type is not None:
        sending.step_done(work, happened.ticket)
    else:
        _leave(work, happened.ticket, SERVED)


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


def on_visit_changed(work: Work, happened: VisitChanged) -> None:
    """Raised to a level at which they are to be met; or back again, when that was undone."""
    visit = happened.visit
    if visit.service_level not in MET_ON_ARRIVAL:
        alerts.end_about(work, visit.branch_id, AlertKind.ARRIVAL, visit.id, "level_lowered")
    elif visit.state in (VisitState.ARRIVED, VisitState.ROUTED):
        alerts.raise_arrival(work, visit, "raised_level")


def on_visit_let_go(work: Work, happened: VisitChanged) -> None:
    """A claim or greeting that was undone answers nothing, unless they still take care by the other."""
    visit = happened.visit
    if happened.undone in ("claim", "greet") and visit.claim is None and visit.greeted_by is None:
        alerts.ask_again_of_visit(work, visit.id)


def on_visit_returned(work: Work, happened: VisitReturned) -> None:
    """Back from a machine that failed them: a person is the better service now."""
    if happened.because in FAILED_BY_MACHINE:
        alerts.raise_machine_failed(work, happened.visit, happened.because)


def on_visit_taken(work: Work, happened: VisitClaimed | VisitGreeted) -> None:
    """Whoever takes the visit answers its alerts."""
    alerts.acknowledge_of_visit(work, happened.visit.id)


def on_visit_served(work: Work, happened: VisitServed) -> None:
    """At a point or a machine: an appointment on which they came is kept."""
    appointments.keep_of_visit(work, happened.visit.id)


def on_visit_over(work: Work, happened: VisitServed | VisitLeft) -> None:
    """Nobody need come any more."""
    alerts.end_of_visit(work, happened.visit.id)


def on_queue_changed(work: Work, happened: QueueChanged) -> None:
    """A ticket that no open point serves is an alarm at once, and so is a hall in which too many wait."""
    alerts.watch_unserved(work, happened.branch_id, happened.standing.unserved)
    alerts.watch_crowd(work, happened.branch_id, is_crowded=happened.standing.is_crowded)


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


def on_device_silent(work: Work, happened: DeviceLost) -> None:
    """A machine or kiosk that fell silent in the hall is to be looked after; a tablet may sleep."""
    if happened.kind in WATCHED_DEVICES:
        alerts.raise_device_fault(work, AlertKind.MACHINE_LOST, happened)


def on_device_heard(work: Work, happened: DeviceFound) -> None:
    """It is heard again."""
    alerts.end_about(work, happened.branch_id, AlertKind.MACHINE_LOST, happened.device_id, "heard_again")


def on_device_revoked(work: Work, happened: DeviceRevoked) -> None:
    """It is not ours any more."""
    for kind in (AlertKind.MACHINE_LOST, AlertKind.KIOSK_PAPER):
        alerts.end_about(work, happened.branch_id, kind, happened.device_id, "revoked")


def on_paper_changed(work: Work, happened: DevicePaperChanged) -> None:
    """Without paper a kiosk gives numbers on the screen only: somebody should bring some."""
    if happened.paper == "ok":
        alerts.end_about(work, happened.branch_id, AlertKind.KIOSK_PAPER, happened.device_id, "paper_ok")
    else:
        alerts.raise_device_fault(work, AlertKind.KIOSK_PAPER, happened, paper=happened.paper)


def on_devices_changed(work: Work, happened: DeviceLost | DeviceFound | DeviceRevoked) -> None:
    """Without a living kiosk or machine the queue is degraded: who is called next follows from it at once."""
    if happened.kind in WATCHED_DEVICES:
        settle(work, happened.branch_id)


REACTIONS: Reactions = {
    VisitArrived: (on_visit_arrived,),
    VisitChanged: (on_visit_changed, on_visit_let_go),
    VisitReturned: (on_visit_returned,),
    VisitClaimed: (on_visit_taken,),
    VisitGreeted: (on_visit_taken,),
    VisitServed: (on_visit_served, on_visit_over),
    VisitLeft: (on_visit_over,),
    QueueChanged: (on_queue_changed,),
    TicketRated: (on_ticket_rated,),
    DeviceLost: (on_device_lost, on_device_silent, on_devices_changed),
    DeviceFound: (on_device_heard, on_devices_changed),
    DeviceRevoked: (on_device_revoked, on_devices_changed),
    DevicePaperChanged: (on_paper_changed,),
    TicketStarted: (on_ticket_started,),
    TicketFinished: (on_ticket_finished,),
    TicketIssued: (on_ticket_back_in_line,),
    TicketParked: (on_ticket_back_in_line,),
    TicketTransferred: (on_ticket_back_in_line,),
    TicketResumed: (on_ticket_resumed,),
    TicketCancelled: (on_ticket_cancelled,),
}
