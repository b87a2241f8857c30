"""What happened, numbered without a hole in the order of the commits; nobody rewrites it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from lobby_server.admin.check import run_checks
from lobby_server.branch.events import DeviceEnrolled, DeviceRevoked
from lobby_server.kernel import event_log
from lobby_server.kernel.errors import Conflict
from lobby_server.kernel.event_log import position, read_after
from lobby_server.kernel.events import Event, Recorded
from lobby_server.kernel.house import House
from lobby_server.kernel.tables import event
from lobby_server.kernel.work import Work, Works
from tests import make
from tests.actions.racing import at_once
from tests.make import Cast

WRITERS, WORKS_EACH = 6, 8


def record(work: Work, happened: Sequence[Event]) -> None:
    for each in happened:
        work.record(each)


def enrolled(name: str = "门口", branch_id: str = make.HERE) -> DeviceEnrolled:
    return DeviceEnrolled(branch_id, make.new_id(), "kiosk", name)


def write(house: House, *happened: Event) -> None:
    house.works.run(record, happened, make.device(make.HERE, "kiosk"))


def log_of(house: House, branch_id: str = make.HERE) -> list[Recorded]:
    with house.database.read() as db:
        return read_after(db, branch_id, 0, 10_000)


def assert_sound(house: House) -> None:
    with house.database.read() as db:
        assert {name: faults for name, faults in run_checks(db, house.keys).items() if faults} == {}


# ---- Numbers ------------------------------------------------------------------------------------------------------


def test_each_branch_counts_from_one_in_an_epoch_of_its_own(house: House, cast: Cast) -> None:
    write(house, enrolled("一"), enrolled("二"))
    write(house, enrolled("三"))
    write(house, enrolled("far", make.ELSEWHERE))
    assert [(each.seq, each.data["name"]) for each in log_of(house)] == [(1, "一"), (2, "二"), (3, "三")]
    assert [each.seq for each in log_of(house, make.ELSEWHERE)] == [1]
    with house.database.read() as db:
        here, there = position(db, make.HERE), position(db, make.ELSEWHERE)
    assert (here.seq, there.seq) == (3, 1) and here.epoch != there.epoch


def test_a_reader_never_sees_a_number_appear_below_one_it_has_seen(house: House, cast: Cast) -> None:
    """Racing writers: the order of the numbers is the order of the commits."""
    done = threading.Event()
    seen: list[list[int]] = []

    def watch() -> None:
        while not done.is_set():
            seen.append([each.seq for each in log_of(house)])

    def work_hard() -> None:
        for _ in range(WORKS_EACH):
            write(house, enrolled(), enrolled())

    watcher = threading.Thread(target=watch)
    watcher.start()
    at_once([work_hard] * WRITERS)
    done.set()
    watcher.join()
    assert seen and all(each == list(range(1, len(each) + 1)) for each in seen)
    assert [each.seq for each in log_of(house)] == list(range(1, 2 * WRITERS * WORKS_EACH + 1))
    assert_sound(house)


def test_works_that_touch_two_branches_never_wait_for_each_other(house: House, cast: Cast) -> None:
    here, there = enrolled(), enrolled(branch_id=make.ELSEWHERE)
    at_once([lambda: write(house, here, there), lambda: write(house, there, here)] * 4)
    assert (len(log_of(house)), len(log_of(house, make.ELSEWHERE))) == (8, 8)
    assert_sound(house)


def test_what_is_rolled_back_leaves_no_hole(house: House, cast: Cast) -> None:
    def fail(work: Work, happened: Event) -> None:
        record(work, [happened])
        work.flush()  # even when the numbers were given already
        raise Conflict("changed")

    write(house, enrolled("一"))
    with pytest.raises(Conflict):
        house.works.run(fail, enrolled("never"), cast.kiosk)
    write(house, enrolled("二"))
    assert [(each.seq, each.data["name"]) for each in log_of(house)] == [(1, "一"), (2, "二")]
    assert_sound(house)


def test_the_events_of_one_deed_are_written_whole_or_not_at_all(house: House, cast: Cast) -> None:
    with pytest.raises((TypeError, sa.exc.StatementError)):
        write(house, enrolled(), DeviceEnrolled(make.HERE, "1", "kiosk", object()))  # type: ignore[arg-type]
    assert log_of(house) == []
    assert_sound(house)


def test_the_newest_of_some_kinds_is_found_up_to_a_number(house: House, cast: Cast) -> None:
    write(house, enrolled(), DeviceRevoked(make.HERE, "1", "kiosk", "x"), enrolled())
    with house.database.read() as db:
        asked = [({"device.revoked"}, 3), ({"device.enrolled"}, 2), ({"device.lost"}, 3), (set[str](), 3)]
        assert [event_log.last_of(db, make.HERE, kinds, up_to) for kinds, up_to in asked] == [2, 1, 0, 0]
        assert [each.seq for each in read_after(db, make.HERE, 1, 1)] == [2]


# ---- Time ---------------------------------------------------------------------------------------------------------


def test_the_time_of_events_never_runs_backward_when_the_clock_does(house: House, cast: Cast) -> None:
    jumps = (0, 60, -3600, 1, 3600 * 24 * 365, -3600 * 24 * 365)
    for seconds in jumps:
        make.advance(house, seconds)
        write(house, enrolled())
    times = [each.at for each in log_of(house)]
    assert times == sorted(times)
    assert times[1] - times[0] == timedelta(seconds=60)
    assert times[2] == times[1]


# ---- Reactions and the wake ---------------------------------------------------------------------------------------


def test_what_follows_from_an_event_is_in_the_same_commit(house: House, cast: Cast) -> None:
    def follow(work: Work, happened: DeviceEnrolled) -> None:
        work.record(DeviceRevoked(happened.branch_id, happened.device_id, "kiosk", "x"))

    def refuse(_work: Work, _happened: DeviceRevoked) -> None:
        raise Conflict("no")

    _run_with(house, {DeviceEnrolled: (follow,)}, enrolled())
    assert [each.type for each in log_of(house)] == ["device.enrolled", "device.revoked"]
    with pytest.raises(Conflict):
        _run_with(house, {DeviceEnrolled: (follow,), DeviceRevoked: (refuse,)}, enrolled())
    assert len(log_of(house)) == 2


def test_the_delivery_is_woken_after_the_commit_and_only_for_what_happened(house: House, cast: Cast) -> None:
    woken: list[tuple[str, int]] = []
    works = replace(house.works, wake=lambda branch_id: woken.append((branch_id, len(log_of(house, branch_id)))))
    works.run(record, [enrolled()], cast.kiosk)
    works.run(record, [], cast.kiosk)
    with pytest.raises(Conflict):
        works.run(_fail, None, cast.kiosk)
    assert woken == [(make.HERE, 1)]


def _fail(work: Work, _request: None) -> None:
    work.record(enrolled())
    raise Conflict("no")


def _run_with(house: House, reactions: object, happened: Event) -> None:
    works: Works = replace(house.works, reactions=reactions)  # type: ignore[arg-type]
    works.run(record, [happened], make.device(make.HERE, "kiosk"))


# ---- Nobody rewrites it -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["event", "audit"])
@pytest.mark.parametrize("deed", ["UPDATE {} SET branch_id = branch_id", "DELETE FROM {}"])
def test_the_database_refuses_to_change_or_remove_what_was_written(
    house: House, cast: Cast, table: str, deed: str
) -> None:
    write(house, enrolled())
    with house.database.read() as db:
        before = db.scalar(sa.text(f"SELECT count(*) FROM {table}"))
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        house.database.run(lambda db: db.execute(sa.text(deed.format(table))))
    with house.database.read() as db:
        assert db.scalar(sa.text(f"SELECT count(*) FROM {table}")) == before


def test_the_database_refuses_to_replace_what_was_written(house: House, cast: Cast) -> None:
    """SQLite's REPLACE removes a row without its trigger, unless recursive triggers are on."""
    write(house, enrolled("before"))
    row = {"branch_id": make.HERE, "seq": 1, "type": "x", "at": make.MORNING, "data": {"name": "after"}}
    statement = event.insert().values(row)
    if house.database.is_sqlite:
        statement = statement.prefix_with("OR REPLACE")
    with pytest.raises(sa.exc.DBAPIError):
        house.database.run(lambda db: db.execute(statement))
    assert [each.data["name"] for each in log_of(house)] == ["before"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("deed", ["TRUNCATE event", "TRUNCATE audit CASCADE", "DELETE FROM audit WHERE 1 = 0"])
def test_postgresql_refuses_to_empty_a_log_or_to_ask_for_it(house: House, cast: Cast, deed: str) -> None:
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        house.database.run(lambda db: db.execute(sa.text(deed)))
