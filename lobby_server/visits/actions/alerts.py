"""What happens to an alert: it is raised and leased, painted, acknowledged, passed on, and over.

Each is taken before it changes, so of an answer and an escalation at the same moment one is first and the other sees
it. What is due falls due in the transaction that makes it necessary: an alert that is raised will be passed on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from lobby_server.branch import store as branches
from lobby_server.branch.events import DeviceEvent
from lobby_server.customers import store as customers
from lobby_server.kernel.errors import Conflict, NotFound
from lobby_server.kernel.work import Work
from lobby_server.queue import store as queue_store
from lobby_server.staff import store as staff
from lobby_server.visits.actions import mine
from lobby_server.visits.alerts import OnDuty, Turn, first_turn, next_turn, respond_s, unserved_groups
from lobby_server.visits.events import AlertAcknowledged, AlertEnded, AlertEscalated, AlertEvent, AlertRaised
from lobby_server.visits.rules import UNDO_WITHIN, Alert, AlertKind, AlertState, Rung, Visit
from lobby_server.visits.store import alerts as store

ESCALATES = "alert.escalates"
_LOBBY_MANAGER, _RM = "lobby_manager", "rm"


@dataclass(frozen=True)
class RaiseAlert:
    """What somebody must come for. `about` tells one thing from another: the visit's, ticket's or device's id.

    `level` is the service level of the customer it is about; `owner_id` the relationship manager on its ladder.
    """

    branch_id: str
    kind: AlertKind
    about: str
    level: str | None = None
    visit_id: str | None = None
    ticket_id: str | None = None
    service_point: str | None = None
    device_id: str | None = None
    owner_id: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


def raise_alert(work: Work, request: RaiseAlert) -> Alert:
    """Raise an alert and lease it to a lobby manager; the living one if there is one about the same already."""
    turn = first_turn(request.kind, _on_duty(work, request.branch_id))
    branch = branches.find_branch(work.db, request.branch_id)
    assert branch is not None
    within_s = respond_s(request.kind, request.level, branch.promises)
    alert = Alert(
        id=work.ids.new_id(),
        branch_id=request.branch_id,
        kind=request.kind,
        about=request.about,
        state=AlertState.RAISED,
        rung=turn.rung,
        raised_at=work.now,
        respond_s=within_s,
        respond_by=work.now + timedelta(seconds=within_s),
        visit_id=request.visit_id,
        ticket_id=request.ticket_id,
        service_point=request.service_point,
        device_id=request.device_id,
        owner_id=request.owner_id,
        leased_to=turn.leased_to,
        asked=(turn.leased_to,) if turn.leased_to else (),
        facts=request.facts,
    )
    if not store.add(work.db, alert):
        living = store.find_live(work.db, request.branch_id, request.kind, request.about)
        if living is None:
            # It ended between our two statements: the whole deed is repeated by whoever asked.
            raise Conflict("changed", state=str(AlertState.ENDED))
        return living
    _pass_on_in_time(work, alert)
    work.audit("raise_alert", alert.id, branch_id=alert.branch_id, kind=str(alert.kind))
    work.record(AlertRaised(alert.branch_id, alert))
    return alert


def raise_arrival(work: Work, visit: Visit, reason: str) -> Alert:
    """Somebody is to be met at the door; `reason` is the level that they arrived with, or `raised_level`."""
    facts = {"reason": reason, "service_level": str(visit.service_level)}
    return raise_alert(work, _about_visit(work, AlertKind.ARRIVAL, visit, facts))


def raise_machine_failed(work: Work, visit: Visit, because: str) -> Alert:
    """A machine sent its customer back without having done its work."""
    return raise_alert(work, _about_visit(work, AlertKind.MACHINE_FAILED, visit, {"reason": because}))


def raise_device_fault(work: Work, kind: AlertKind, told: DeviceEvent, **facts: str) -> Alert:
    """Something is to be mended at a device."""
    where = {"device": told.name, "device_kind": told.kind, "zone": told.zone}
    request = RaiseAlert(
        branch_id=told.branch_id,
        kind=kind,
        about=told.device_id,
        device_id=told.device_id,
        service_point=told.service_point,
        facts={**where, **facts},
    )
    return raise_alert(work, request)


def _about_visit(work: Work, kind: AlertKind, visit: Visit, facts: Mapping[str, Any]) -> RaiseAlert:
    """What to raise about a visit, with the relationship manager on its ladder."""
    return RaiseAlert(
        branch_id=visit.branch_id,
        kind=kind,
        about=visit.id,
        level=str(visit.service_level),
        visit_id=visit.id,
        owner_id=_rm_of(work, visit),
        facts=facts,
    )


def _rm_of(work: Work, visit: Visit) -> str | None:
    """The RM to ask: the adviser whom they have come to see, else whose customer it is; first who is signed in."""
    expected = visit.appointment.staff_id if visit.appointment else None
    known = [each for each in (expected, _owner_of(work, visit)) if each is not None]
    rms = staff.on_duty(work.db, visit.branch_id, _RM, work.now)
    return next((each for each in known if each in rms), known[0] if known else None)


def _owner_of(work: Work, visit: Visit) -> str | None:
    """The relationship manager whose customer it is, if they work at this branch."""
    customer = customers.find(work.db, work.keys, visit.customer_id) if visit.customer_id else None
    if customer is None or customer.owner_staff_no is None:
        return None
    owner = staff.find(work.db, work.keys, visit.branch_id, customer.owner_staff_no)
    return owner[0].id if owner else None


def _on_duty(work: Work, branch_id: str) -> OnDuty:
    """Who is signed in; managers with the fewest unanswered alerts first, so that work is spread."""
    busy = Counter(store.unanswered_leases(work.db, branch_id))
    managers = staff.on_duty(work.db, branch_id, _LOBBY_MANAGER, work.now)
    rms = staff.on_duty(work.db, branch_id, _RM, work.now)
    return OnDuty(tuple(sorted(managers, key=lambda each: busy[each])), frozenset(rms))


def _pass_on_in_time(work: Work, alert: Alert) -> None:
    """The next one is asked at `respond_by`; above the head there is nobody."""
    if alert.rung is not Rung.HEAD:
        work.due(alert.branch_id, alert.respond_by, ESCALATES, alert.id)


def escalate(work: Work, alert_id: str) -> None:
    """Nobody answered in time: the next manager is asked, then the customer's RM, then the branch head."""
    alert = store.lock(work.db, work.actor.branch_id, alert_id)
    if alert is None or alert.state is not AlertState.RAISED:
        return
    turn = next_turn(alert, _on_duty(work, alert.branch_id))
    if turn is not None:
        _ask(work, alert, turn)


