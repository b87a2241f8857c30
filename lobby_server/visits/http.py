"""The doors of visits: arriving, being sent somewhere, at a machine, being taken care of."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lobby_server.branch.rules import ServiceType, day_start
from lobby_server.branch.store import find_branch, service_codes, service_points
from lobby_server.doors.routes import Answer, Call, Door
from lobby_server.doors.who import DEVICE_KINDS, HEAD, KIOSK, LOBBY_MANAGER, MACHINE, RM, TELLER
from lobby_server.identification.actions import examine
from lobby_server.identification.port import Elsewhere
from lobby_server.identification.rules import Seen
from lobby_server.kernel import audit
from lobby_server.kernel.clock import business_day_of, to_wire
from lobby_server.kernel.errors import Invalid, NotFound
from lobby_server.kernel.work import Work
from lobby_server.queue import store as queue_store
from lobby_server.queue.actions import Issued
from lobby_server.queue.rules import Ticket, classes_beside
from lobby_server.queue.wire import IssuedTicket, StaffSeen, issued_ticket
from lobby_server.realtime.wording import Reader
from lobby_server.staff import store as staff
from lobby_server.visits import actions, live, store, wire
from lobby_server.visits.actions import alerts, caring, machines, offline, sending
from lobby_server.visits.actions.machines import Back
from lobby_server.visits.alerts import acknowledged_after, shown_after
from lobby_server.visits.routing import ADVISER, SELF_SERVICE, TICKET
from lobby_server.visits.rules import Alert, ServiceLevel, Visit
from lobby_server.visits.store import alerts as alerts_store
from lobby_server.visits.wire import offline as alone
from lobby_server.visits.wire import ways

_LADDER = {LOBBY_MANAGER, RM, HEAD}


def visits_door(types: Mapping[str, ServiceType], elsewhere: Elsewhere | None = None) -> Door:
    """The doors; `types` are the service types that this branch group serves.

    `elsewhere` asks head office for whom nobody here knows; without it they are served as strangers.
    """
    door = Door("visits")
    _arriving(door, types, elsewhere)
    _sending(door, types)
    _alone(door, types)
    _at_machines(door)
    _caring(door)
    _alerts(door)
    return door


def _arriving(door: Door, types: Mapping[str, ServiceType], elsewhere: Elsewhere | None) -> None:
    @door.command(
        "/visits",
        may={KIOSK, LOBBY_MANAGER, TELLER},
        takes=wire.Arrival,
        gives=wire.Welcome,
        http_code=201,
    )
    def post_visit(call: Call) -> Answer:
        """Somebody arrives; what they present is examined before the transaction, which uses a code up."""
        sent: wire.Arrival = call.body
        seen, visit_id = None, sent.visit_id or call.house.ids.new_id()
        if sent.credential.kind != "none":
            # A repeated command gets its answer even when the code has expired meanwhile.
            if (before := call.answered_before()) is not None:
                return before
            seen = _examined(call, sent.credential)
            if elsewhere is not None:
                elsewhere.ask(seen, visit_id, call.actor.branch_id)
        request = actions.Arrive(
            visit_id=visit_id,
            seen=seen,
            language=sent.language,
            party_size=sent.party_size,
            keeps_hours=not call.house.settings.arrivals_outside_hours,
        )

        def present(work: Work, arrived: actions.Arrived) -> wire.Welcome:
            around = sending.look_around(work.db, arrived.visit, work.now)
            codes = service_codes(work.db, arrived.visit.branch_id)
            offered = {code: each for code, each in types.items() if code in codes}
            return wire.welcome(arrived, offered, around, is_staff=call.actor.kind == "staff")

        return call.run(actions.arrive, request, present)


def _sending(door: Door, types: Mapping[str, ServiceType]) -> None:
    @door.command(
        "/visits/{visit_id}/route",
        may={KIOSK, LOBBY_MANAGER, TELLER},
        takes=ways.RouteChoice,
        gives=ways.RoutedVisit,
    )
    def post_route(call: Call) -> Answer:
        """Choose a service and the way to it: a machine, a ticket, an adviser."""
        service_type = types.get(call.body.service_type)
        if service_type is None:
            raise Invalid("unknown_service_type", known=sorted(types))

        def present(work: Work, routed: sending.Routed) -> ways.RoutedVisit:
            ticket = _issued(work, routed.ticket, call.house.settings.public_url) if routed.ticket else None
            around = sending.look_around(work.db, routed.visit, work.now)
            return ways.routed_visit(routed, ticket, _running(work, routed.visit), around)

        request = sending.Route(call.path["visit_id"], service_type, call.body.choice)
        return call.run(WAYS[call.body.choice], request, present)


def _alone(door: Door, types: Mapping[str, ServiceType]) -> None:
    @door.command(
        "/devices/{device_id}/offline-visits",
        may={KIOSK},
        takes=alone.OfflineVisits,
        gives=alone.OfflineVisitsMerged,
    )
    def post_offline_visits(call: Call) -> Answer:
        """Take over what a kiosk did while this server was away."""
        if call.path["device_id"] != call.actor.id:
            raise NotFound("device")
        request = alone.offline_visits(call.body, types)
        return call.run(offline.merge, request, lambda _work, merged: alone.merged_seen(merged))


def _at_machines(door: Door) -> None:
    who = {KIOSK, MACHINE, LOBBY_MANAGER, TELLER}

    @door.command("/visits/{visit_id}/self-service/start", may=who, gives=ways.WhereNow)
    def post_self_service_start(call: Call) -> Answer:
        """They begin at the machine."""
        return call.run(machines.start, call.path["visit_id"], lambda work, visit: _now(call, work, Back(visit)))

    @door.command("/visits/{visit_id}/self-service/finish", may=who, takes=ways.MachineOutcome, gives=ways.WhereNow)
    def post_self_service_finish(call: Call) -> Answer:
        """The machine's work is done, has failed, or needs a person."""
        request = machines.Finish(call.path["visit_id"], call.body.outcome)
        return call.run(machines.finish, request, lambda work, back: _now(call, work, back))

    @door.command("/visits/{visit_id}/return", may=who, takes=ways.WhyBack, gives=ways.WhereNow)
    def post_machine_return(call: Call) -> Answer:
        """Back in line, at the old place."""
        request = machines.Return(call.path["visit_id"], call.body.reason)
        return call.run(machines.return_to_line, request, lambda work, back: _now(call, work, back))


