"""The outbox and its courier, on both engines: nothing is lost, doubled, reordered or told to the wrong ear."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from lobby_server.kernel.actor import system
from lobby_server.kernel.errors import NotFound, Refusal
from lobby_server.kernel.house import House
from lobby_server.kernel.work import Work
from referral.crm_sync import actions, store
from referral.crm_sync.connectors.rest import connect
from referral.crm_sync.courier import Courier
from referral.crm_sync.port import Trouble
from referral.crm_sync.reconciliation import reconcile
from referral.crm_sync.rules import LEASE_LASTS, Record, Verdict
from referral.lifecycle.actions import LogReferral, log_referral
from referral.lifecycle.rules import Referral
from referral.lifecycle.tables import referral
from tests import make
from tests.crm import (
    TOKEN,
    Habits,
    Refusing,
    book,
    crm_server,
    drain,
    expected,
    go_on,
    holds_the_same,
    log_all,
    rows,
    visits_of,
)
from tests.make import HERE, LI, WANG, Cast

pytestmark = pytest.mark.usefixtures("the_outbox_is_whole")


def lease(house: House, most: int = 64) -> list[store.Leased]:
    return house.works.run(actions.lease, most, system(""))


# ---- Writing ------------------------------------------------------------------------------------------------------


def test_every_step_is_in_the_outbox_once_in_order_and_in_no_row_is_a_name(
    house: House, cast: Cast, logged: list[tuple[str, Referral]]
) -> None:
    go_on(house, cast, logged)
    with house.database.read() as db:
        steps = {row.id: row.step_count for row in db.execute(sa.select(referral))}
    for referral_id, step_count in steps.items():
        assert [row.seq for row in rows(house, referral_id)] == list(range(step_count + 1))
    told = "".join(row.content for row in rows(house))
    assert not any(word in told for word in (WANG.name, LI.name, "定期", cast.zhou.name))


def test_a_deed_that_is_undone_leaves_nothing_to_tell(house: House, cast: Cast) -> None:
    def break_down(work: Work, visits: dict[str, str]) -> None:
        log_one(work, visits)
        raise Refusal("no_room")

    visits = visits_of(house, cast)
    with pytest.raises(Refusal):
        house.works.run(break_down, visits, cast.zhou)
    assert rows(house) == []


def log_one(work: Work, visits: dict[str, str]) -> Referral:
    told = LogReferral(next(iter(visits.values())), "wealth", None, None, "refer_internal", "2026-03", "counter")
    return log_referral(work, told)


def test_when_the_outbox_has_no_room_the_deed_is_refused_and_nothing_of_it_is_kept(house: House, cast: Cast) -> None:
    visits = visits_of(house, cast)
    fills_up = (
        "CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        if house.database.is_sqlite
        else "ALTER TABLE outbox ADD CONSTRAINT full_disk CHECK (seq < 0) NOT VALID"
    )
    house.database.run(lambda db: db.execute(sa.text(fills_up)))
    with pytest.raises(sa.exc.DBAPIError):
        log_all(house, cast, visits)
    with house.database.read() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(referral)) == 0
    mended = "DROP TRIGGER full" if house.database.is_sqlite else "ALTER TABLE outbox DROP CONSTRAINT full_disk"
    house.database.run(lambda db: db.execute(sa.text(mended)))
    assert len(log_all(house, cast, visits)) == 8


# ---- Leasing ------------------------------------------------------------------------------------------------------


def test_only_the_first_step_of_each_referral_is_taken_and_one_at_a_time(
    house: House, logged: list[tuple[str, Referral]]
) -> None:
    first = lease(house)
    assert sorted(each.aggregate for each in first) == sorted(of.id for _number, of in logged)
    assert {each.seq for each in first} == {0}
    assert lease(house) == []


def test_two_couriers_at_once_tell_everything_once_and_in_order(
    house: House, cast: Cast, crm: Refusing, logged: list[tuple[str, Referral]]
) -> None:
    go_on(house, cast, logged)
    couriers = [Courier(house, crm, lanes=2) for _ in range(2)]
    at_work = [threading.Thread(target=each.drain) for each in couriers]
    for each in at_work:
        each.start()
    for each in at_work:
        each.join()
    drain(house, couriers[0])
    assert len(crm.told) == len(set(crm.told)) == len(rows(house))
    for _number, of in logged:
        assert [each for each in crm.told if each.startswith(of.id)] == [
            f"{of.id}/{row.seq}" for row in rows(house, of.id)
        ]
    assert holds_the_same(house, crm)


def test_what_a_dead_courier_had_taken_is_taken_over_and_looked_for_before_it_is_told_again(
    house: House, courier: Courier, crm: Refusing, logged: list[tuple[str, Referral]]
) -> None:
    courier.begin_epochs()
    lost = lease(house)
    crm.upsert_referral(courier._read(lost[0])[0], None, None, "")  # told, and then the courier died
    assert courier.drain() == 0
    make.advance(house, LEASE_LASTS.total_seconds())
    drain(house, courier)
    assert holds_the_same(house, crm)
    assert [each for each in crm.told if each == f"{lost[0].aggregate}/0"] == [f"{lost[0].aggregate}/0"]


def test_who_held_a_step_once_may_not_settle_it_when_somebody_else_holds_it(
    house: House, courier: Courier, logged: list[tuple[str, Referral]]
) -> None:
    [late, *_rest] = lease(house)
    make.advance(house, LEASE_LASTS.total_seconds())
    taken = {each.id: each for each in lease(house)}[late.id]
    assert taken.fence == late.fence + 1
    for deed in (actions.park, actions.put_off):
        house.works.run(deed, actions.NotTold(late, "late"), system(HERE))
    assert {row.state for row in rows(house, late.aggregate) if row.id == late.id} == {"leased"}


# ---- Answers ------------------------------------------------------------------------------------------------------


def test_one_that_is_refused_for_good_is_parked_and_the_others_flow_on_until_it_is_released(
    house: House, cast: Cast, courier: Courier, crm: Refusing, logged: list[tuple[str, Referral]]
) -> None:
    stuck = logged[0][1].id
    crm.trouble = lambda record: Trouble(Verdict.PERMANENT, "crm:E17") if record.external_id == stuck else None
    go_on(house, cast, logged)
    drain_but(house, courier, stuck)
    with house.database.read() as db:
        [(row, waiting)] = store.parked(db, HERE)
    assert (row.aggregate, row.seq, row.reason, waiting) == (stuck, 0, "crm:E17", len(rows(house, stuck)) - 1)
    crm.trouble = lambda _record: None
    with pytest.raises(NotFound):
        house.works.run(actions.release, row.id, cast.zheng)
    house.works.run(actions.release, row.id, cast.wu)
    drain(house, courier)
    assert holds_the_same(house, crm)


def drain_but(house: House, courier: Courier, stuck: str) -> None:
    for _ in range(20):
        courier.drain()
        make.advance(house, 301)
    assert {row.aggregate for row in rows(house) if row.state != "acked"} == {stuck}


def test_who_asks_us_to_wait_is_left_alone_for_so_long(
    house: House, courier: Courier, crm: Refusing, logged: list[tuple[str, Referral]]
) -> None:
    crm.trouble = lambda _record: Trouble(Verdict.RETRY, "http_429", 120.0)
    courier.drain()
    asked, crm.trouble = len(logged), lambda _record: None
    make.advance(house, 119)
    assert courier.drain() == 0
    make.advance(house, 2)
    assert courier.drain() >= asked
    assert {row.attempts for row in rows(house) if row.seq == 0} == {1}


def test_when_head_office_does_not_let_us_in_the_road_rests_and_deeds_go_on(
    house: House, cast: Cast, courier: Courier, crm: Refusing, logged: list[tuple[str, Referral]]
) -> None:
    crm.is_shut = True
    courier.drain()
    with house.database.read() as db:
        line = store.look_at_line(db, HERE)
    assert line is not None and line.paused_reason == "http_403"
    go_on(house, cast, logged)
    make.advance(house, 30)
    assert courier.drain() == 0 and crm.told == []
    crm.is_shut = False
    drain(house, courier)
    assert holds_the_same(house, crm)


@pytest.mark.parametrize("message", ["记录不存在", "Datensatz fehlt", "no such record", ""])
def test_the_same_refusal_in_any_language_means_the_same(message: str) -> None:
    with crm_server(Habits(message=message)) as server:
        connector = connect(server.mapping, TOKEN)
        with pytest.raises(Trouble) as caught:
            connector.upsert_referral(Record("x", 1, 1, HERE, "2026-11-23", "created", "card"), "17", None, "k")
        connector.close()
    assert caught.value.verdict is Verdict.GONE


def test_a_crm_that_takes_a_field_and_does_not_keep_it_is_found_out(
    house: House, logged: list[tuple[str, Referral]]
) -> None:
    with crm_server(Habits(drops="amount")) as server:
        connector = connect(server.mapping, TOKEN)
        courier = Courier(house, connector, lanes=2)
        drain(house, courier)
        book(house, logged[0][0], logged[0][1].product_line, "B-1")
        courier.drain()
        courier.close()
    with house.database.read() as db:
        [(row, _waiting)] = store.parked(db, HERE)
    assert row.reason == "not_kept:amount_minor"


def test_answers_that_get_lost_between_two_machines_make_no_second_record(
    house: House, cast: Cast, logged: list[tuple[str, Referral]]
) -> None:
    habits = Habits(heeds_keys=False, returns_id=False)
    with crm_server(habits) as server:
        connector = connect(server.mapping, TOKEN)
        courier = Courier(house, connector, lanes=2)
        habits.loses_answers = 0.2
        courier.drain()
        go_on(house, cast, logged)
        drain(house, courier)
        habits.loses_answers = 0.0
        ours = expected(house)
        assert sorted(row["ext"] for row in server.leads.values()) == sorted(ours)
        assert len(server.contacts) == 2
        assert reconcile(house, connector, HERE).repaired == []
        courier.close()