def _ask(work: Work, alert: Alert, turn: Turn) -> None:
    asked = replace(
        alert,
        rung=turn.rung,
        leased_to=turn.leased_to,
        asked=(*alert.asked, turn.leased_to) if turn.leased_to else alert.asked,
        respond_by=work.now + timedelta(seconds=alert.respond_s),
    )
    store.save(work.db, asked)
    _pass_on_in_time(work, asked)
    work.audit("escalate_alert", alert.id, branch_id=alert.branch_id, rung=str(turn.rung))
    work.record(AlertEscalated(alert.branch_id, asked))


def acknowledge(work: Work, alert_id: str) -> Alert:
    """Take an alert on; asking again changes nothing. Anybody on the ladder may, whomever it is leased to.

    Raises NotFound("alert"), Conflict("acknowledged_by") naming who was faster, Conflict("changed") once it is over.
    """
    alert = store.lock(work.db, work.actor.branch_id, alert_id)
    if alert is None:
        raise NotFound("alert")
    if alert.acknowledged_by is not None:
        if alert.acknowledged_by == work.actor.id:
            return alert
        winner = staff.named(work.db, work.keys, [alert.acknowledged_by])[alert.acknowledged_by]
        raise Conflict("acknowledged_by", by={"staff_no": winner.staff_no, "name": winner.name})
    if alert.state is AlertState.ENDED:
        raise Conflict("changed", state=str(alert.state))
    return _acknowledged(work, alert)


def _acknowledged(work: Work, alert: Alert) -> Alert:
    mine = replace(
        alert, state=AlertState.ACKNOWLEDGED, acknowledged_at=work.now, acknowledged_by=work.actor.id, leased_to=None
    )
    _change(work, mine, AlertAcknowledged)
    return _end(work, mine, "acknowledged") if mine.ends_when_acknowledged else mine


def acknowledge_of_visit(work: Work, visit_id: str) -> None:
    """Whoever takes a visit has seen what it was about."""
    for alert in store.lock_live_of_visit(work.db, visit_id):
        if alert.state is AlertState.RAISED:
            _acknowledged(work, alert)


