"""A branch as it is stored: its kind and services, its hours and plan, its machines and who stands there."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from lobby_server.branch import store
from lobby_server.branch.actions import OpenBranch, open_branch
from lobby_server.branch.rules import LOST_AFTER, Branch, Hours, Machine, Planned, ServicePoint
from lobby_server.kernel.actor import system
from lobby_server.kernel.errors import Conflict, Invalid
from lobby_server.kernel.house import House
from tests import make
from tests.make import Cast

AGENCY = Branch(
    "0003",
    {"zh-CN": "代理点", "en": "Agency"},
    "Asia/Shanghai",
    kind="agency",
    zones={"hall": {"zh-CN": "大堂", "en": "Hall"}},
    hours=(Hours((1, 2), 540, 1020),),
    closed_on=frozenset({date(2026, 10, 1), date(2026, 10, 2)}),
    plan=(Planned((1,), 540, 1020, 2),),
)
NAMES = {"zh-CN": "一", "en": "one"}
MACHINE = ServicePoint("0003", "S9", "machine", NAMES, (), zone="hall", device_kind="atm")


def found(house: House, branch: Branch = AGENCY, *points: ServicePoint) -> None:
    house.works.run(open_branch, OpenBranch(branch, points), system(branch.id))


def test_a_branch_is_kept_as_it_was_founded(house: House) -> None:
    found(house, AGENCY, MACHINE)
    with house.database.read() as db:
        assert store.find_branch(db, "0003") == AGENCY
        assert store.service_points(db, "0003") == [MACHINE]


def test_a_branch_is_founded_once(house: House) -> None:
    found(house)
    with pytest.raises(Conflict, match="branch_exists"):
        found(house)


@pytest.mark.parametrize(
    ("branch", "point", "code"),
    [
        (AGENCY, replace(MACHINE, zone="cellar"), "unknown_zone"),
        (AGENCY, replace(MACHINE, device_kind=None), "machine_kind"),
        (AGENCY, replace(MACHINE, kind="window"), "machine_kind"),
        (AGENCY, replace(MACHINE, serves=("A",)), "machine_serves"),
        (replace(AGENCY, hours=(Hours((1,), 9, 8),)), MACHINE, "hours_backward"),
        (replace(AGENCY, plan=(Planned((1,), 9, 8, 1),)), MACHINE, "hours_backward"),
    ],
)
def test_a_branch_that_cannot_be_is_not_founded(house: House, branch: Branch, point: ServicePoint, code: str) -> None:
    with pytest.raises(Invalid, match=code):
        found(house, branch, point)
    with house.database.read() as db:
        assert store.find_branch(db, "0003") is None


@pytest.mark.usefixtures("cast")
def test_what_a_branch_offers_follows_from_its_kind_and_what_head_office_withholds(house: House) -> None:
    found(house)
    house.database.run(lambda db: store.set_withheld(db, "0003", ["pension", "unheard_of"]))
    with house.database.read() as db:
        own, agency = store.service_codes(db, make.HERE), store.service_codes(db, "0003")
    assert own == make.TYPES.keys()
    assert agency == {each.code for each in make.TYPES.values() if "agency" in each.kinds} - {"pension"}
    house.database.run(lambda db: store.set_withheld(db, "0003", []))
    with house.database.read() as db:
        assert "pension" in store.service_codes(db, "0003")


def test_a_machine_is_alive_while_its_device_is_heard_and_free_until_it_is_given_a_visit(
    house: House, cast: Cast
) -> None:
    (empty,) = _machines(house)
    assert (empty.point.code, empty.device_id, empty.is_alive, empty.is_free) == ("S1", None, False, False)
    device_id = make.enrolled(house, "machine", "S1")
    (alive,) = _machines(house)
    assert (alive.device_id, alive.is_alive, alive.visit_id, alive.is_free) == (device_id, True, None, True)
    house.database.run(lambda db: store.give_machine(db, make.HERE, "S1", "a visit"))
    (given,) = _machines(house)
    assert (given.visit_id, given.is_free) == ("a visit", False)
    make.advance(house, LOST_AFTER.total_seconds())
    (silent,) = _machines(house)
    assert (silent.is_alive, silent.visit_id) == (False, "a visit")
    house.database.run(lambda db: store.give_machine(db, make.HERE, "S1", None))
    assert _machines(house)[0].visit_id is None


def test_a_machine_that_was_replaced_is_the_device_heard_last(house: House, cast: Cast) -> None:
    make.enrolled(house, "machine", "S1")
    make.still(house).advance(timedelta(seconds=1))
    newer = make.enrolled(house, "machine", "S1")
    assert [each.device_id for each in _machines(house)] == [newer]


def test_a_kiosk_beside_a_machine_does_not_make_it_alive(house: House, cast: Cast) -> None:
    make.enrolled(house, "kiosk", "S1")
    assert [each.is_alive for each in _machines(house)] == [False]


def _machines(house: House) -> list[Machine]:
    with house.database.read() as db:
        return store.machines(db, make.HERE, house.clock.now())