def _caring(door: Door) -> None:
    @door.command("/visits/{visit_id}/claim", may={LOBBY_MANAGER}, gives=wire.VisitAnswer)
    def post_claim(call: Call) -> Answer:
        """Take a visit for three minutes."""
        return call.run(caring.claim, call.path["visit_id"], _card)

    @door.command("/visits/{visit_id}/greet", may={LOBBY_MANAGER}, gives=wire.VisitAnswer)
    def post_greet(call: Call) -> Answer:
        """They have been spoken to."""
        return call.run(caring.greet, call.path["visit_id"], _card)

    @door.command("/visits/{visit_id}/leave", may={LOBBY_MANAGER, TELLER}, takes=ways.Leaving, gives=wire.VisitAnswer)
    def post_leave(call: Call) -> Answer:
        """They go without being served."""
        return call.run(caring.let_go, caring.Leave(call.path["visit_id"], call.body.reason), _card)

    @door.command("/visits/{visit_id}/service-level", may={LOBBY_MANAGER}, takes=ways.LevelSet, gives=wire.VisitAnswer)
    def post_service_level(call: Call) -> Answer:
        """Raise or lower a level by hand, with the reason."""
        sent: ways.LevelSet = call.body
        request = caring.SetLevel(call.path["visit_id"], ServiceLevel(sent.level), sent.reason)
        return call.run(caring.set_level, request, _card)

    @door.command("/visits/{visit_id}/companion", may={LOBBY_MANAGER}, takes=ways.Together, gives=wire.VisitAnswer)
    def post_companion(call: Call) -> Answer:
        """They came together with somebody else."""
        return call.run(caring.accompany, caring.Accompany(call.path["visit_id"], call.body.of), _card)

    @door.command("/visits/{visit_id}/undo", may={LOBBY_MANAGER, TELLER}, gives=wire.VisitAnswer)
    def post_undo(call: Call) -> Answer:
        """Take one's own newest deed back."""
        return call.run(caring.undo, call.path["visit_id"], _card)

    @door.question("/visits/{visit_id}/history", may={LOBBY_MANAGER, TELLER, RM, HEAD}, gives=ways.History)
    def get_history(call: Call) -> ways.History:
        """Everything that befell a visit, with its time."""
        branch_id, visit_id = call.actor.branch_id, call.path["visit_id"]
        with call.house.database.read() as db:
            if store.find(db, branch_id, visit_id) is None:
                raise NotFound("visit")
            deeds = audit.of_subjects(db, branch_id, [visit_id, *queue_store.ids_of_visit(db, visit_id)])
            ids = {ways.staff_id_of(each) for _at, each in deeds} - {""}
            found = staff.named(db, call.house.keys, ids).values()
        return ways.history(deeds, {each.id: StaffSeen(staff_no=each.staff_no, name=each.name) for each in found})


WAYS: Mapping[str, Callable[[Work, sending.Route], sending.Routed]] = {
    SELF_SERVICE: machines.send,
    TICKET: sending.route,
    ADVISER: sending.route,
}


def _now(call: Call, work: Work, back: Back) -> ways.WhereNow:
    ticket = _issued(work, back.issued, call.house.settings.public_url) if back.issued else None
    return ways.where_now(back.visit, ticket, _running(work, back.visit))


def _running(work: Work, visit: Visit) -> Ticket | None:
    return queue_store.live_ticket_of(work.db, visit.id)


def _issued(work: Work, issued: Issued, public_url: str | None) -> IssuedTicket:
    """A new ticket with its place in the line that it joined."""
    ticket = issued.ticket
    profiles = [each.serves for each in service_points(work.db, ticket.branch_id) if each.is_open]
    ahead = queue_store.count_ahead(work.db, ticket, classes_beside(ticket.ticket_class, profiles))
    # The wait is the one that the worker announced: nothing is simulated in a transaction.
    waits = queue_store.look_at_queue(work.db, ticket.branch_id).waits_of(ticket.service_level).get(ticket.ticket_class)
    url = f"{public_url}/t/{issued.ticket_key}" if public_url else None
    return issued_ticket(ticket, issued.ticket_key, url, ahead, waits)


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


def _examined(call: Call, presented: wire.Credential) -> Seen:
    """The credential's reading; a refused one leaves an audit row and changes nothing else."""
    try:
        return examine(call.house, presented.kind, presented.value, call.actor.branch_id, presented.older)
    except Invalid as refusal:
        call.house.works.note_refusal(refusal, "arrive", call.actor)
        raise