def ask_again_of_visit(work: Work, visit_id: str) -> None:
    """Whoever took the visit takes that back at once: what they answered by it waits for somebody again."""
    for alert in store.lock_live_of_visit(work.db, visit_id):
        is_theirs = alert.acknowledged_by == work.actor.id
        if is_theirs and alert.acknowledged_at is not None and work.now - alert.acknowledged_at <= UNDO_WITHIN:
            unanswered = replace(alert, state=AlertState.RAISED, acknowledged_at=None, acknowledged_by=None)
            _ask(work, unanswered, first_turn(alert.kind, _on_duty(work, alert.branch_id)))


def end_of_visit(work: Work, visit_id: str) -> None:
    """The visit is served or has left: nobody need come for it any more."""
    for alert in store.lock_live_of_visit(work.db, visit_id):
        _end(work, alert, "visit_over")


def end_about(work: Work, branch_id: str, kind: AlertKind, about: str, because: str) -> None:
    """What the alert was about is well again."""
    for alert in store.lock_live_of_kind(work.db, branch_id, kind):
        if alert.about == about:
            _end(work, alert, because)


def note_shown(work: Work, alert_id: str) -> None:
    """A tablet painted it; the first one counts. Raises NotFound("alert")."""
    alert = store.lock(work.db, work.actor.branch_id, alert_id)
    if alert is None:
        raise NotFound("alert")
    if alert.shown_at is None:
        store.save(work.db, replace(alert, shown_at=work.now))


def watch_unserved(work: Work, branch_id: str, unserved: Mapping[str, str]) -> None:
    """Raise and end alarms so that each group of tickets that no open point serves has one.

    `unserved` maps ticket id to group, earliest first.
    """
    living = store.lock_live_of_kind(work.db, branch_id, AlertKind.UNSERVED_TICKET)
    to_raise, over = unserved_groups(unserved, {each.about: each.id for each in living})
    for alert in living:
        if alert.id in over:
            _end(work, alert, "served_again")
    for group, ticket_id in to_raise.items():
        ticket = queue_store.find(work.db, branch_id, ticket_id)
        assert ticket is not None
        facts = {"number": ticket.number, "ticket_class": ticket.ticket_class, "only_at": ticket.only_at}
        raise_alert(work, RaiseAlert(branch_id, AlertKind.UNSERVED_TICKET, group, ticket_id=ticket_id, facts=facts))


def watch_crowd(work: Work, branch_id: str, *, is_crowded: bool) -> None:
    """Raise or end the alarm that too many wait, or too long."""
    if is_crowded:
        facts = {"waiting": len(queue_store.waiting(work.db, branch_id))}
        raise_alert(work, RaiseAlert(branch_id, AlertKind.CROWDED, branch_id, facts=facts))
    else:
        end_about(work, branch_id, AlertKind.CROWDED, branch_id, "crowd_gone")


@dataclass(frozen=True)
class AskForHelp:
    """Somebody pressed 请人帮我 at a device; `visit_id` if it knows of one."""

    visit_id: str | None
    language: str


def ask_for_help(work: Work, request: AskForHelp) -> Alert:
    """Ask a colleague to come to a device; pressed twice it is one call.

    Raises NotFound("visit") for a visit that this device neither made nor was given.
    """
    facts = {"device": work.actor.name, "language": request.language}
    if request.visit_id is None:
        here = RaiseAlert(work.actor.branch_id, AlertKind.HELP, work.actor.id, device_id=work.actor.id, facts=facts)
        return raise_alert(work, here)
    visit = mine(work, request.visit_id)
    if visit.left_at is not None:
        raise NotFound("visit")
    return raise_alert(work, replace(_about_visit(work, AlertKind.HELP, visit, facts), device_id=work.actor.id))


def _end(work: Work, alert: Alert, because: str) -> Alert:
    over = replace(alert, state=AlertState.ENDED, ended_at=work.now, ended_because=because, leased_to=None)
    _change(work, over, AlertEnded)
    return over


def _change(work: Work, changed: Alert, happened: Callable[[str, Alert], AlertEvent]) -> None:
    store.save(work.db, changed)
    work.no_longer_due(ESCALATES, changed.id)
    work.audit(f"{_DEEDS[changed.state]}_alert", changed.id, branch_id=changed.branch_id)
    work.record(happened(changed.branch_id, changed))


_DEEDS = {AlertState.ACKNOWLEDGED: "acknowledge", AlertState.ENDED: "end"}
