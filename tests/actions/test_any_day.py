"""Any day that people can make: in whatever order, with screens that come and go, everything still holds.

A hypothesis machine plays kiosks, two tellers and a tablet that loses its connection; after each day every
invariant is asked for and the tablet must show exactly what is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from lobby_server.admin.check import run_checks
from lobby_server.kernel.errors import Refusal
from lobby_server.queue import actions
from lobby_server.queue.rules import Ticket
from lobby_server.visits.actions import caring, sending
from tests import make
from tests.screen import Screen, new_delivery

SERVICES = st.sampled_from(["cash", "account", "corporate", "loan"])
DAYS, DEEDS = 25, 40


class AnyDay(RuleBasedStateMachine):
    """One day. `new_database` is set by the test that runs it."""

    new_database: ClassVar[Callable[[], str]]

    def __init__(self) -> None:
        super().__init__()
        self.house = make.house(type(self).new_database())
        self.in_hand: dict[str, Ticket] = {}
        self.waiting: list[Ticket] = []
        self.hesitating: list[str] = []

    @initialize()
    def furnish(self) -> None:
        self.cast = make.furnish(self.house)
        self.delivery, self.wires = new_delivery(self.house)
        self.tablet = Screen(self.house, self.cast.chen, self.wires, self.delivery, "tablet")
        self.tablet.connect()
        self.tellers = {"W1": self.cast.zhou, "W2": self.cast.second_teller}
        for point, who in self.tellers.items():
            make.opened(self.house, who, point)

    @rule(service=SERVICES, known=st.sampled_from([None, make.WANG, make.LI]))
    def somebody_takes_a_ticket(self, service: str, known: Any) -> None:
        code = make.seen(self.house, known) if known else None
        try:
            self.waiting.append(make.ticket(self.house, self.cast.kiosk, service, code))
        except Refusal as refusal:
            # Only somebody we know can have a ticket already.
            if known is None or refusal.code != "already_routed":
                raise

    @rule()
    def somebody_arrives_and_hesitates(self) -> None:
        self.hesitating.append(make.arrival(self.house, self.cast.kiosk).visit.id)

    @precondition(lambda self: self.hesitating)
    @rule(data=st.data(), service=SERVICES)
    def they_make_up_their_mind(self, data: st.DataObject, service: str) -> None:
        visit_id = data.draw(st.sampled_from(self.hesitating))
        self.hesitating.remove(visit_id)
        chosen = sending.Route(visit_id, make.TYPES[service])
        self.waiting.append(self.house.works.run(sending.route, chosen, self.cast.kiosk).issued.ticket)

    @rule(point=st.sampled_from(["W1", "W2"]))
    def a_teller_calls(self, point: str) -> None:
        if point in self.in_hand:
            return
        serves = {"A", "B"}
        mine = [each for each in self.waiting if each.ticket_class in serves]
        called = self.house.works.run(actions.call_next, point, self.tellers[point])
        expected = min(mine, key=lambda each: (each.arrived_at, each.id), default=None)
        assert (called.id if called else None) == (expected.id if expected else None)
        if called is not None and expected is not None:
            self.waiting.remove(expected)
            self.in_hand[point] = called

    @precondition(lambda self: self.in_hand)
    @rule(data=st.data())
    def a_customer_is_served(self, data: st.DataObject) -> None:
        point = data.draw(st.sampled_from(sorted(self.in_hand)))
        at_point = actions.AtPoint(point, self.in_hand.pop(point).id)
        self.house.works.run(actions.start_service, at_point, self.tellers[point])
        self.house.works.run(actions.finish_service, at_point, self.tellers[point])

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def the_manager_takes_somebody(self, data: st.DataObject) -> None:
        ticket = data.draw(st.sampled_from(self.waiting))
        self.house.works.run(caring.claim, ticket.visit_id, self.cast.chen)

    @rule(seconds=st.sampled_from([-90, -1, 1, 30, 400]))
    def time_passes_or_is_set_back(self, seconds: int) -> None:
        make.advance(self.house, seconds)

    @rule()
    def news_is_delivered(self) -> None:
        self.delivery.deliver()
        if self.tablet.is_connected:
            self.tablet.shows_what_is()

    @rule()
    def the_tablet_sleeps(self) -> None:
        self.tablet.drop()

    @rule()
    def the_tablet_wakes(self) -> None:
        self.tablet.connect()

    def teardown(self) -> None:
        if hasattr(self, "tablet"):
            self.tablet.drop()
            self.tablet.connect()
            self.delivery.deliver()
            self.tablet.shows_what_is()
            assert self.tablet.applied == sorted(set(self.tablet.applied))
            # Once, when it was switched on: whatever it slept through came back by number, without a gap.
            assert self.tablet.fetched == 1
            with self.house.database.read() as db:
                assert not any(run_checks(db, self.house.keys).values())
        self.house.database.close()


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_on_any_day_numbers_turns_events_and_screens_hold(engine: str, new_database: Callable[[], str]) -> None:
    machine = type("Day", (AnyDay,), {"new_database": staticmethod(new_database)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=DAYS,
            stateful_step_count=DEEDS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
