"""Later deeds: done once when their time has come, moved, taken back, and tried again when they fail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from lobby_server.kernel import due
from lobby_server.kernel.actor import system
from lobby_server.kernel.event_log import read_after
from lobby_server.kernel.house import House
from lobby_server.kernel.tables import due as due_table
from lobby_server.queue import actions as queue
from lobby_server.queue import store as queue_store
from lobby_server.visits import actions as visits
from lobby_server.visits import store as visits_store
from lobby_server.visits.actions import caring, sending
from lobby_server.visits.events import VisitClaimEnded
from lobby_server.visits.rules import Visit, VisitState
from lobby_server.worker import Worker
from tests import make
from tests.actions.racing import at_once
from tests.make import Cast


@pytest.fixture
def worker(house: House, cast: Cast) -> Worker:
    """The worker of a furnished branch; its loops are not begun."""
    return Worker(house, make.TYPES)


def rows_of(house: House) -> list[tuple[str, str]]:
    with house.database.read() as db:
        return [(each.kind, each.ref) for each in db.execute(sa.select(due_table).order_by(due_table.c.at))]


def visit_of(house: House, visit_id: str) -> Visit:
    with house.database.read() as db:
        found = visits_store.find(db, make.HERE, visit_id)
    assert found is not None
    return found


def happened(house: House, kind: str) -> int:
    with house.database.read() as db:
        return sum(each.type == kind for each in read_after(db, make.HERE, 0, 10_000))


def claimed(house: House, cast: Cast) -> str:
    """A visit that waits, taken by the lobby manager."""
    visit_id = make.routed(house, cast.kiosk).visit.id
    house.works.run(caring.claim, visit_id, cast.chen)
    return visit_id


# ---- Once, moved, taken back --------------------------------------------------------------------------------------


def test_a_claim_ends_after_three_minutes_once(house: House, cast: Cast, worker: Worker) -> None:
    visit_id = claimed(house, cast)
    make.advance(house, 179)
    worker.fire_due()
    assert visit_of(house, visit_id).claim is not None
    make.advance(house, 1)
    worker.fire_due()
    worker.fire_due()
    assert visit_of(house, visit_id).claim is None
    assert happened(house, "visit.claim_ended") == 1


def test_a_claim_that_is_prolonged_ends_later(house: House, cast: Cast, worker: Worker) -> None:
    visit_id = claimed(house, cast)
    make.advance(house, 120)
    house.works.run(caring.claim, visit_id, cast.chen)
    make.advance(house, 179)
    worker.fire_due()
    assert visit_of(house, visit_id).claim is not None
    make.advance(house, 1)
    worker.fire_due()
    assert visit_of(house, visit_id).claim is None


def test_somebody_who_chose_nothing_is_gone_after_ten_minutes(house: House, cast: Cast, worker: Worker) -> None:
    undecided, decided = make.arrival(house, cast.kiosk).visit.id, make.routed(house, cast.kiosk).visit.id
    make.advance(house, 599)
    worker.fire_due()
    assert visit_of(house, undecided).state is VisitState.ARRIVED
    make.advance(house, 1)
    worker.fire_due()
    gone = visit_of(house, undecided)
    assert (gone.state, gone.left_because) == (VisitState.LEFT, "undecided")
    assert visit_of(house, decided).state is VisitState.ROUTED


def test_what_is_no_longer_needed_is_taken_back(house: House, cast: Cast) -> None:
    visit_id = make.arrival(house, cast.kiosk).visit.id
    assert (visits.ABANDONED, visit_id) in rows_of(house)
    house.works.run(sending.route, sending.Route(visit_id, make.TYPES["cash"]), cast.kiosk)
    house.works.run(caring.claim, visit_id, cast.chen)
    assert (visits.ABANDONED, visit_id) not in rows_of(house) and (visits.CLAIM_ENDS, visit_id) in rows_of(house)
    house.works.run(queue.end_day, make.HERE, system(make.HERE))
    assert rows_of(house) == [(queue.DAY_ENDS, make.HERE)]


def test_a_deed_that_was_moved_meanwhile_is_not_taken(house: House, cast: Cast) -> None:
    visit_id = claimed(house, cast)
    make.advance(house, 180)
    with house.database.read() as db:
        (ripe,) = [each for each in due.ripe(db, house.clock.now()) if each.kind == visits.CLAIM_ENDS]
    house.works.run(caring.claim, visit_id, cast.chen)
    assert not house.database.run(lambda db: due.take(db, ripe.id, ripe.at))
    assert (visits.CLAIM_ENDS, visit_id) in rows_of(house)


def test_two_workers_do_it_once(house: House, cast: Cast) -> None:
    visit_ids = [claimed(house, cast) for _ in range(5)]
    make.advance(house, 180)
    at_once([Worker(house, make.TYPES).fire_due for _ in range(3)])
    assert [visit_of(house, each).claim for each in visit_ids] == [None] * 5
    assert happened(house, "visit.claim_ended") == 5


# ---- Failing ------------------------------------------------------------------------------------------------------


def _put(house: House, kind: str, ref: str, in_s: float = 0) -> None:
    at = house.clock.now() + timedelta(seconds=in_s)
    house.database.run(lambda db: due.put(db, make.new_id(), make.HERE, at, kind, ref))


def _attempts(house: House, ref: str) -> tuple[int, float]:
    """How often it was tried, and in how many seconds it is tried again."""
    with house.database.read() as db:
        row = db.execute(sa.select(due_table).where(due_table.c.ref == ref)).one()
    return row.attempts, (row.at - house.clock.now()).total_seconds()


def test_a_failing_deed_is_put_off_and_the_others_go_on(
    house: House, cast: Cast, worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    visit_id = claimed(house, cast)
    make.advance(house, 180)
    _put(house, "test.nobody_knows", "x", in_s=-3600)  # the oldest, so it is tried first
    worker.fire_due()
    assert visit_of(house, visit_id).claim is None
    assert _attempts(house, "x") == (1, 60)
    assert [each.message for each in caplog.records] == ["due_deed_failed"]


def test_a_failing_deed_is_tried_each_time_twice_as_late_and_in_the_end_no_more(
    house: House, worker: Worker, cast: Cast
) -> None:
    _put(house, "test.nobody_knows", "x")
    waits: list[float] = []
    while True:
        worker.fire_due()
        attempts, in_s = _attempts(house, "x")
        if waits and attempts == len(waits):
            break
        waits.append(in_s)
        make.advance(house, in_s)
    assert waits == [60 * 2**attempt for attempt in range(due.ATTEMPTS_MAX)]
    _put(house, "test.nobody_knows", "x")  # asked for anew, it has all its tries again
    assert _attempts(house, "x") == (0, 0)


def test_a_failing_deed_leaves_no_trace_but_its_next_try(house: House, cast: Cast, worker: Worker) -> None:
    visit_id = claimed(house, cast)
    before = happened(house, "visit.claim_ended")
    house.works.reactions = {**house.works.reactions, VisitClaimEnded: (_break,)}
    make.advance(house, 180)
    worker.fire_due()
    assert visit_of(house, visit_id).claim is not None
    assert happened(house, "visit.claim_ended") == before
    assert _attempts(house, visit_id) == (1, 60)


def _break(_work: object, _happened: object) -> None:
    raise RuntimeError("a fault of ours")


def test_after_a_long_outage_deeds_are_done_in_portions_oldest_first(house: House, cast: Cast) -> None:
    for n in range(due.FIRED_AT_ONCE_MAX + 1):
        _put(house, "test.deed", str(n), in_s=-n)
    with house.database.read() as db:
        ripe = due.ripe(db, house.clock.now())
    assert [each.ref for each in ripe] == [str(n) for n in range(due.FIRED_AT_ONCE_MAX, 0, -1)]


# ---- The end of the day -------------------------------------------------------------------------------------------


def _states(house: House) -> dict[str, str]:
    """The state of every live ticket by its day and number."""
    with house.database.read() as db:
        return {f"{each.business_day} {each.number}": str(each.state) for each in queue_store.live(db, make.HERE)}


def test_the_day_ends_at_the_cut_over(house: House, cast: Cast, worker: Worker) -> None:
    make.opened(house, cast.zhou)
    make.ticket(house, cast.kiosk)
    make.advance(house, 18 * 3600 - 1)  # 03:59:59
    worker.fire_due()
    assert _states(house) == {"2026-11-23 A001": "waiting"}
    make.advance(house, 1)
    worker.fire_due()
    assert _states(house) == {}
    assert happened(house, "service_point.closed") == 1


@pytest.mark.parametrize("first", ["an arrival", "the worker"])
def test_a_day_that_turned_while_the_server_slept_still_ends(
    house: House, cast: Cast, worker: Worker, first: str
) -> None:
    """The box is off at night: in the morning yesterday's last customer must not be called first."""
    make.ticket(house, cast.kiosk)
    make.advance(house, 24 * 3600)
    steps: list[Callable[[], object]] = [lambda: make.ticket(house, cast.kiosk), worker.fire_due]
    for step in steps if first == "an arrival" else reversed(steps):
        step()
    assert _states(house) == {"2026-11-24 A001": "waiting"}
    make.opened(house, cast.zhou)
    called = house.works.run(queue.call_next, "W1", cast.zhou)
    assert called is not None and (called.business_day.isoformat(), called.number) == ("2026-11-24", "A001")


def test_somebody_who_came_before_the_cut_over_keeps_the_visit_and_gets_a_number_of_the_new_day(
    house: House, cast: Cast, worker: Worker
) -> None:
    make.ticket(house, cast.kiosk)
    make.advance(house, 18 * 3600 - 60)
    visit_id = make.arrival(house, cast.kiosk).visit.id
    make.advance(house, 120)
    worker.fire_due()
    routed = house.works.run(sending.route, sending.Route(visit_id, make.TYPES["cash"]), cast.kiosk)
    assert (routed.issued.ticket.business_day.isoformat(), routed.issued.ticket.number) == ("2026-11-24", "A001")
