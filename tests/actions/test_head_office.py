"""Head office and the branch against each other: what may be told, and how the two find out that they differ."""

from __future__ import annotations

import random

import pytest
import sqlalchemy as sa

from lobby_server.kernel.actor import system
from lobby_server.kernel.house import House
from lobby_server.kernel.tables import branch_clock
from referral.crm_sync import actions, store
from referral.crm_sync.connectors import Connected
from referral.crm_sync.courier import ALTERED, FORK, Courier
from referral.crm_sync.reconciliation import reconcile
from referral.crm_sync.road import COMPARE_EVERY, Road
from referral.crm_sync.tables import crm_line, outbox
from referral.lifecycle.actions import withdraw
from referral.lifecycle.rules import Referral
from tests import make
from tests.crm import (
    Chaos,
    Refusing,
    drain,
    go_on,
    holds_the_same,
    rows,
)
from tests.make import HERE, LI, WANG, Cast

pytestmark = pytest.mark.usefixtures("the_outbox_is_whole")


# ---- Trust --------------------------------------------------------------------------------------------------------


def test_a_consent_that_is_withdrawn_while_a_step_is_under_way_keeps_the_customer_unnamed(
    house: House, cast: Cast, courier: Courier, crm: Refusing, logged: list[tuple[str, Referral]]
) -> None:
    for number, of in logged:
        if number == WANG.customer_no:
            house.works.run(withdraw, of.id, cast.zhou)
    drain(house, courier)
    assert {each.external_id for each in crm.parties_told} == {LI.id}
    assert {row["customer"] for row in crm.records.values() if row["state"] == "withdrawn"} == {None}
    assert holds_the_same(house, crm)


def test_a_step_that_was_altered_in_the_table_is_not_told(
    house: House, courier: Courier, crm: Refusing, logged: list[tuple[str, Referral]]
) -> None:
    of = logged[0][1].id
    forged = outbox.update().where(outbox.c.aggregate == of, outbox.c.seq == 0)
    house.database.run(lambda db: db.execute(forged.values(content=sa.func.replace(outbox.c.content, "T", "t"))))
    courier.drain()
    with house.database.read() as db:
        [(row, _waiting)] = store.parked(db, HERE)
    assert (row.aggregate, row.reason) == (of, ALTERED)
    assert of not in {each["external_id"] for each in crm.records.values()}


def test_a_branch_that_came_back_from_a_back_up_begins_a_new_epoch_and_its_old_copy_is_refused(
    house: House, cast: Cast, courier: Courier, crm: Refusing, logged: list[tuple[str, Referral]]
) -> None:
    drain(house, courier)
    before = epoch(house)
    another = branch_clock.update().where(branch_clock.c.branch_id == HERE).values(epoch=make.new_id())
    house.database.run(lambda db: db.execute(another))
    go_on(house, cast, logged)
    drain(house, courier)
    assert epoch(house) > before and holds_the_same(house, crm)
    # The copy that was left behind goes on under its old epoch: head office holds newer records, so it is told nothing.
    old = crm_line.update().where(crm_line.c.branch_id == HERE).values(epoch=before)
    house.database.run(lambda db: db.execute(old))
    held = {number: dict(row) for number, row in crm.records.items()}
    for _number, of in logged:
        house.works.run(actions.tell_again, of.id, system(HERE))
    courier.drain()
    with house.database.read() as db:
        assert {row.reason for row, _waiting in store.parked(db, HERE)} == {FORK}
    assert crm.records == held


def epoch(house: House) -> int:
    with house.database.read() as db:
        return store.epochs(db)[HERE]


def test_the_check_finds_a_hole_a_step_too_many_and_one_out_of_order(
    house: House, logged: list[tuple[str, Referral]]
) -> None:
    of, last = logged[0][1].id, rows(house, logged[0][1].id)[-1]
    kept = dict(last._mapping)
    for harm in (
        outbox.delete().where(outbox.c.id == last.id),
        outbox.update().where(outbox.c.id == last.id).values(seq=last.seq + 7),
        outbox.update().where(outbox.c.id == last.id).values(state="acked", acked_at=last.at),
        outbox.delete().where(outbox.c.aggregate == of),
    ):
        before = [dict(row._mapping) for row in rows(house, of)]
        house.database.run(lambda db, harm=harm: db.execute(harm))  # type: ignore[misc]
        with house.database.read() as db:
            assert [of in each for each in store.faults(db)] == [True]
        house.database.run(lambda db: db.execute(outbox.delete().where(outbox.c.aggregate == of)))
        house.database.run(lambda db, before=before: db.execute(outbox.insert(), before))  # type: ignore[misc]
    assert dict(rows(house, of)[-1]._mapping) == kept


