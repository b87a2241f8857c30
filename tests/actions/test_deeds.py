"""What may befall a ticket besides being called and served: each deed, and what the visit does with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from lobby_server.admin.check import run_checks
from lobby_server.kernel.actor import NOBODY, Actor, system
from lobby_server.kernel.errors import Conflict, Invalid, NotFound
from lobby_server.kernel.house import House
from lobby_server.kernel.tables import event
from lobby_server.queue import actions, store
from lobby_server.queue.actions import calls, places
from lobby_server.queue.discipline import Call, replay
from lobby_server.queue.rules import Parameters, QueuePolicy, Ticket
from lobby_server.queue.tables import ticket
from lobby_server.visits import store as visits
from lobby_server.visits.rules import Visit
from lobby_server.worker import Worker
from tests import make
from tests.make import Cast

ACCUMULATING = QueuePolicy("accumulating", 3, 2)


@pytest.fixture
def at_w1(house: House, cast: Cast) -> actions.AtPoint:
    """周 works at W1 and has called the only customer."""
    make.opened(house, cast.zhou, "W1")
    made = make.ticket(house, cast.kiosk)
    house.works.run(actions.call_next, "W1", cast.zhou)
    return actions.AtPoint("W1", made.id)


def test_after_two_recalls_and_not_before_it_is_a_no_show(house: House, cast: Cast, at_w1: actions.AtPoint) -> None:
    for recalled in range(2):
        with pytest.raises(Conflict, match="recall_first") as refused:
            house.works.run(calls.no_show, at_w1, cast.zhou)
        assert refused.value.facts == {"recall_count": recalled, "needed": 2}
        make.advance(house, 30)
        assert house.works.run(calls.recall, at_w1, cast.zhou).recall_count == recalled + 1
    missed = house.works.run(calls.no_show, at_w1, cast.zhou)
    assert (missed.state, visit_of(house, missed).state) == ("missed", "routed")
    assert house.works.run(actions.call_next, "W1", cast.zhou) is None
    assert types_since(house, 3) == ["ticket.recalled", "ticket.recalled", "ticket.missed"]


def test_between_two_calls_of_the_same_number_lies_half_a_minute(
    house: House, cast: Cast, at_w1: actions.AtPoint
) -> None:
    for passed_s, wait_s in ((0, 30), (29.5, 1)):
        make.advance(house, passed_s)
        with pytest.raises(Conflict, match="too_soon") as refused:
            house.works.run(calls.recall, at_w1, cast.zhou)
        assert refused.value.facts == {"wait_s": wait_s}
    make.advance(house, 0.5)
    house.works.run(calls.recall, at_w1, cast.zhou)
    with pytest.raises(Conflict, match="too_soon"):
        house.works.run(calls.recall, at_w1, cast.zhou)
    make.advance(house, -3600)  # a clock that was set back must not stop a window for an hour
    assert house.works.run(calls.recall, at_w1, cast.zhou).recall_count == 2


def test_a_holder_lets_others_go_first_three_times_and_not_again(house: House, cast: Cast) -> None:
    issued = make.routed(house, cast.kiosk).issued
    for _ in range(3):
        delayed = house.works.run(places.delay_by_holder, issued.ticket_key, NOBODY)
        assert house.works.run(places.delay_by_holder, issued.ticket_key, NOBODY) == delayed
        house.works.run(places.resume, issued.ticket.id, cast.chen)
    with pytest.raises(Conflict, match="no_more_delays") as refused:
        house.works.run(places.delay_by_holder, issued.ticket_key, NOBODY)
    assert refused.value.facts == {"most": 3}


def test_who_comes_back_within_half_an_hour_gets_a_new_place(house: House, cast: Cast, at_w1: actions.AtPoint) -> None:
    missed = _miss(house, cast, at_w1)
    make.advance(house, 60)
    later = make.ticket(house, cast.kiosk)
    make.advance(house, 29 * 60)
    back = house.works.run(places.resume, missed.id, cast.chen)
    assert (back.number, back.state, back.place_no, back.arrived_at) == (missed.number, "waiting", 2, missed.arrived_at)
    assert (back.placed_at, back.service_point, back.missed_at) == (house.clock.now(), None, None)
    assert _numbers(house, cast) == [later.number, back.number]


def test_who_does_not_come_back_has_left_half_an_hour_later(house: House, cast: Cast, at_w1: actions.AtPoint) -> None:
    missed = _miss(house, cast, at_w1)
    worker = Worker(house, make.TYPES)
    make.advance(house, 30 * 60 - 1)
    worker.fire_due()
    assert visit_of(house, missed).state == "routed"
    make.advance(house, 1)
    worker.fire_due()
    gone = visit_of(house, missed)
    assert (gone.state, gone.left_because, found(house, missed).state) == ("left", "no_show", "cancelled")
    with pytest.raises(Conflict, match="changed"):
        house.works.run(places.resume, missed.id, cast.chen)


def test_too_late_is_too_late_even_before_the_deed_was_done(house: House, cast: Cast, at_w1: actions.AtPoint) -> None:
    missed = _miss(house, cast, at_w1)
    make.advance(house, 30 * 60 + 1)
    with pytest.raises(Conflict, match="too_late"):
        house.works.run(places.resume, missed.id, cast.chen)


@pytest.mark.parametrize("is_started", [False, True])
def test_a_parked_ticket_keeps_its_place_and_is_not_called_until_it_is_resumed(
    house: House, cast: Cast, at_w1: actions.AtPoint, is_started: bool
) -> None:
    later = make.ticket(house, cast.kiosk)
    if is_started:
        house.works.run(actions.start_service, at_w1, cast.zhou)
    parked = house.works.run(calls.park, at_w1, cast.zhou)
    assert (parked.state, parked.service_point, visit_of(house, parked).state) == ("parked", None, "routed")
    make.opened(house, cast.second_teller, "W2")
    assert _call(house, cast.second_teller, "W2") == later.number
    resumed = house.works.run(places.resume, parked.id, cast.zhou)
    assert (resumed.placed_at, resumed.place_no, resumed.overtaken_auto) == (parked.placed_at, 1, 0)
    make.ticket(house, cast.kiosk)
    assert _call(house, cast.zhou) == parked.number
    assert_sound(house)


def test_a_transfer_to_a_service_keeps_the_place_there(house: House, cast: Cast, at_w1: actions.AtPoint) -> None:
    make.opened(house, cast.wu, "D1")
    make.advance(house, 5)
    make.ticket(house, cast.kiosk, "loan")
    house.works.run(actions.start_service, at_w1, cast.zhou)
    sent = house.works.run(calls.transfer, calls.Transfer(at_w1, make.TYPES["loan"], None), cast.zhou)
    assert (sent.state, sent.ticket_class, sent.number) == ("waiting", "D", "A001")
    visit = visit_of(house, sent)
    assert (visit.state, visit.service_type) == ("routed", "loan")
    assert _call(house, cast.wu, "D1") == "A001"


def test_a_transfer_to_a_point_waits_for_that_point_alone(house: House, cast: Cast, at_w1: actions.AtPoint) -> None:
    make.opened(house, cast.wu, "D1")
    sent = house.works.run(calls.transfer, calls.Transfer(at_w1, None, "D1"), cast.zhou)
    assert (sent.only_at, house.works.run(actions.call_next, "W1", cast.zhou)) == ("D1", None)
    assert _call(house, cast.wu, "D1") == sent.number


@pytest.mark.parametrize(
    ("service", "point", "code"),
    [
        (None, None, "transfer_to_one"),
        ("loan", "D1", "transfer_to_one"),
        (None, "W1", "same_service_point"),
        (None, "S1", "no_person_works_there"),
        (None, "W9", "service_point"),
    ],
)
def test_a_transfer_to_nowhere_is_refused(
    house: House, cast: Cast, at_w1: actions.AtPoint, service: str | None, point: str | None, code: str
) -> None:
    request = calls.Transfer(at_w1, make.TYPES[service] if service else None, point)
    with pytest.raises((Invalid, NotFound), match=code):
        house.works.run(calls.transfer, request, cast.zhou)


def test_a_next_step_gets_a_new_place_and_the_visit_goes_on(house: House, cast: Cast, at_w1: actions.AtPoint) -> None:
    make.advance(house, 60)
    earlier = make.ticket(house, cast.kiosk, "loan")
    make.advance(house, 60)
    house.works.run(actions.start_service, at_w1, cast.zhou)
    done = house.works.run(calls.finish_step, calls.FinishStep(at_w1, make.TYPES["loan"]), cast.zhou)
    assert done.following is not None
    following = done.following.ticket
    assert (done.ticket.state, following.number) == ("finished", "D002")
    assert (following.arrived_at, following.placed_at) == (make.MORNING, house.clock.now())
    visit = visit_of(house, following)
    assert (visit.state, visit.ticket_id, visit.service_type) == ("routed", following.id, "loan")
    make.opened(house, cast.wu, "D1")
    assert _call(house, cast.wu, "D1") == earlier.number
    assert_sound(house)


def test_the_holder_may_let_others_go_first_for_ten_minutes(house: House, cast: Cast) -> None:
    make.opened(house, cast.zhou, "W1")
    routed = make.routed(house, cast.kiosk)
    key = routed.issued.ticket_key
    delayed = house.works.run(places.delay_by_holder, key, NOBODY)
    assert house.works.run(places.delay_by_holder, key, NOBODY) == delayed
    assert (delayed.state, house.works.run(actions.call_next, "W1", cast.zhou)) == ("delayed", None)
    make.advance(house, 10 * 60)
    Worker(house, make.TYPES).fire_due()
    assert found(house, delayed).placed_at == make.MORNING
    assert _call(house, cast.zhou) == delayed.number
    with pytest.raises(Conflict, match="changed"):
        house.works.run(places.delay_by_holder, key, NOBODY)


def test_the_holder_may_cancel_until_they_are_served(house: House, cast: Cast) -> None:
    routed = make.routed(house, cast.kiosk)
    key = routed.issued.ticket_key
    cancelled = house.works.run(places.cancel_by_holder, key, NOBODY)
    assert house.works.run(places.cancel_by_holder, key, NOBODY) == cancelled
    visit = visit_of(house, cancelled)
    assert (visit.state, visit.left_because) == ("left", "cancelled")
    with pytest.raises(NotFound):
        house.works.run(places.cancel_by_holder, "no such key", NOBODY)
    make.opened(house, cast.zhou, "W1")
    served = make.routed(house, cast.kiosk)
    house.works.run(actions.call_next, "W1", cast.zhou)
    house.works.run(actions.start_service, actions.AtPoint("W1", served.issued.ticket.id), cast.zhou)
    with pytest.raises(Conflict, match="changed"):
        house.works.run(places.cancel_by_holder, served.issued.ticket_key, NOBODY)


def test_a_delay_that_was_cancelled_ends_in_nothing(house: House, cast: Cast) -> None:
    key = make.routed(house, cast.kiosk).issued.ticket_key
    house.works.run(places.delay_by_holder, key, NOBODY)
    cancelled = house.works.run(places.cancel_by_holder, key, NOBODY)
    house.works.run(places.end_delay, cancelled.id, system(make.HERE))
    assert found(house, cancelled).state == "cancelled"


def test_a_call_by_hand_is_counted_apart_and_says_why(house: House) -> None:
    cast = make.furnish(house, ACCUMULATING)
    make.opened(house, cast.zhou, "W1")
    first, second, other, taken = (make.ticket(house, cast.kiosk, each) for each in ("cash", "cash", "loan", "cash"))
    request = calls.CallByHand("W1", taken.id, "孩子发烧")
    called = house.works.run(calls.call_by_hand, request, cast.zhou)
    assert called.id == taken.id
    counts = [
        (found(house, each).overtaken_auto, found(house, each).overtaken_manual) for each in (first, second, other)
    ]
    assert counts == [(0, 1), (0, 1), (0, 0)]
    stored = call_of(house, taken)
    assert (stored.reason, stored.hand_reason, replay(stored)) == ("by_hand", "孩子发烧", None)
    with pytest.raises(Conflict, match="ticket_in_hand"):
        house.works.run(calls.call_by_hand, calls.CallByHand("W1", first.id, "x"), cast.zhou)
    assert_sound(house)


def test_only_a_ticket_that_waits_can_be_called_by_hand(house: House, cast: Cast, at_w1: actions.AtPoint) -> None:
    make.opened(house, cast.second_teller, "W2")
    for ticket_id, refusal in ((at_w1.ticket_id, Conflict), (make.new_id(), NotFound)):
        with pytest.raises(refusal):
            house.works.run(calls.call_by_hand, calls.CallByHand("W2", ticket_id, "x"), cast.second_teller)


def test_overtaking_is_counted_in_the_call_and_stops_at_the_cap(house: House) -> None:
    cast = make.furnish(house, ACCUMULATING)
    make.opened(house, cast.zhou, "W1")
    ordinary = make.ticket(house, cast.kiosk)
    make.advance(house, 10)
    for _ in range(4):
        make.ticket_at_level(house, cast.kiosk, "vip")
    make.advance(house, 60)
    assert _numbers(house, cast) == ["A002", "A003", "A001", "A004", "A005"]
    assert found(house, ordinary).overtaken_auto == 2
    stored = call_of(house, ordinary)
    assert (stored.rule_version, stored.reason, replay(stored)) == ("accumulating/3", "overtake_cap", True)
    assert_sound(house)


def test_the_database_itself_refuses_to_break_the_cap(house: House, cast: Cast) -> None:
    made = make.ticket(house, cast.kiosk)
    with pytest.raises(sa.exc.IntegrityError):
        house.database.run(lambda db: store.count_overtaken(db, [made.id], by_hand=False))


def test_a_count_that_the_calls_do_not_bear_out_is_found(house: House) -> None:
    cast = make.furnish(house, ACCUMULATING)
    made = make.ticket(house, cast.kiosk)
    house.database.run(lambda db: store.count_overtaken(db, [made.id], by_hand=True))
    with house.database.read() as db:
        faults = run_checks(db, house.keys)["overtake_cap"]
    assert faults == [f"overtake_cap {made.id}: 0 and 1 by hand stored, 0 and 0 in the calls"]


def test_a_policy_changes_from_the_next_call_on_and_versions_only_rise(house: House, cast: Cast) -> None:
    newer = QueuePolicy("bounded_vip", 2, 5, Parameters(vip_run_max=3, points_planned=4))
    house.works.run(actions.change_policy, actions.StartQueue(make.HERE, newer), system(make.HERE))
    with house.database.read() as db:
        assert store.look_at_queue(db, make.HERE).policy == newer
    with pytest.raises(Conflict, match="version_used"):
        house.works.run(actions.change_policy, actions.StartQueue(make.HERE, newer), system(make.HERE))
    wrong = actions.StartQueue(make.HERE, QueuePolicy("lifo", 3, 5))
    with pytest.raises(Invalid, match="bad_policy"):
        house.works.run(actions.change_policy, wrong, system(make.HERE))


@pytest.mark.parametrize("deed", [calls.recall, calls.park, calls.no_show])
def test_a_deed_at_a_point_needs_the_ticket_there(house: House, cast: Cast, deed: Callable[..., Any]) -> None:
    make.opened(house, cast.zhou, "W1")
    waiting = make.ticket(house, cast.kiosk)
    with pytest.raises(Conflict, match="changed"):
        house.works.run(deed, actions.AtPoint("W1", waiting.id), cast.zhou)
    with pytest.raises(NotFound):
        house.works.run(places.resume, waiting.id, cast.zheng)


def test_the_end_of_the_day_ends_what_was_set_aside_too(house: House, cast: Cast, at_w1: actions.AtPoint) -> None:
    house.works.run(calls.park, at_w1, cast.zhou)
    house.works.run(places.delay_by_holder, make.routed(house, cast.kiosk).issued.ticket_key, NOBODY)
    make.ticket(house, cast.kiosk)
    house.works.run(actions.call_next, "W1", cast.zhou)
    with house.database.read() as db:
        in_hand = store.at_point(db, make.HERE, "W1")
    assert in_hand is not None
    _miss(house, cast, actions.AtPoint("W1", in_hand.id))
    house.works.run(actions.end_day, make.HERE, system(make.HERE))
    with house.database.read() as db:
        assert set(db.scalars(sa.select(ticket.c.state))) == {"cancelled"}
        assert visits.live(db, make.HERE) == []


def assert_sound(house: House) -> None:
    """Every invariant holds."""
    with house.database.read() as db:
        assert {name: faults for name, faults in run_checks(db, house.keys).items() if faults} == {}


def found(house: House, of: Ticket) -> Ticket:
    """The ticket as it stands now."""
    with house.database.read() as db:
        now = store.find(db, of.branch_id, of.id)
    assert now is not None
    return now


def visit_of(house: House, of: Ticket) -> Visit:
    """The ticket's visit as it stands now."""
    with house.database.read() as db:
        visit = visits.find(db, of.branch_id, of.visit_id)
    assert visit is not None
    return visit


