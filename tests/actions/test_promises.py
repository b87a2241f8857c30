"""What a branch promises: said by itself, kept for whoever was promised it, and tried on what happened."""

from __future__ import annotations

import pytest

from lobby_server.branch import store as branches
from lobby_server.branch.actions.settings import SetCalendar, SetPromises, set_calendar, set_promises
from lobby_server.branch.rules import PROMISES, Promise
from lobby_server.kernel.actor import system
from lobby_server.kernel.errors import Conflict
from lobby_server.kernel.house import House
from lobby_server.queue import actions as queue
from lobby_server.visits import store
from lobby_server.visits.actions import caring
from lobby_server.visits.actions.alerts import AskForHelp, ask_for_help
from lobby_server.visits.rules import ServiceLevel, Visit
from lobby_server.visits.store import alerts
from referral.statistics import store as statistics
from referral.statistics.figures import hall
from referral.statistics.rules import Period
from tests import make
from tests.make import HERE, TODAY, WANG, Cast

OWN = {**PROMISES, "ordinary": Promise(1200, 240), "vip": Promise(120, 20)}


def promise(house: House, version: int = 1) -> None:
    house.works.run(set_promises, SetPromises(OWN, version), system(HERE))


def now(house: House, visit: Visit) -> Visit:
    with house.database.read() as db:
        found = store.find(db, HERE, visit.id)
    assert found is not None
    return found


def test_who_comes_afterwards_is_promised_the_new_and_who_came_before_keeps_theirs(house: House, cast: Cast) -> None:
    before = make.arrival(house, cast.kiosk).visit
    promise(house)
    after = make.arrival(house, cast.kiosk).visit
    private = make.arrival(house, cast.kiosk, make.seen(house, WANG)).visit
    foreign = make.arrival(house, cast.foreign_kiosk).visit
    assert [each.promise_s for each in (before, after, private, foreign)] == [900, 1200, 120, 900]
    assert now(house, before).promise_s == 900


def test_another_level_is_promised_what_counts_by_then_and_undoing_it_gives_the_old_one_back(
    house: House, cast: Cast
) -> None:
    visit = make.arrival(house, cast.kiosk).visit
    promise(house)
    raised = house.works.run(caring.set_level, caring.SetLevel(visit.id, ServiceLevel.VIP, "常客"), cast.chen)
    assert raised.promise_s == 120
    assert house.works.run(caring.undo, visit.id, cast.chen).promise_s == 900


def test_whoever_is_called_to_a_customer_has_as_long_as_the_branch_says(house: House, cast: Cast) -> None:
    promise(house)
    private = make.arrival(house, cast.kiosk, make.seen(house, WANG)).visit
    help_asked = house.works.run(ask_for_help, AskForHelp(None, "zh-CN"), cast.kiosk)
    with house.database.read() as db:
        met = next(each for each in alerts.live(db, HERE) if each.visit_id == private.id)
    assert (met.respond_s, help_asked.respond_s) == (20, 240)


def test_other_settings_leave_the_promises_as_they_are(house: House, cast: Cast) -> None:
    promise(house)
    house.works.run(set_calendar, SetCalendar((), frozenset({TODAY}), (), 2), system(HERE))
    with house.database.read() as db:
        branch = branches.find_branch(db, HERE)
    assert branch is not None and branch.promises == OWN


def test_of_two_who_change_them_one_is_told(house: House, cast: Cast) -> None:
    promise(house)
    with pytest.raises(Conflict, match="changed"):
        promise(house)


def test_what_another_promise_would_have_meant_is_counted_from_what_happened(house: House, cast: Cast) -> None:
    """Three wait 0 s, 60 s and 400 s; somebody who still waits was not called within anything."""
    teller = make.opened(house, cast.zhou)
    for seconds in (0, 60, 400):
        make.ticket(house, cast.kiosk)
        make.advance(house, seconds)
        called = house.works.run(queue.call_next, "W1", teller)
        assert called is not None
        for deed in (queue.start_service, queue.finish_service):
            house.works.run(deed, queue.AtPoint("W1", called.id), teller)
    make.ticket(house, cast.kiosk)
    with house.database.read() as db:
        branch = branches.find_branch(db, HERE)
        assert branch is not None
        waits = statistics.waited(db, branch, Period(TODAY, TODAY))
    assert hall.called_within(waits, 8) == {"ordinary": [1, 2, 2, 2, 2, 2, 2, 3, 3]}
    assert [each.is_kept for each in waits] == [True] * 3


def test_the_figures_judge_each_wait_by_what_that_customer_was_promised(house: House, cast: Cast) -> None:
    teller = make.opened(house, cast.zhou)
    for n in (0, 1):
        if n:
            promise(house)
        make.ticket(house, cast.kiosk)
        make.advance(house, 1000)
        called = house.works.run(queue.call_next, "W1", teller)
        assert called is not None
        house.works.run(queue.start_service, queue.AtPoint("W1", called.id), teller)
        house.works.run(queue.finish_service, queue.AtPoint("W1", called.id), teller)
    with house.database.read() as db:
        branch = branches.find_branch(db, HERE)
        assert branch is not None
        waits = statistics.waited(db, branch, Period(TODAY, TODAY))
    assert [(each.promise_s, each.is_kept) for each in waits] == [(900, False), (1200, True)]
    (level,) = hall.waits_by_level(waits)
    assert (level.promise_s, level.n, level.kept.n) == (1200, 2, 1)