def test_referrals_from_before_the_outbox_are_told_as_they_stand(
    house: House, cast: Cast, crm: Refusing, logged: list[tuple[str, Referral]]
) -> None:
    house.database.run(lambda db: db.execute(outbox.delete()))
    Road(house, Connected("refusing", crm)).walk()
    assert holds_the_same(house, crm)
    assert [row.seq for row in rows(house)] == [of.step_count for _number, of in sorted(logged, key=lambda x: x[1].id)]


# ---- Comparing ----------------------------------------------------------------------------------------------------


def test_a_crm_that_came_back_from_yesterday_gets_its_records_again(
    house: House, cast: Cast, crm: Refusing, logged: list[tuple[str, Referral]]
) -> None:
    road = Road(house, Connected("refusing", crm))
    road.walk()
    yesterday = {number: dict(row) for number, row in list(crm.records.items())[:3]}
    go_on(house, cast, logged)
    for _ in range(20):
        road.walk()
        make.advance(house, 1)
    crm.records, crm.parties = yesterday, {}
    make.advance(house, COMPARE_EVERY.total_seconds())
    road.walk()
    assert not holds_the_same(house, crm)
    road.walk()
    assert holds_the_same(house, crm) and len(crm.parties) == 2
    with house.database.read() as db:
        line = store.look_at_line(db, HERE)
    assert line is not None and (line.repaired, line.unknown) == (8, 0)


def test_another_crm_is_told_everything_that_the_first_one_was(
    house: House, cast: Cast, crm: Refusing, logged: list[tuple[str, Referral]]
) -> None:
    go_on(house, cast, logged)
    for each in (Connected("refusing", crm), Connected("another", second := Refusing())):
        road = Road(house, each)
        for _ in range(20):
            road.walk()
            make.advance(house, 1)
    assert holds_the_same(house, second) and holds_the_same(house, crm)
    assert {each.external_id for each in second.parties_told} == {WANG.id, LI.id}


def test_a_comparison_finds_one_wrong_record_among_many_and_one_that_nobody_here_knows(
    house: House, courier: Courier, crm: Refusing, logged: list[tuple[str, Referral]]
) -> None:
    drain(house, courier)
    assert reconcile(house, crm, HERE).questions == 1
    wrong = next(iter(crm.records.values()))
    wrong["state"] = "won"
    strange = {**wrong, "external_id": make.new_id()}
    crm.records["99"] = strange
    found = reconcile(house, crm, HERE)
    assert (found.repaired, found.unknown) == ([wrong["external_id"]], [strange["external_id"]])
    drain(house, courier)
    del crm.records["99"]
    assert holds_the_same(house, crm)


def test_two_records_of_one_referral_become_one_again(
    house: House, crm: Refusing, courier: Courier, logged: list[tuple[str, Referral]]
) -> None:
    drain(house, courier)
    number, row = next(iter(crm.records.items()))
    crm.records["77"] = dict(row)
    assert reconcile(house, crm, HERE).repaired == [row["external_id"]]
    drain(house, courier)
    assert "77" not in crm.records and number in crm.records and holds_the_same(house, crm)


def test_in_any_order_of_losses_and_deeds_both_sides_end_equal(
    house: House, cast: Cast, logged: list[tuple[str, Referral]]
) -> None:
    for seed in range(3):
        crm = Refusing()
        house.database.run(lambda db: db.execute(outbox.update().values(state="pending", acked_at=None)))
        house.database.run(lambda db: db.execute(sa.text("DELETE FROM crm_record")))
        courier = Courier(house, Chaos(crm, random.Random(seed), 0.4), lanes=2)
        courier.drain()
        if seed == 0:
            go_on(house, cast, logged)
        drain(house, courier)
        assert holds_the_same(house, crm)
