"""The branch gives each kiosk a series of its own for the tickets that it gives alone."""

from __future__ import annotations

from functools import partial

from lobby_server.branch import store
from lobby_server.branch.actions import Enrol, MakeCode, SignOfLife, enrol, make_enrolment_code, note_heartbeat, revoke
from lobby_server.branch.rules import Device
from lobby_server.kernel.actor import Actor, system
from lobby_server.kernel.house import House
from tests import make
from tests.actions.racing import at_once
from tests.make import Cast


def let_in(house: House, kind: str = "kiosk", branch: str = make.HERE) -> Device:
    code = house.works.run(make_enrolment_code, MakeCode(branch, kind), system(branch))
    return house.works.run(enrol, Enrol(code, kind, "Kiosk", {}), system(branch))


def test_each_kiosk_of_a_branch_numbers_by_another_series_and_nothing_else_has_one(house: House, cast: Cast) -> None:
    assert [let_in(house).series for _ in range(3)] == [1, 2, 3]
    assert let_in(house, "wall").series is None
    assert let_in(house, branch=make.ELSEWHERE).series == 1


def test_kiosks_let_in_at_once_number_by_different_series(house: House, cast: Cast) -> None:
    codes = [house.works.run(make_enrolment_code, MakeCode(make.HERE, "kiosk"), system(make.HERE)) for _ in "1234"]
    deeds = [partial(house.works.run, enrol, Enrol(each, "kiosk", "Kiosk", {}), system(make.HERE)) for each in codes]
    assert sorted(str(each.series) for each in at_once(deeds)) == ["1", "2", "3", "4"]


def test_a_series_that_somebody_wrote_into_a_kiosks_settings_is_given_to_nobody_else(house: House, cast: Cast) -> None:
    first = let_in(house)
    who = Actor("device", first.id, make.HERE, frozenset({"kiosk"}))
    house.works.run(note_heartbeat, SignOfLife(first.id, {"series": 2}), who)
    assert let_in(house).series == 3


def test_a_series_that_comes_round_again_leaves_the_kiosk_that_had_it(house: House, cast: Cast) -> None:
    kiosks = [let_in(house) for _ in range(99)]
    assert let_in(house).series is None, "whoever is alive keeps what it has"
    make.advance(house, 60)
    assert let_in(house).series == 1, "all were silent: the first for longest"
    house.works.run(revoke, kiosks[41].id, Actor("staff", make.new_id(), make.HERE, frozenset({"admin"})))
    assert let_in(house).series == 42
    with house.database.read() as db:
        assert [store.series_of(db, each.id) for each in (kiosks[0], kiosks[1], kiosks[41])] == [None, 2, None]
