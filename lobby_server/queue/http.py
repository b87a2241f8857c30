"""The doors of windows and desks."""

from __future__ import annotations

from collections.abc import Callable

from lobby_server.branch.rules import ServicePoint
from lobby_server.doors.routes import Answer, Call, Door
from lobby_server.doors.who import RM, TELLER
from lobby_server.kernel.work import Work
from lobby_server.queue import actions, wire
from lobby_server.queue.events import PointEvent
from lobby_server.queue.rules import Ticket

door = Door("queue")
_WINDOW = {TELLER, RM}


def _point(work: Work, point: ServicePoint) -> wire.PointAnswer:
    data = wire.point_data(PointEvent(point.branch_id, point))
    who = wire.StaffSeen(staff_no=work.actor.number, name=work.actor.name) if point.is_open else None
    return wire.PointAnswer(service_point=wire.point_seen(data, who))


def _ticket(_work: Work, ticket: Ticket | None) -> wire.TicketAnswer | None:
    return wire.TicketAnswer(ticket=wire.ticket_seen(ticket)) if ticket else None


@door.command("/service-points/{code}/open", may=_WINDOW, gives=wire.PointAnswer)
def post_open(call: Call) -> Answer:
    """Begin to work at a service point."""
    return call.run(actions.open_service_point, call.path["code"], _point)


@door.command("/service-points/{code}/close", may=_WINDOW, gives=wire.PointAnswer)
def post_close(call: Call) -> Answer:
    """Stop working at a service point."""
    return call.run(actions.close_service_point, call.path["code"], _point)


@door.command("/service-points/{code}/call-next", may=_WINDOW, gives=wire.TicketAnswer, or_nothing=True)
def post_call_next(call: Call) -> Answer:
    """Call the next customer; 204 when none waits."""
    return call.run(actions.call_next, call.path["code"], _ticket)


@door.command("/service-points/{code}/start", may=_WINDOW, takes=wire.TicketAtPoint, gives=wire.TicketAnswer)
def post_start(call: Call) -> Answer:
    """The called customer is here."""
    return _at_point(call, actions.start_service)


@door.command("/service-points/{code}/finish", may=_WINDOW, takes=wire.TicketAtPoint, gives=wire.TicketAnswer)
def post_finish(call: Call) -> Answer:
    """The customer has been served."""
    return _at_point(call, actions.finish_service)


def _at_point(call: Call, action: Callable[[Work, actions.AtPoint], Ticket]) -> Answer:
    return call.run(action, actions.AtPoint(call.path["code"], call.body.ticket_id), _ticket)
