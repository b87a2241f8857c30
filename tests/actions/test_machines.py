"""A visit at a self-service machine: one visit a machine, the place kept, and nobody lost whatever happens to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from lobby_server.branch import store as branches
from lobby_server.branch.actions import SignOfLife, note_heartbeat
from lobby_server.branch.rules import LOST_AFTER
from lobby_server.kernel.actor import Actor
from lobby_server.kernel.errors import Conflict, Invalid, NotFound, Refusal
from lobby_server.kernel.house import House
from lobby_server.queue import actions as queue
from lobby_server.queue import store as queue_store
from lobby_server.queue.actions import held, places
from lobby_server.queue.rules import Ticket, TicketState
from lobby_server.staff import store as staff
from lobby_server.staff.rules import SignIn
from lobby_server.visits import actions, store
from lobby_server.visits.actions import caring, machines, sending
from lobby_server.visits.rules import MACHINE_WAITS, MACHINE_WORK_MAX, Visit, VisitState
from lobby_server.visits.tables import errand
from lobby_server.worker import Worker
from tests import make
from tests.actions.racing import at_once
from tests.make import Cast


@pytest.fixture
def machine(house: House, cast: Cast) -> Actor:
    """The smart counter S1, which has just been heard."""
    return Actor("device", make.enrolled(house, "machine", "S1"), make.HERE, frozenset({"machine"}))


def beat(house: House, machine: Actor) -> None:
    house.database.run(lambda db: branches.note_sign_of_life(db, machine.id, {}, False, house.clock.now()))


def send(house: House, who: Actor, visit_id: str, service_type: str = "transfer") -> Visit:
    return house.works.run(machines.send, sending.Route(visit_id, make.TYPES[service_type]), who).visit


def sent(house: House, cast: Cast, service_type: str = "transfer") -> Visit:
    """Somebody who came and went straight to the machine."""
    return send(house, cast.kiosk, make.arrival(house, cast.kiosk).visit.id, service_type)


def finish(house: House, who: Actor, visit_id: str, outcome: str = "done") -> machines.Back:
    return house.works.run(machines.finish, machines.Finish(visit_id, outcome), who)


def visit_of(house: House, visit_id: str) -> Visit:
    with house.database.read() as db:
        found = store.find(db, make.HERE, visit_id)
    assert found is not None
    return found


def ticket_of(house: House, visit_id: str) -> Ticket | None:
    with house.database.read() as db:
        return queue_store.live_ticket_of(db, visit_id)


def given_to(house: House) -> str | None:
    """The visit that S1 was given."""
    with house.database.read() as db:
        return branches.machines(db, make.HERE, house.clock.now())[0].visit_id


def pass_by(house: House, by: timedelta, *alive: Actor) -> None:
    make.still(house).advance(by)
    for each in alive:
        beat(house, each)
    Worker(house, make.TYPES).fire_due()


def test_a_task_done_at_a_machine_ends_the_visit_without_a_ticket(house: House, cast: Cast, machine: Actor) -> None:
    visit = sent(house, cast)
    assert (visit.state, visit.route, visit.ticket_id) == (VisitState.ROUTED, "self_service", None)
    assert visit.errand is not None and (visit.errand.code, visit.errand.kind) == ("S1", "smart_counter")
    begun = house.works.run(machines.start, visit.id, machine)
    assert begun.state is VisitState.IN_SERVICE
    gone = finish(house, machine, visit.id).visit
    assert (gone.state, gone.left_because, gone.steps_done) == (VisitState.LEFT, "done_self_service", ("transfer",))
    assert given_to(house) is None
    with house.database.read() as db:
        kept = db.execute(sa.select(errand)).one()
    assert (kept.machine, kept.device_kind, kept.service_type, kept.outcome) == (
        "S1",
        "smart_counter",
        "transfer",
        "done_self_service",
    )
    assert kept.started_at is not None


def test_two_kiosks_race_for_the_last_machine_and_the_loser_hears_the_next_best_way(
    house: House, cast: Cast, machine: Actor
) -> None:
    kiosks = (cast.kiosk, cast.second_kiosk)
    come = {each.id: make.arrival(house, each).visit.id for each in kiosks}

    def try_to(who: Actor) -> object:
        try:
            return send(house, who, come[who.id]).id
        except Refusal as refusal:
            return refusal.code, refusal.facts["next"]

    outcomes = at_once([partial(try_to, each) for each in kiosks])
    assert ("machine_taken", {"route": "ticket", "wait_s": None}) in outcomes
    (winner,) = [each for each in outcomes if isinstance(each, str)]
    assert given_to(house) == winner


def test_nobody_is_sent_to_a_machine_that_has_been_silent_for_half_a_minute(
    house: House, cast: Cast, machine: Actor
) -> None:
    make.advance(house, 30)
    with pytest.raises(Conflict) as refused:
        sent(house, cast)
    assert (refused.value.code, refused.value.facts["reason"]) == ("machine_taken", "no_machine")


def test_a_task_that_no_machine_does_is_not_sent_to_one(house: House, cast: Cast, machine: Actor) -> None:
    for service_type, reason in (("loan", "adviser_only"), ("corporate", "counter_only")):
        with pytest.raises(Invalid) as refused:
            sent(house, cast, service_type)
        assert (refused.value.code, refused.value.facts) == ("not_self_service", {"reason": reason})


def test_a_task_that_a_colleague_must_look_at_needs_a_lobby_manager_who_is_free(
    house: House, cast: Cast, machine: Actor
) -> None:
    with pytest.raises(Conflict, match="lobby_manager_needed"):
        sent(house, cast, "account")
    sign_in(house, cast.chen)
    taken_care_of = make.arrival(house, cast.kiosk).visit
    house.works.run(caring.claim, taken_care_of.id, cast.chen)
    with pytest.raises(Conflict, match="lobby_manager_needed"):
        sent(house, cast, "account")
    make.advance(house, 180)
    beat(house, machine)
    assert sent(house, cast, "account").errand is not None


def sign_in(house: House, who: Actor) -> None:
    with house.database.read() as db:
        found = staff.named(db, house.keys, [who.id])[who.id]
    new = SignIn(make.new_id(), found, "csrf", house.clock.now() + timedelta(hours=1))
    house.database.run(lambda db: staff.add_sign_in(db, new, b"cookie", house.clock.now()))


@pytest.mark.parametrize("outcome", ["failed", "refused"])
def test_who_had_no_ticket_gets_one_at_the_place_of_their_arrival(
    house: House, cast: Cast, machine: Actor, outcome: str
) -> None:
    visit = sent(house, cast)
    make.advance(house, 120)
    later = make.ticket(house, cast.kiosk)
    back = finish(house, machine, visit.id, outcome)
    assert back.issued is not None and back.issued.ticket.placed_at == visit.arrived_at < later.placed_at
    assert (back.visit.state, back.visit.route, back.visit.errand) == (VisitState.ROUTED, "ticket", None)
    make.opened(house, cast.zhou)
    called = house.works.run(queue.call_next, "W1", cast.zhou)
    assert called is not None and called.id == back.issued.ticket.id


def test_a_ticket_is_held_while_its_holder_is_at_a_machine_with_place_and_count_kept(
    house: House, cast: Cast, machine: Actor
) -> None:
    routed = make.routed(house, cast.kiosk, "account")
    make.advance(house, 5)
    make.ticket(house, cast.kiosk)
    send(house, cast.chen, routed.visit.id)
    ticket = routed.issued.ticket
    assert (held_ticket := ticket_of(house, routed.visit.id)) is not None and held_ticket.state is TicketState.PARKED
    make.opened(house, cast.zhou)
    house.works.run(queue.call_next, "W1", cast.zhou)
    house.works.run(machines.return_to_line, machines.Return(routed.visit.id, "changed_mind"), cast.kiosk)
    again = ticket_of(house, routed.visit.id)
    assert again == ticket  # the same place, and nothing was counted against it meanwhile
    assert visit_of(house, routed.visit.id).service_type == "account"


def test_a_ticket_for_something_else_goes_on_after_the_machine(house: House, cast: Cast, machine: Actor) -> None:
    routed = make.routed(house, cast.kiosk, "account")
    send(house, cast.kiosk, routed.visit.id, "statement")
    back = finish(house, machine, routed.visit.id)
    assert back.issued is None and back.visit.state is VisitState.ROUTED and back.visit.steps_done == ("statement",)
    assert (again := ticket_of(house, routed.visit.id)) is not None and again.state is TicketState.WAITING


def test_a_ticket_for_what_the_machine_did_ends_with_the_visit(house: House, cast: Cast, machine: Actor) -> None:
    routed = make.routed(house, cast.kiosk, "transfer")
    send(house, cast.kiosk, routed.visit.id, "transfer")
    gone = finish(house, machine, routed.visit.id).visit
    assert gone.left_because == "done_self_service"
    assert visit_of(house, routed.visit.id) == gone and ticket_of(house, routed.visit.id) is None


def test_a_machine_that_is_lost_gives_everybody_their_place_back(house: House, cast: Cast, machine: Actor) -> None:
    visit = sent(house, cast)
    house.works.run(machines.start, visit.id, machine)
    beaten = SignOfLife(machine.id, {}, is_busy=True)
    house.works.run(note_heartbeat, beaten, machine)
    pass_by(house, LOST_AFTER)
    back = visit_of(house, visit.id)
    ticket = ticket_of(house, visit.id)
    assert back.state is VisitState.ROUTED and ticket is not None and ticket.placed_at == visit.arrived_at
    assert given_to(house) is None


def test_who_does_not_begin_in_five_minutes_frees_the_machine(house: House, cast: Cast, machine: Actor) -> None:
    with_ticket = make.routed(house, cast.kiosk, "account")
    send(house, cast.kiosk, with_ticket.visit.id)
    pass_by(house, MACHINE_WAITS, machine)
    assert given_to(house) is None
    assert ticket_of(house, with_ticket.visit.id) == with_ticket.issued.ticket
    without = sent(house, cast)
    pass_by(house, MACHINE_WAITS, machine)
    undecided = visit_of(house, without.id)
    assert (undecided.state, undecided.errand, undecided.route) == (VisitState.ARRIVED, None, None)
    pass_by(house, actions.UNDECIDED_LEAVES_AFTER)
    assert visit_of(house, without.id).left_because == "undecided"


def test_who_has_begun_may_take_their_time_but_not_for_ever(house: House, cast: Cast, machine: Actor) -> None:
    visit = sent(house, cast)
    house.works.run(machines.start, visit.id, machine)
    make.advance(house, 60)
    assert house.works.run(machines.start, visit.id, machine) == visit_of(house, visit.id)
    pass_by(house, MACHINE_WAITS, machine)
    assert given_to(house) == visit.id
    pass_by(house, MACHINE_WORK_MAX, machine)
    assert given_to(house) is None and visit_of(house, visit.id).state is VisitState.ARRIVED


def test_a_held_ticket_that_a_colleague_resumes_or_its_holder_cancels_frees_the_machine(
    house: House, cast: Cast, machine: Actor
) -> None:
    resumed, cancelled = (make.routed(house, cast.kiosk, "account") for _ in range(2))
    send(house, cast.kiosk, resumed.visit.id)
    house.works.run(places.resume, resumed.issued.ticket.id, cast.zhou)
    back = visit_of(house, resumed.visit.id)
    assert (back.errand, back.state, given_to(house)) == (None, VisitState.ROUTED, None)
    send(house, cast.kiosk, cancelled.visit.id)
    house.works.run(places.cancel_by_holder, cancelled.issued.ticket_key, cast.kiosk)
    assert visit_of(house, cancelled.visit.id).left_because == "cancelled" and given_to(house) is None


def test_a_delayed_ticket_may_go_to_a_machine_and_its_delay_does_not_call_it_back(
    house: House, cast: Cast, machine: Actor
) -> None:
    routed = make.routed(house, cast.kiosk, "account")
    house.works.run(places.delay_by_holder, routed.issued.ticket_key, cast.kiosk)
    send(house, cast.kiosk, routed.visit.id)
    house.works.run(machines.start, routed.visit.id, machine)
    pass_by(house, timedelta(minutes=11), machine)
    assert (ticket := ticket_of(house, routed.visit.id)) is not None and ticket.state is TicketState.PARKED


def test_who_is_called_or_served_is_not_sent_to_a_machine(house: House, cast: Cast, machine: Actor) -> None:
    routed = make.routed(house, cast.kiosk, "account")
    make.opened(house, cast.zhou)
    house.works.run(queue.call_next, "W1", cast.zhou)
    at = queue.AtPoint("W1", routed.issued.ticket.id)
    with pytest.raises(Conflict, match="already_routed"):
        send(house, cast.kiosk, routed.visit.id)
    house.works.run(queue.start_service, at, cast.zhou)
    with pytest.raises(Conflict, match="already_routed"):
        send(house, cast.kiosk, routed.visit.id)
    assert given_to(house) is None


def test_a_machine_may_act_only_on_the_visit_that_it_was_given(house: House, cast: Cast, machine: Actor) -> None:
    visit, other = sent(house, cast), make.arrival(house, cast.kiosk).visit
    strange = make.device(make.HERE, "machine")
    for who, visit_id in (
        (strange, visit.id),
        (machine, other.id),
        (cast.second_kiosk, visit.id),
        (cast.zheng, visit.id),
    ):
        with pytest.raises(NotFound):
            house.works.run(machines.start, visit_id, who)
    with pytest.raises(Conflict, match="not_at_machine"):
        house.works.run(machines.start, other.id, cast.kiosk)
    assert finish(house, machine, visit.id).visit.left_because == "done_self_service"
    with pytest.raises(Conflict, match="not_at_machine"):
        finish(house, cast.chen, visit.id)


def test_the_holder_of_a_ticket_goes_to_a_machine_and_back_from_the_phone(
    house: House, cast: Cast, machine: Actor
) -> None:
    routed = make.routed(house, cast.kiosk, "transfer")
    key = routed.issued.ticket_key
    going = house.works.run(machines.send_holder, machines.HolderRoute(key, make.TYPES), cast.kiosk).visit
    assert going.errand is not None and given_to(house) == routed.visit.id
    assert house.works.run(machines.return_holder, key, cast.kiosk).errand is None
    assert ticket_of(house, routed.visit.id) == routed.issued.ticket
    with pytest.raises(NotFound):
        house.works.run(machines.send_holder, machines.HolderRoute("no such key", make.TYPES), cast.kiosk)


def test_the_database_itself_refuses_two_visits_at_a_machine(house: House, cast: Cast, machine: Actor) -> None:
    first, second = sent(house, cast), make.arrival(house, cast.kiosk).visit
    assert first.errand is not None
    intruder = replace(second, errand=replace(first.errand, id=make.new_id()))
    with pytest.raises(sa.exc.IntegrityError):
        house.database.run(lambda db: store.begin_errand(db, intruder, "smart_counter"))


def test_a_cancellation_can_be_taken_back_at_the_old_place(house: House, cast: Cast) -> None:
    routed = make.routed(house, cast.kiosk)
    ticket = routed.issued.ticket
    house.works.run(held.give_up, ticket, cast.chen)
    gone = ticket.__class__(**{**ticket.__dict__, "state": TicketState.CANCELLED})
    assert house.works.run(held.reinstate, gone, cast.chen) == ticket
