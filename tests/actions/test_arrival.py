"""Somebody arrives: who they are, what they need, and what happens when it is sent twice."""

from __future__ import annotations

import pytest

from lobby_server.identification.actions import examine
from lobby_server.kernel.actor import Actor
from lobby_server.kernel.errors import Conflict, Invalid, NotFound
from lobby_server.kernel.house import House
from lobby_server.queue import actions as queue
from lobby_server.queue.rules import TicketState
from lobby_server.visits import store
from lobby_server.visits.actions import caring, sending
from lobby_server.visits.rules import ServiceLevel, VisitState
from tests import make
from tests.make import LI, WANG, Cast


def test_a_known_customer_is_greeted_with_level_and_need(house: House, cast: Cast) -> None:
    arrived = make.arrival(house, cast.kiosk, make.seen(house, WANG))
    assert arrived.customer is not None and arrived.customer.name == "王建明"
    assert arrived.visit.service_level is ServiceLevel.VIP
    assert arrived.visit.need is not None
    assert (arrived.visit.need.code, arrived.visit.need.reason.code) == ("deposit_renewal", "deposit_matures")
    assert arrived.visit.need.reason.facts == {"days": 12}
    assert arrived.visit.greeting == "morning_customer"


def test_somebody_without_a_code_is_served_all_the_same(house: House, cast: Cast) -> None:
    arrived = make.arrival(house, cast.kiosk)
    assert arrived.customer is None and arrived.visit.need is None
    assert arrived.visit.service_level is ServiceLevel.ORDINARY
    assert arrived.visit.greeting == "morning_guest"


def test_a_code_counts_once_and_another_kiosk_learns_nothing(house: House, cast: Cast) -> None:
    code = make.seen(house, WANG)
    make.arrival(house, cast.kiosk, code)
    with pytest.raises(Conflict) as refused:
        make.arrival(house, cast.second_kiosk, code)
    assert (refused.value.code, refused.value.facts) == ("already_checked_in", {})


def test_the_same_kiosk_may_ask_again_within_a_minute_only(house: House, cast: Cast) -> None:
    code = make.seen(house, WANG)
    first = make.arrival(house, cast.kiosk, code)
    make.advance(house, 60)
    assert make.arrival(house, cast.kiosk, code).visit.id == first.visit.id
    make.advance(house, 1)
    with pytest.raises(Conflict, match="already_checked_in"):
        make.arrival(house, cast.kiosk, code)


def test_a_fresh_code_during_a_visit_resumes_it(house: House, cast: Cast) -> None:
    routed = make.routed(house, cast.kiosk, "cash", make.seen(house, WANG))
    again = make.arrival(house, cast.second_kiosk, make.seen(house, WANG))
    assert again.visit.id == routed.visit.id
    assert again.ticket is not None and again.ticket.number == routed.issued.ticket.number


def test_a_customer_of_whom_head_office_has_not_told_us_is_a_guest(house: House, cast: Cast) -> None:
    stranger = make.WANG.__class__(**{**WANG.__dict__, "ref": b"\x09" * 8})
    assert make.arrival(house, cast.kiosk, make.seen(house, stranger)).customer is None


def test_a_refused_code_leaves_the_verdict_as_code(house: House, cast: Cast) -> None:
    text = make.code_of(LI, house.clock.now(), audience=2)
    with pytest.raises(Invalid, match="wrong_audience") as refused:
        examine(house, "qr", text, make.HERE)
    assert refused.value.audited


def test_routing_twice_is_refused_with_the_number(house: House, cast: Cast) -> None:
    routed = make.routed(house, cast.kiosk)
    with pytest.raises(Conflict) as refused:
        house.works.run(sending.route, sending.Route(routed.visit.id, make.TYPES["loan"]), cast.kiosk)
    assert (refused.value.code, refused.value.facts) == ("already_routed", {"number": "A001"})


def test_a_device_may_act_only_on_visits_that_it_made(house: House, cast: Cast) -> None:
    visit = make.arrival(house, cast.kiosk).visit
    for stranger in (cast.second_kiosk, cast.foreign_kiosk):
        with pytest.raises(NotFound):
            house.works.run(sending.route, sending.Route(visit.id, make.TYPES["cash"]), stranger)


def test_the_need_keeps_its_reason_when_it_was_guessed_right(house: House, cast: Cast) -> None:
    guessed = make.routed(house, cast.kiosk, "deposit_renewal", make.seen(house, WANG))
    said = make.routed(house, cast.kiosk, "cash", make.seen(house, LI))
    assert guessed.visit.need is not None and guessed.visit.need.reason.code == "deposit_matures"
    assert said.visit.need is not None and said.visit.need.reason.code == "declared"


def test_a_visit_ends_with_its_ticket(house: House, cast: Cast) -> None:
    from_queue = make.routed(house, cast.kiosk)
    make.opened(house, cast.zhou)
    assert _state(house, from_queue.visit.id) is VisitState.ROUTED
    call_and_serve(house, cast)
    assert _state(house, from_queue.visit.id) is VisitState.LEFT


def test_a_claim_is_held_for_three_minutes_and_the_loser_sees_who_has_it(house: House, cast: Cast) -> None:
    visit = make.arrival(house, cast.kiosk).visit
    claimed = house.works.run(caring.claim, visit.id, cast.chen)
    assert claimed.claim is not None and claimed.claim.staff_id == cast.chen.id
    rival = Actor("staff", cast.zhou.id, make.HERE, frozenset({"lobby_manager"}), "T001", "周敏")
    with pytest.raises(Conflict) as refused:
        house.works.run(caring.claim, visit.id, rival)
    assert refused.value.facts == {"by": {"staff_no": "L001", "name": "陈立言"}}
    make.advance(house, 180)
    assert house.works.run(caring.claim, visit.id, rival).claim is not None


def test_another_branch_has_no_such_visit(house: House, cast: Cast) -> None:
    visit = make.arrival(house, cast.kiosk).visit
    with pytest.raises(NotFound):
        house.works.run(caring.claim, visit.id, cast.zheng)


def call_and_serve(house: House, cast: Cast) -> None:
    """The teller at W1 calls the next and serves them to the end."""
    called = house.works.run(queue.call_next, "W1", cast.zhou)
    assert called is not None and called.state is TicketState.CALLED
    at_point = queue.AtPoint("W1", called.id)
    house.works.run(queue.start_service, at_point, cast.zhou)
    house.works.run(queue.finish_service, at_point, cast.zhou)


def _state(house: House, visit_id: str) -> VisitState:
    with house.database.read() as db:
        found = store.find(db, make.HERE, visit_id)
    assert found is not None
    return found.state
