"""What machines, kiosks and colleagues do that somebody must come for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lobby_server.branch.actions import SignOfLife, note_heartbeat, revoke
from lobby_server.customers import store as customers
from lobby_server.kernel.actor import Actor, system
from lobby_server.kernel.house import House
from lobby_server.staff import store as staff
from lobby_server.staff.actions import sign_in
from lobby_server.visits.actions import alerts, caring, machines, sending
from lobby_server.visits.rules import Alert, AlertKind, Rung, ServiceLevel
from lobby_server.visits.store import alerts as store
from lobby_server.worker import Worker
from tests import make
from tests.make import Cast


def living(house: House) -> list[Alert]:
    """The living alerts, oldest first."""
    with house.database.read() as db:
        return store.live(db, make.HERE)


def enrolled(house: House, kind: str, point: str | None = None) -> Actor:
    """A device that has just been heard."""
    who = Actor("device", make.enrolled(house, kind, point), make.HERE, frozenset({kind}))
    beat(house, who, {})
    return who


def beat(house: House, who: Actor, health: Mapping[str, Any]) -> None:
    """A sign of life."""
    house.works.run(note_heartbeat, SignOfLife(who.id, health), who)


def pass_by(house: House, seconds: float, *alive: Actor) -> None:
    """Time passes; some are heard, and the worker looks."""
    make.advance(house, seconds)
    for each in alive:
        beat(house, each, {})
    Worker(house, make.TYPES).fire_due()


def test_a_lost_machine_is_an_alert_until_it_is_heard_again(house: House, cast: Cast) -> None:
    who = enrolled(house, "machine", "S1")
    pass_by(house, 31)
    (alert,) = living(house)
    assert (alert.kind, alert.urgency, alert.service_point, alert.device_id) == ("machine_lost", "fault", "S1", who.id)
    assert alert.facts["device_kind"] == "machine"
    beat(house, who, {})
    assert living(house) == []
    pass_by(house, 31)
    house.works.run(revoke, who.id, system(make.HERE))
    assert living(house) == []


def test_a_tablet_may_sleep_and_a_kiosk_may_not(house: House, cast: Cast) -> None:
    enrolled(house, "tablet")
    kiosk = enrolled(house, "kiosk")
    pass_by(house, 31)
    assert [each.device_id for each in living(house)] == [kiosk.id]


def test_a_kiosk_that_is_short_of_paper_says_so_once_and_until_it_has_some(house: House, cast: Cast) -> None:
    kiosk = enrolled(house, "kiosk")
    for paper in ("ok", "low", "low", "out"):
        beat(house, kiosk, {"paper": paper})
    (alert,) = living(house)
    assert (alert.kind, alert.urgency, alert.facts["paper"]) == ("kiosk_paper", "fault", "low")
    beat(house, kiosk, {"paper": "ok"})
    assert living(house) == []


def test_who_comes_back_from_a_machine_that_failed_is_helped_and_who_changed_their_mind_is_not(
    house: House, cast: Cast
) -> None:
    make.opened(house, cast.zhou)
    enrolled(house, "machine", "S1")

    def sent() -> str:
        visit_id = make.arrival(house, cast.kiosk).visit.id
        house.works.run(machines.send, sending.Route(visit_id, make.TYPES["transfer"]), cast.kiosk)
        return visit_id

    house.works.run(machines.return_to_line, machines.Return(sent(), "changed_mind"), cast.kiosk)
    assert living(house) == []
    failed = sent()
    house.works.run(machines.return_to_line, machines.Return(failed, "machine_failed"), cast.kiosk)
    (alert,) = living(house)
    assert (alert.kind, alert.visit_id, alert.facts) == ("machine_failed", failed, {"reason": "machine_failed"})


def test_a_level_raised_by_hand_is_met_like_one_of_its_own_until_that_is_undone(house: House, cast: Cast) -> None:
    visit_id = make.arrival(house, cast.kiosk).visit.id
    raised = caring.SetLevel(visit_id, ServiceLevel.VULNERABLE, "came with a stick")
    house.works.run(caring.set_level, raised, cast.chen)
    (alert,) = living(house)
    assert (alert.kind, alert.respond_s, alert.facts["reason"]) == ("arrival", 60, "raised_level")
    house.works.run(caring.undo, visit_id, cast.chen)
    assert living(house) == []


def test_whoever_greets_has_answered(house: House, cast: Cast) -> None:
    visit = make.arrival(house, cast.kiosk, make.seen(house, make.WANG)).visit
    house.works.run(caring.greet, visit.id, cast.chen)
    (alert,) = living(house)
    assert alert.acknowledged_by == cast.chen.id


def test_the_customers_own_manager_is_asked_before_the_head(house: House, cast: Cast) -> None:
    mei = replace(
        make.WANG, id=make.new_id(), customer_no="C9", ref=b"\x09" * 8, name="陈美丽", owner_staff_no=cast.wu.number
    )
    house.database.run(lambda db: customers.add_all(db, house.keys, [mei]))
    with house.database.read() as db:
        found = staff.find(db, house.keys, make.HERE, cast.wu.number)
    assert found is not None
    house.works.run(sign_in, found[0], system(make.HERE))
    make.arrival(house, cast.kiosk, make.seen(house, mei))
    climbed = []
    for _ in range(2):
        pass_by(house, 30)
        (alert,) = living(house)
        climbed.append((alert.rung, alert.leased_to))
    assert climbed == [(Rung.RM, cast.wu.id), (Rung.HEAD, None)]


def test_the_same_device_may_ask_for_help_for_a_visit_it_was_given(house: House, cast: Cast) -> None:
    machine = enrolled(house, "machine", "S1")
    visit_id = make.arrival(house, cast.kiosk).visit.id
    house.works.run(machines.send, sending.Route(visit_id, make.TYPES["transfer"]), cast.kiosk)
    asked = house.works.run(alerts.ask_for_help, alerts.AskForHelp(visit_id, "zh-CN"), machine)
    assert (asked.kind, asked.visit_id, asked.device_id) == (AlertKind.HELP, visit_id, machine.id)
