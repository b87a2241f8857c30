"""The doors of windows and desks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial

from lobby_server.branch import store as branches
from lobby_server.branch.rules import ServicePoint, ServiceType
from lobby_server.doors.routes import Answer, Call, Door
from lobby_server.doors.who import ADMIN, HEAD, LOBBY_MANAGER, RM, STAFF, TELLER
from lobby_server.kernel.clock import business_day_of
from lobby_server.kernel.errors import Invalid, NotFound
from lobby_server.kernel.work import Work
from lobby_server.queue import actions, store, wire
from lobby_server.queue.actions import calls, places, policies
from lobby_server.queue.actions.waits import line_of
from lobby_server.queue.discipline import replay
from lobby_server.queue.events import PointEvent
from lobby_server.queue.rules import Ticket
from lobby_server.queue.what_if import ask
from lobby_server.queue.wire import policies as policy_wire

_WINDOW = {TELLER, RM}
COVERAGE_WEEKS = 8  # enough to see a change of the rule work, few enough to read at once


def queue_door(types: Mapping[str, ServiceType]) -> Door:
    """The doors; `types` are the service types that this branch group serves."""
    door = Door("queue")
    _points(door)
    _at_points(door)
    _onward(door, types)
    _tickets(door)
    _policy(door)
    _honesty(door)
    return door


def _points(door: Door) -> None:
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

    @door.command("/service-points/{code}/call", may=_WINDOW, takes=wire.HandCall, gives=wire.TicketAnswer)
    def post_call(call: Call) -> Answer:
        """Call one ticket by hand, with a reason; whom it passes is counted apart."""
        request = calls.CallByHand(call.path["code"], call.body.ticket_id, call.body.reason)
        return call.run(calls.call_by_hand, request, _ticket)


def _at_points(door: Door) -> None:
    @door.command("/service-points/{code}/start", may=_WINDOW, takes=wire.TicketAtPoint, gives=wire.TicketAnswer)
    def post_start(call: Call) -> Answer:
        """The called customer is here."""
        return _run_at_point(call, actions.start_service)

    @door.command("/service-points/{code}/recall", may=_WINDOW, takes=wire.TicketAtPoint, gives=wire.TicketAnswer)
    def post_recall(call: Call) -> Answer:
        """Call the same customer again."""
        return _run_at_point(call, calls.recall)

    @door.command("/service-points/{code}/no-show", may=_WINDOW, takes=wire.TicketAtPoint, gives=wire.TicketAnswer)
    def post_no_show(call: Call) -> Answer:
        """The customer did not come, though recalled twice."""
        return _run_at_point(call, calls.no_show)

    @door.command("/service-points/{code}/park", may=_WINDOW, takes=wire.TicketAtPoint, gives=wire.TicketAnswer)
    def post_park(call: Call) -> Answer:
        """Set the ticket aside; it keeps its place."""
        return _run_at_point(call, calls.park)


def _onward(door: Door, types: Mapping[str, ServiceType]) -> None:
    @door.command("/service-points/{code}/finish", may=_WINDOW, takes=wire.StepAtPoint, gives=wire.StepAnswer)
    def post_finish(call: Call) -> Answer:
        """The customer has been served; with a next service type the visit goes on."""
        following = _service_type(types, call.body.next_service_type)
        at = actions.AtPoint(call.path["code"], call.body.ticket_id)

        def present(work: Work, finished: calls.Finished) -> wire.StepAnswer:
            issued = finished.following
            following = _issued(work, issued, types, call.house.settings.public_url) if issued else None
            return wire.StepAnswer(ticket=wire.ticket_seen(finished.ticket), next_ticket=following)

        return call.run(calls.finish_step, calls.FinishStep(at, following), present)

    @door.command("/service-points/{code}/transfer", may=_WINDOW, takes=wire.Onward, gives=wire.TicketAnswer)
    def post_transfer(call: Call) -> Answer:
        """Send the ticket on to a service type or a service point; it keeps its place."""
        at = actions.AtPoint(call.path["code"], call.body.ticket_id)
        service_type = _service_type(types, call.body.service_type)
        return call.run(calls.transfer, calls.Transfer(at, service_type, call.body.service_point), _ticket)


def _tickets(door: Door) -> None:
    @door.question("/tickets", may={HEAD, ADMIN}, gives=wire.TicketsOfDay)
    def get_tickets(call: Call) -> wire.TicketsOfDay:
        """Every ticket of the running business day, newest first."""
        with call.house.database.read() as db:
            branch = branches.find_branch(db, call.actor.branch_id)
            assert branch is not None
            today = business_day_of(call.house.clock.now(), branch.timezone, branch.cut_over_minute)
            found = store.of_day(db, branch.id, today)
        return wire.TicketsOfDay(
            business_day=today.isoformat(),
            timezone=branch.timezone,
            tickets=[wire.ticket_seen(each) for each in found],
        )

    @door.command("/tickets/{ticket_id}/resume", may=_WINDOW | {LOBBY_MANAGER}, gives=wire.TicketAnswer)
    def post_resume(call: Call) -> Answer:
        """Put a parked, delayed or missed ticket back in line."""
        return call.run(places.resume, call.path["ticket_id"], _ticket)

    @door.question("/tickets/{ticket_id}/why", may={STAFF}, gives=wire.Why)
    def get_why(call: Call) -> wire.Why:
        """Why this ticket was called when it was; `?replay=1` asks the rule again."""
        with call.house.database.read() as db:
            ticket = store.find(db, call.actor.branch_id, call.path["ticket_id"])
            stored = store.last_call_of(db, ticket.id) if ticket else None
        if stored is None:
            raise NotFound("call")
        return wire.why(stored, replay(stored) if call.query.get("replay") == "1" else None)


def _policy(door: Door) -> None:
    @door.question("/settings/queue-policy", may={HEAD, ADMIN}, gives=policy_wire.PolicySeen)
    def get_policy(call: Call) -> Answer:
        """How the queue is served; the `ETag` is the version."""
        with call.house.database.read() as db:
            policy = store.look_at_queue(db, call.actor.branch_id).policy
        return Answer(200, policy_wire.policy_seen(policy).model_dump_json(), {"ETag": f'"{policy.version}"'})

    @door.command(
        "/settings/queue-policy", may={HEAD}, takes=policy_wire.PolicySet, gives=policy_wire.PolicySeen, method="PUT"
    )
    def put_policy(call: Call) -> Answer:
        """Serve by another policy from the next call on; `If-Match` names the version that it replaces."""
        request = policies.SetPolicy(policy_wire.policy_of(call.body), call.version_to_replace())
        return call.run(policies.set_policy, request, lambda _work, policy: policy_wire.policy_seen(policy))

    @door.command("/what-if", may={HEAD}, takes=policy_wire.WhatIf, gives=policy_wire.WhatIfSeen, keyed=False)
    def post_what_if(call: Call) -> policy_wire.WhatIfSeen:
        """Play the last recorded day with other windows or another order of service; nothing is changed."""
        sent: policy_wire.WhatIf = call.body
        with call.house.database.read() as db:
            day = policies.last_recorded_day(db, call.actor.branch_id)
            tried = policy_wire.policy_of(sent.policy) if sent.policy else None
            wish = policies.Wish(tuple(sent.open), tuple(sent.close), sent.discipline, tried)
            change = policies.change_of(db, call.actor.branch_id, wish)
        return policy_wire.what_if_seen(call.house.offload(partial(ask, day, change)))


def _honesty(door: Door) -> None:
    @door.question("/expected-wait/coverage", may={HEAD}, gives=policy_wire.CoverageSeen)
    def get_coverage(call: Call) -> policy_wire.CoverageSeen:
        """How honest the announced waits were in this week and the seven before it, per ticket class."""
        with call.house.database.read() as db:
            branch = branches.find_branch(db, call.actor.branch_id)
            assert branch is not None
            today = business_day_of(call.house.clock.now(), branch.timezone, branch.cut_over_minute)
            monday = today - timedelta(days=today.weekday())
            begin = monday - timedelta(weeks=COVERAGE_WEEKS - 1)
            found = store.coverage(db, branch.id, begin, monday + timedelta(weeks=1))
        return policy_wire.coverage_seen(found)


def _point(work: Work, point: ServicePoint) -> wire.PointAnswer:
    data = wire.point_data(PointEvent(point.branch_id, point))
    who = wire.StaffSeen(staff_no=work.actor.number, name=work.actor.name) if point.is_open else None
    return wire.PointAnswer(service_point=wire.point_seen(data, who))


def _ticket(_work: Work, ticket: Ticket | None) -> wire.TicketAnswer | None:
    return wire.TicketAnswer(ticket=wire.ticket_seen(ticket)) if ticket else None


def _issued(
    work: Work, issued: actions.Issued, types: Mapping[str, ServiceType], public_url: str | None
) -> wire.IssuedTicket:
    """The next step's ticket with its place in the line it joined."""
    ticket = issued.ticket
    points = branches.service_points(work.db, ticket.branch_id)
    line = line_of(store.live(work.db, ticket.branch_id), points, types)
    ahead = len(line.ahead(ticket.ticket_class, ticket.placed_at))
    waits = store.look_at_queue(work.db, ticket.branch_id).waits_of(ticket.service_level).get(ticket.ticket_class)
    url = f"{public_url}/t/{issued.ticket_key}" if public_url else None
    return wire.issued_ticket(ticket, issued.ticket_key, url, ahead, waits)


def _run_at_point(call: Call, action: Callable[[Work, actions.AtPoint], Ticket]) -> Answer:
    return call.run(action, actions.AtPoint(call.path["code"], call.body.ticket_id), _ticket)


def _service_type(types: Mapping[str, ServiceType], code: str | None) -> ServiceType | None:
    """The named service type. Raises Invalid("unknown_service_type") with those there are."""
    if code is not None and code not in types:
        raise Invalid("unknown_service_type", known=sorted(types))
    return types[code] if code is not None else None
