"""What was told at issue is kept, and compared with what happened."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from lobby_server.kernel.actor import system
from lobby_server.kernel.house import House
from lobby_server.kernel.tables import event
from lobby_server.queue import actions, store
from lobby_server.queue.actions import calls
from lobby_server.queue.actions.waits import RefreshWaits, announce_waits, line_of
from lobby_server.queue.rules import QueuePolicy, Usual, Waits
from lobby_server.queue.tables import wait_forecast
from lobby_server.worker import Worker
from tests import make
from tests.make import Cast

TOMORROW = make.TODAY + timedelta(days=1)


def announce(house: House, waits: dict[str, Waits]) -> None:
    """As if the worker had computed these."""
    house.works.run(announce_waits, RefreshWaits(make.HERE, waits), system(make.HERE))


def test_what_was_told_is_kept_with_the_ticket(house: House, cast: Cast) -> None:
    make.ticket(house, cast.kiosk)  # before anything was announced: nothing was told
    announce(house, {"A": Waits(60, 120, 240)})
    told = make.ticket(house, cast.kiosk)
    make.ticket(house, cast.kiosk, "loan")
    with house.database.read() as db:
        (row,) = db.execute(sa.select(wait_forecast)).all()
    assert (row.ticket_id, row.p10_s, row.p50_s, row.p90_s) == (told.id, 60, 120, 240)
    assert row.announced_at == make.MORNING


def test_coverage_compares_the_forecast_with_the_first_call(house: House, cast: Cast) -> None:
    make.opened(house, cast.zhou, "W1")
    announce(house, {"A": Waits(60, 120, 240)})
    for waited_s in (30, 120, 500):
        ticket = make.ticket(house, cast.kiosk)
        make.advance(house, waited_s)
        house.works.run(actions.call_next, "W1", cast.zhou)
        for deed in (actions.start_service, actions.finish_service):
            house.works.run(deed, actions.AtPoint("W1", ticket.id), cast.zhou)
    make.ticket(house, cast.kiosk)  # never called: not counted
    with house.database.read() as db:
        (found,) = store.coverage(db, make.HERE, make.TODAY, TOMORROW)
        assert store.coverage(db, make.ELSEWHERE, make.TODAY, TOMORROW) == []
        assert store.coverage(db, make.HERE, TOMORROW, TOMORROW + timedelta(days=1)) == []
    assert (found.ticket_class, found.week, found.n) == ("A", "2026-W48", 3)
    assert found.within_p10_p90 == pytest.approx(1 / 3)
    assert found.under_p90 == pytest.approx(2 / 3)
    assert found.mae_s == pytest.approx((90 + 0 + 380) / 3)


def test_the_worker_simulates_off_the_hub_and_announces(house: House, cast: Cast) -> None:
    make.opened(house, cast.zhou, "W1")
    for _ in range(8):
        make.ticket(house, cast.kiosk)
    Worker(house, make.TYPES).refresh_waits()
    with house.database.read() as db:
        first = store.look_at_queue(db, make.HERE).waits
    assert set(first) == {"A", "B"}
    assert 0 < first["A"].p10_s < first["A"].p50_s < first["A"].p90_s
    Worker(house, make.TYPES).refresh_waits()
    with house.database.read() as db:
        assert store.look_at_queue(db, make.HERE).waits == first


def test_the_database_refuses_a_forecast_out_of_order(house: House, cast: Cast) -> None:
    ticket = make.ticket(house, cast.kiosk)
    with pytest.raises(sa.exc.IntegrityError):
        house.database.run(lambda db: store.add_forecast(db, ticket.id, Waits(5, 4, 6), make.MORNING))


def test_the_last_days_at_this_hour_are_learnt_and_told_to_the_simulation(house: House, cast: Cast) -> None:
    policy = QueuePolicy("accumulating", 2, 5)
    house.works.run(actions.change_policy, actions.StartQueue(make.HERE, policy), system(make.HERE))
    for _ in range(2):
        for _ in range(3):
            make.ticket(house, cast.kiosk)
        make.opened(house, cast.zhou, "W1")  # after the first ticket, which begins the day
        make.ticket_at_level(house, cast.kiosk, "vip")
        make.advance(house, 600)
        missed = house.works.run(actions.call_next, "W1", cast.zhou)
        assert missed is not None
        at = actions.AtPoint("W1", missed.id)
        for _ in range(2):
            make.advance(house, 30)
            house.works.run(calls.recall, at, cast.zhou)
        house.works.run(calls.no_show, at, cast.zhou)
        make.advance(house, 3600)
        make.ticket(house, cast.kiosk)  # at another hour
        make.advance(house, 23 * 3600 - 660)
    Worker(house, make.TYPES).learn_usual()
    with house.database.read() as db:
        queue = store.look_at_queue(db, make.HERE)
        assert store.look_at_queue(db, make.ELSEWHERE).usual == Usual()
    assert queue.usual.arrivals_per_h == {("A", "ordinary"): 3.0, ("A", "vip"): 1.0}
    assert queue.usual.leavers_per_h == pytest.approx(6.0)  # one who never came in each ten minutes waited
    line = line_of([], [], make.TYPES, house.clock.now(), queue)
    assert line.assumed.arrivals_per_h == queue.usual.arrivals_per_h
    assert line.assumed.leavers_per_h == queue.usual.leavers_per_h
    assert line.assumed.arriving_s["A"] > 0


def test_each_level_is_told_its_own_wait_and_screens_that_of_ordinary_customers(house: House, cast: Cast) -> None:
    announce(house, {"A": Waits(60, 120, 240), "A/vip": Waits(10, 30, 60)})
    ordinary, vip = make.ticket(house, cast.kiosk), make.ticket_at_level(house, cast.kiosk, "vip")
    with house.database.read() as db:
        told = {row.ticket_id: row.p50_s for row in db.execute(sa.select(wait_forecast))}
        changed = list(db.scalars(sa.select(event.c.data).where(event.c.type == "expected_wait.changed")))
    assert told == {ordinary.id: 120, vip.id: 30}
    assert [set(each["waits"]) for each in changed] == [{"A"}]
    # What only another level is told moves no screen.
    announce(house, {"A": Waits(60, 120, 240), "A/vip": Waits(10, 30, 600)})
    with house.database.read() as db:
        assert store.look_at_queue(db, make.HERE).waits_of("vip")["A"].p90_s == 600
        assert store.look_at_queue(db, make.HERE).waits_of("vulnerable")["A"].p90_s == 240
        count = db.scalar(sa.select(sa.func.count()).where(event.c.type == "expected_wait.changed"))
    assert count == 1
