"""How the queue stands as a whole is told whenever it changes, and the picture says the same as the news."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from lobby_server.branch import store as branches
from lobby_server.branch.actions import SignOfLife, note_heartbeat, revoke
from lobby_server.branch.tables import branch as branch_table
from lobby_server.kernel.actor import Actor, system
from lobby_server.kernel.house import House
from lobby_server.kernel.tables import event
from lobby_server.queue import actions, store
from lobby_server.queue.discipline import replay
from lobby_server.queue.rules import Parameters, QueuePolicy
from lobby_server.worker import Worker
from tests import make
from tests.make import Cast
from tests.screen import picture


def told(house: House) -> list[dict[str, Any]]:
    """Every `queue.changed`, oldest first."""
    with house.database.read() as db:
        return list(db.scalars(sa.select(event.c.data).where(event.c.type == "queue.changed").order_by(event.c.seq)))


def plan(house: House, points: int, from_minute: int = 0, to_minute: int = 1440) -> None:
    """The branch plans so many windows every day between two minutes."""
    spans = [{"weekdays": [1, 2, 3, 4, 5, 6, 7], "from_minute": from_minute, "to_minute": to_minute, "points": points}]
    planned = branch_table.update().where(branch_table.c.id == make.HERE).values(plan=spans)
    house.database.run(lambda db: db.execute(planned))


def test_opening_and_closing_windows_is_told_with_what_is_planned(house: House, cast: Cast) -> None:
    plan(house, 2)
    make.opened(house, cast.zhou, "W1")
    make.opened(house, cast.wu, "D1")  # a desk is in no plan of windows
    make.opened(house, cast.second_teller, "W2")
    house.works.run(actions.close_service_point, "W1", cast.zhou)
    assert [(each["points_open"], each["points_planned"], each["is_degraded"]) for each in told(house)] == [
        (1, 2, True),
        (2, 2, False),
        (1, 2, True),
    ]
    assert picture(house, cast.chen)["queue"] == told(house)[-1]


def test_a_ticket_that_nobody_serves_is_named_to_staff_and_not_to_the_hall(house: House, cast: Cast) -> None:
    ticket = make.ticket(house, cast.kiosk)
    assert told(house)[-1]["unserved"] == [ticket.id]
    assert picture(house, cast.chen)["queue"]["unserved"] == [ticket.id]
    assert "unserved" not in picture(house, cast.kiosk)["queue"]
    make.opened(house, cast.zhou, "W1")
    assert told(house)[-1]["unserved"] == []


def test_what_changes_nothing_is_not_told(house: House, cast: Cast) -> None:
    make.opened(house, cast.zhou, "W1")
    before = told(house)
    make.ticket(house, cast.kiosk)
    house.works.run(actions.call_next, "W1", cast.zhou)
    Worker(house, make.TYPES).refresh_waits()
    assert told(house) == before


def test_when_the_hour_changes_the_plan_the_worker_tells_it(house: House, cast: Cast) -> None:
    make.opened(house, cast.zhou, "W1")
    plan(house, 3, 10 * 60 + 30, 12 * 60)
    for minutes, planned in ((29, None), (2, 3), (90, None)):
        make.advance(house, minutes * 60)
        Worker(house, make.TYPES).refresh_waits()
        assert told(house)[-1]["points_planned"] == planned


def test_on_a_holiday_nothing_is_planned(house: House, cast: Cast) -> None:
    plan(house, 3)
    closed = branch_table.update().where(branch_table.c.id == make.HERE).values(closed_on=[make.TODAY.isoformat()])
    house.database.run(lambda db: db.execute(closed))
    with house.database.read() as db:
        found = branches.find_branch(db, make.HERE)
    assert found is not None and make.TODAY in found.closed_on
    make.opened(house, cast.zhou, "W1")
    assert told(house)[-1]["points_planned"] is None


def beat(house: House, device_id: str) -> None:
    house.works.run(note_heartbeat, SignOfLife(device_id, {}), Actor("device", device_id, make.HERE))


def fire_due(house: House) -> None:
    """The worker notices who fell silent."""
    Worker(house, make.TYPES).fire_due()


def enrolled(house: House, kind: str) -> list[str]:
    """Two devices of a kind and one of the other, all heard."""
    other = "machine" if kind == "kiosk" else "kiosk"
    places = {"kiosk": None, "machine": "S1"}
    ids = [make.enrolled(house, each, places[each]) for each in (other, kind, kind)]
    for each in ids:
        beat(house, each)
    return ids


@pytest.mark.parametrize("kind", ["kiosk", "machine"])
def test_when_the_last_one_of_a_kind_falls_silent_the_breaker_is_told_until_one_is_heard(
    house: House, cast: Cast, kind: str
) -> None:
    make.opened(house, cast.zhou, "W1")
    other, *ours = enrolled(house, kind)
    make.advance(house, 20)
    beat(house, ours[0])
    beat(house, other)
    stands = []
    for seconds in (15, 20, 0):
        make.advance(house, seconds)
        beat(house, other)
        if not seconds:
            beat(house, ours[1])
        fire_due(house)
        newest = told(house)[-1]
        stands.append((newest[f"{kind}s_down"], newest["is_degraded"]))
        assert (newest["kiosks_down"] or newest["machines_down"]) is newest["is_degraded"]
        assert picture(house, cast.kiosk)["queue"][f"{kind}s_down"] is newest["is_degraded"]
    assert stands == [(False, False), (True, True), (False, False)]


def test_a_branch_without_kiosks_and_a_kiosk_that_is_taken_away_are_no_breakdown(house: House, cast: Cast) -> None:
    make.opened(house, cast.zhou, "W1")
    kiosk = make.enrolled(house, "kiosk")
    beat(house, kiosk)
    make.advance(house, 31)
    fire_due(house)
    assert told(house)[-1]["kiosks_down"] is True
    house.works.run(revoke, kiosk, cast.chen)
    assert told(house)[-1]["kiosks_down"] is False


@pytest.mark.parametrize("planned", [None, 3])
@pytest.mark.parametrize("kiosks_down", [False, True])
def test_in_degraded_mode_priority_takes_every_third_call_at_most(
    house: House, planned: int | None, kiosks_down: bool
) -> None:
    cast = make.furnish(house, QueuePolicy("accumulating", 1, 5))
    if planned is not None:
        plan(house, planned)
    if kiosks_down:
        beat(house, make.enrolled(house, "kiosk"))
    make.opened(house, cast.zhou, "W1")
    for level in ("ordinary", "ordinary", "vip", "vip"):
        make.ticket_at_level(house, cast.kiosk, level)
    make.advance(house, 600)
    fire_due(house)
    called = []
    for _ in range(2):
        ticket = house.works.run(actions.call_next, "W1", cast.zhou)
        assert ticket is not None
        called.append(ticket.service_level)
        at = actions.AtPoint("W1", ticket.id)
        for deed in (actions.start_service, actions.finish_service):
            house.works.run(deed, at, cast.zhou)
    assert called == ["vip", "ordinary" if planned or kiosks_down else "vip"]
    with house.database.read() as db:
        assert all(replay(each) for each in store.all_calls(db))


def test_a_change_of_the_rule_is_told_at_once(house: House, cast: Cast) -> None:
    policy = QueuePolicy("accumulating", 2, 5, Parameters(points_planned=2))
    house.works.run(actions.change_policy, actions.StartQueue(make.HERE, policy), system(make.HERE))
    newest = told(house)[-1]
    assert (newest["rule_version"], newest["overtake_cap"], newest["is_degraded"]) == ("accumulating/2", 5, True)
    with house.database.read() as db:
        assert store.look_at_queue(db, make.HERE).standing.points_planned == 2
