"""The queue's policy as a setting, and a recorded day played with another one, on both engines."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lobby_server.kernel.actor import Actor, system
from lobby_server.kernel.errors import Conflict, Invalid, NotFound
from lobby_server.kernel.house import House
from lobby_server.queue import actions, store
from lobby_server.queue.actions import policies
from lobby_server.queue.rules import Parameters, QueuePolicy
from lobby_server.queue.what_if import Answer, ask
from tests import make
from tests.actions.racing import at_once
from tests.make import Cast

WISHED = QueuePolicy("bounded_vip", 1, 4, Parameters(vip_run_max=3))
HEAD = Actor("staff", "head", make.HERE, frozenset({"head"}), "H001")


def in_force(house: House) -> QueuePolicy:
    """The branch's policy."""
    with house.database.read() as db:
        return store.look_at_queue(db, make.HERE).policy


def test_a_policy_is_the_next_version_of_the_one_that_was_seen(house: House, cast: Cast) -> None:
    made = house.works.run(policies.set_policy, policies.SetPolicy(WISHED, 1), HEAD)
    assert made == in_force(house) and (made.version, made.rule_version) == (2, "bounded_vip/2")
    with pytest.raises(Conflict, match="changed") as refused:
        house.works.run(policies.set_policy, policies.SetPolicy(WISHED, 1), HEAD)
    assert refused.value.facts == {"version": 2}


def test_of_two_heads_who_change_it_at_once_one_is_told_so(house: House, cast: Cast) -> None:
    def change() -> str:
        try:
            return house.works.run(policies.set_policy, policies.SetPolicy(WISHED, 1), HEAD).rule_version
        except Conflict as refused:
            return refused.code

    assert sorted(at_once([change, change])) == ["bounded_vip/2", "changed"]


def test_a_policy_that_cannot_be_served_by_is_refused(house: House, cast: Cast) -> None:
    wrong = QueuePolicy("fifo", 1, 51)
    with pytest.raises(Invalid, match="bad_policy"):
        house.works.run(policies.set_policy, policies.SetPolicy(wrong, 1), HEAD)
    assert in_force(house).version == 1


def play_a_day(house: House, cast: Cast, customers: int = 8) -> None:
    """周 alone serves so many customers, one each minute, ten minutes each; then it is tomorrow."""
    for _ in range(customers):
        make.ticket(house, cast.kiosk)
        make.advance(house, 60)
    make.opened(house, cast.zhou, "W1")
    while (called := house.works.run(actions.call_next, "W1", cast.zhou)) is not None:
        at = actions.AtPoint("W1", called.id)
        house.works.run(actions.start_service, at, cast.zhou)
        make.advance(house, 600)
        house.works.run(actions.finish_service, at, cast.zhou)
    house.works.run(actions.close_service_point, "W1", cast.zhou)
    make.advance(house, 24 * 3600)
    make.ticket(house, cast.kiosk)


def asked(house: House, wish: policies.Wish) -> Answer:
    """The last recorded day under a wish."""
    with house.database.read() as db:
        day = policies.last_recorded_day(db, make.HERE)
        return ask(day, policies.change_of(db, make.HERE, wish))


def test_yesterday_played_again_is_yesterday_and_a_second_window_halves_the_wait(house: House, cast: Cast) -> None:
    play_a_day(house, cast)
    answer = asked(house, policies.Wish(("W2",), ()))
    assert answer.business_day == make.TODAY
    assert answer.before == answer.actual and answer.twin_error.mae_s == 0
    (before,), (after,) = answer.before, answer.after
    assert (before.level, before.n, before.never_called) == ("ordinary", 8, 0)
    assert after.p90_s < 0.6 * before.p90_s


def test_a_wish_names_points_where_people_work(house: House, cast: Cast) -> None:
    play_a_day(house, cast, 2)
    for wish, refusal in (
        (policies.Wish(("W9",), ()), "service_point"),
        (policies.Wish(("S1",), ()), "no_person_works_there"),
        (policies.Wish((), (), "lottery"), "bad_policy"),
        (policies.Wish(("W1",), ("W1",)), "open_and_close"),
    ):
        with pytest.raises((Invalid, NotFound), match=refusal):
            asked(house, wish)


def test_without_a_recorded_day_there_is_no_answer(house: House, cast: Cast) -> None:
    with pytest.raises(NotFound, match="recorded_day"):
        asked(house, policies.Wish((), ()))
    make.ticket(house, cast.kiosk)  # nobody was called, no window was open
    with house.database.read() as db, pytest.raises(NotFound, match="recorded_day"):
        policies.recorded_day(db, make.HERE, make.TODAY)


def test_another_branchs_day_is_its_own(house: House, cast: Cast) -> None:
    play_a_day(house, cast, 2)
    with house.database.read() as db, pytest.raises(NotFound, match="recorded_day"):
        policies.recorded_day(db, make.ELSEWHERE, make.TODAY)
    house.works.run(actions.end_day, make.ELSEWHERE, system(make.ELSEWHERE))
    with house.database.read() as db:
        assert policies.recorded_day(db, make.HERE, make.TODAY).business_day == make.TODAY
        tomorrow = make.TODAY + timedelta(days=1)
        with pytest.raises(NotFound, match="recorded_day"):
            policies.recorded_day(db, make.HERE, tomorrow)
