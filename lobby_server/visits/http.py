"""The doors of visits: arriving, being sent somewhere, being taken care of."""

from __future__ import annotations

from collections.abc import Mapping

from lobby_server.branch.rules import ServiceType, day_start
from lobby_server.branch.store import find_branch, service_points
from lobby_server.doors.routes import Answer, Call, Door
from lobby_server.doors.who import DEVICE_KINDS, HEAD, KIOSK, LOBBY_MANAGER, RM, TELLER
from lobby_server.identification.actions import examine
from lobby_server.identification.rules import Seen
from lobby_server.kernel.clock import business_day_of, to_wire
from lobby_server.kernel.errors import Invalid
from lobby_server.kernel.work import Work
from lobby_server.queue import store as queue_store
from lobby_server.queue.rules import classes_beside
from lobby_server.queue.wire import issued_ticket
from lobby_server.realtime.wording import Reader
from lobby_server.visits import actions, live, wire
from lobby_server.visits.actions import alerts, caring, sending
from lobby_server.visits.alerts import acknowledged_after, shown_after
from lobby_server.visits.rules import Alert, Visit
from lobby_server.visits.store import alerts as alerts_store

_LADDER = {LOBBY_MANAGER, RM, HEAD}


def visits_door(types: Mapping[str, ServiceType]) -> Door:
    """The doors; `types` are the service types that this branch group serves."""
    door = Door("visits")

    @door.command(
        "/visits",
        may={KIOSK, LOBBY_MANAGER, TELLER},
        takes=wire.Arrival,
        gives=wire.Welcome,
        http_code=201,
    )
    def post_visit(call: Call) -> Answer:
        """Somebody arrives; a code is examined before the transaction, which uses it up."""
        sent: wire.Arrival = call.body
        seen = None
        if sent.credential.kind == "qr":
            # A repeated command gets its answer even when the code has expired meanwhile.
            if (before := call.answered_before()) is not None:
                return before
            seen = _examined(call, sent.credential.value)
        request = actions.Arrive(sent.visit_id or call.house.ids.new_id(), seen, sent.language, sent.party_size)

        def present(work: Work, arrived: actions.Arrived) -> wire.Welcome:
            waits = queue_store.look_at_queue(work.db, arrived.visit.branch_id).waits
            return wire.welcome(arrived, types, waits, is_staff=call.actor.kind == "staff")

        return call.run(actions.arrive, request, present)

    @door.command(
        "/visits/{visit_id}/route",
        may={KIOSK, LOBBY_MANAGER, TELLER},
        takes=wire.RouteChoice,
        gives=wire.RoutedVisit,
    )
    def post_route(call: Call) -> Answer:
        """Choose a service and take a ticket."""
        service_type = types.get(call.body.service_type)
        if service_type is None:
            raise Invalid("unknown_service_type", known=sorted(types))

        def present(work: Work, routed: sending.Routed) -> wire.RoutedVisit:
            issued, branch_id = routed.issued, routed.visit.branch_id
            ticket_class = issued.ticket.ticket_class
            profiles = [each.serves for each in service_points(work.db, branch_id) if each.is_open]
            ahead = queue_store.count_ahead(work.db, issued.ticket, classes_beside(ticket_class, profiles))
            # The wait is the one that the worker announced: nothing is simulated in a transaction.
            waits = queue_store.look_at_queue(work.db, branch_id).waits.get(ticket_class)
            public_url = call.house.settings.public_url
            url = f"{public_url}/t/{issued.ticket_key}" if public_url else None
            ticket = issued_ticket(issued.ticket, issued.ticket_key, url, ahead, waits)
            return wire.RoutedVisit(route=sending.TICKET, ticket=ticket)

        return call.run(sending.route, sending.Route(call.path["visit_id"], service_type), present)

    @door.command("/visits/{visit_id}/claim", may={LOBBY_MANAGER}, gives=wire.VisitAnswer)
    def post_claim(call: Call) -> Answer:
        """Take a visit for three minutes."""
        return call.run(caring.claim, call.path["visit_id"], _card)

    _alerts(door)
    return door


def _alerts(door: Door) -> None:
    @door.command("/alerts/{alert_id}/acknowledge", may=_LADDER, gives=wire.AlertAnswer)
    def post_acknowledge(call: Call) -> Answer:
        """Take an alert on: nobody else is asked."""
        return call.run(alerts.acknowledge, call.path["alert_id"], _alert)

    @door.command("/alerts/{alert_id}/shown", may=_LADDER, http_code=204)
    def post_shown(call: Call) -> Answer:
        """A screen has painted an alert; the first one counts."""
        return call.run(alerts.note_shown, call.path["alert_id"], lambda _work, _done: None)

    @door.command("/help", may=DEVICE_KINDS, takes=wire.HelpAsked, gives=wire.HelpComing, http_code=201)
    def post_help(call: Call) -> Answer:
        """Ask a colleague to come to this device."""
        request = alerts.AskForHelp(call.body.visit_id, call.body.language)
        return call.run(alerts.ask_for_help, request, _help)

    @door.question("/alerts/measured", may={HEAD}, gives=wire.AlertsMeasured)
    def get_measured(call: Call) -> wire.AlertsMeasured:
        """Today's times from arrival to glass and from arrival to answer."""
        with call.house.database.read() as db:
            branch = find_branch(db, call.actor.branch_id)
            assert branch is not None
            today = business_day_of(call.house.clock.now(), branch.timezone, branch.cut_over_minute)
            start = day_start(today, branch)
            found = alerts_store.arrivals_since(db, branch.id, start)
        return wire.AlertsMeasured(
            business_day=today.isoformat(),
            arrival_to_glass=wire.measured(shown_after(found)),
            arrival_to_acknowledge=wire.measured(acknowledged_after(found)),
        )


def _alert(work: Work, alert: Alert) -> wire.AlertAnswer:
    (seen,) = live.alerts_seen(Reader(work.db, work.keys), [wire.alert_data(alert)], for_head=HEAD in work.actor.roles)
    return wire.AlertAnswer(alert=seen)


def _help(_work: Work, alert: Alert) -> wire.HelpComing:
    return wire.HelpComing(alert_id=alert.id, respond_by=to_wire(alert.respond_by))


def _card(work: Work, visit: Visit) -> wire.VisitAnswer:
    return wire.VisitAnswer(visit=live.card(Reader(work.db, work.keys), wire.visit_data(visit)))


def _examined(call: Call, text: str) -> Seen:
    """The code's reading; a refused one leaves an audit row and changes nothing else."""
    try:
        return examine(call.house, text, call.actor.branch_id)
    except Invalid as refusal:
        call.house.works.note_refusal(refusal, "arrive", call.actor)
        raise