def call_of(house: House, of: Ticket) -> Call:
    """The newest stored call."""
    with house.database.read() as db:
        call = store.last_call_of(db, of.id)
    assert call is not None
    return call


def types_since(house: House, last: int) -> list[str]:
    """The types of the last events, oldest first."""
    with house.database.read() as db:
        rows = db.execute(sa.select(event.c.type).where(event.c.branch_id == make.HERE).order_by(event.c.seq))
        return list(rows.scalars())[-last:]


def _miss(house: House, cast: Cast, at: actions.AtPoint) -> Ticket:
    for _ in range(2):
        make.advance(house, 30)
        house.works.run(calls.recall, at, cast.zhou)
    return house.works.run(calls.no_show, at, cast.zhou)


def _call(house: House, who: Actor, point: str = "W1") -> str | None:
    called = house.works.run(actions.call_next, point, who)
    return called.number if called else None


def _numbers(house: House, cast: Cast) -> list[str]:
    """The order in which 周 now serves everybody."""
    served = []
    while (called := house.works.run(actions.call_next, "W1", cast.zhou)) is not None:
        served.append(called.number)
        at = actions.AtPoint("W1", called.id)
        house.works.run(actions.start_service, at, cast.zhou)
        house.works.run(actions.finish_service, at, cast.zhou)
    return served
