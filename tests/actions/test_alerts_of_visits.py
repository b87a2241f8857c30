"""What a claim answers, who is asked for a customer whom somebody awaits, and the alarm of a crowded hall."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from lobby_server.appointments import actions as appointments
from lobby_server.appointments.actions import Book
from lobby_server.customers import store as customers
from lobby_server.kernel.house import House
from lobby_server.queue import actions as queue
from lobby_server.queue.rules import CROWD_WAIT, CROWD_WAITING
from lobby_server.staff import store as staff
from lobby_server.visits.actions import caring
from lobby_server.visits.rules import Rung
from lobby_server.worker import Worker
from tests import make
from tests.actions.test_alerts import hired, living, on_duty, pass_s, the_alert, vip
from tests.make import Cast
from tests.screen import picture


def test_a_claim_that_is_undone_has_answered_nothing(house: House, cast: Cast) -> None:
    on_duty(house, cast.chen, hired(house, "L002", "林悦", "lobby_manager"))
    raised = vip(house, cast)
    assert raised.visit_id is not None
    make.advance(house, 20)
    house.works.run(caring.claim, raised.visit_id, cast.chen)
    assert the_alert(house).acknowledged_by == cast.chen.id
    make.advance(house, 4)
    house.works.run(caring.undo, raised.visit_id, cast.chen)
    again = the_alert(house)
    assert (again.id, again.state, again.acknowledged_by, again.rung) == (raised.id, "raised", None, "lobby")
    assert (again.respond_by - raised.raised_at).total_seconds() == 24 + 30
    pass_s(house, 30)
    assert the_alert(house).leased_to != again.leased_to


def test_what_was_answered_before_or_is_still_taken_care_of_stays_answered(house: House, cast: Cast) -> None:
    on_duty(house, cast.chen, hired(house, "L002", "林悦", "lobby_manager"))
    raised = vip(house, cast)
    assert raised.visit_id is not None
    house.works.run(caring.claim, raised.visit_id, cast.chen)
    make.advance(house, 6)
    house.works.run(caring.greet, raised.visit_id, cast.chen)
    house.works.run(caring.undo, raised.visit_id, cast.chen)
    assert the_alert(house).acknowledged_by == cast.chen.id


def test_the_adviser_whom_somebody_came_to_see_is_asked_before_their_own_rm(house: House, cast: Cast) -> None:
    adviser = hired(house, "R002", "沈若溪", "rm")
    on_duty(house, cast.wu, adviser)
    guest = replace(make.LI, id=make.new_id(), customer_no="C7", ref=b"\x07" * 8, owner_staff_no=cast.wu.number)
    house.database.run(lambda db: customers.add_all(db, house.keys, [guest]))
    for signed_in, asked in ((True, adviser), (False, cast.wu)):
        wish = Book("C7", "wealth", "R002", house.clock.now() + timedelta(minutes=5), 30)
        house.works.run(appointments.book, wish, cast.chen)
        if not signed_in:
            house.database.run(lambda db: staff.remove_sign_ins(db, staff_id=adviser.id))
        visit = make.arrival(house, cast.kiosk, make.seen(house, guest)).visit
        pass_s(house, 30)
        alert = the_alert(house)
        assert (alert.rung, alert.leased_to) == (Rung.RM, asked.id)
        house.works.run(caring.let_go, caring.Leave(visit.id, "no_time"), cast.chen)
        make.advance(house, 3600)


def test_a_crowd_is_an_alarm_until_most_of_it_is_gone(house: House, cast: Cast) -> None:
    make.opened(house, cast.zhou, "W1")
    worker = Worker(house, make.TYPES)
    tickets = []
    crowded = []
    for _ in range(CROWD_WAITING):
        worker.refresh_waits()
        crowded.append(living(house) != [])
        tickets.append(make.ticket(house, cast.kiosk))
    worker.refresh_waits()
    raised = the_alert(house)
    assert not any(crowded)
    assert (raised.kind, raised.urgency, raised.facts, raised.visit_id) == ("crowded", "fault", {"waiting": 10}, None)
    seen = []
    for each in tickets[:3]:
        house.works.run(caring.let_go, caring.Leave(each.visit_id, "no_time"), cast.chen)
        worker.refresh_waits()
        seen.append([each.id for each in living(house)])
    assert seen == [[raised.id], [raised.id], []]


def test_one_who_waits_for_a_quarter_of_an_hour_is_an_alarm_too_and_the_hall_is_not_told(
    house: House, cast: Cast
) -> None:
    make.opened(house, cast.zhou, "W1")
    make.ticket(house, cast.kiosk)
    worker = Worker(house, make.TYPES)
    for seconds, kinds in ((CROWD_WAIT.total_seconds() - 1, []), (1, ["crowded"])):
        make.advance(house, seconds)
        worker.refresh_waits()
        assert [each.kind for each in living(house)] == kinds
    assert picture(house, cast.chen)["queue"]["is_crowded"] is True
    assert "is_crowded" not in picture(house, cast.kiosk)["queue"]
    house.works.run(queue.call_next, "W1", cast.zhou)
    worker.refresh_waits()
    assert living(house) == []
