"""Any day that people can make: in whatever order, with screens that come and go, everything still holds.

A hypothesis machine plays kiosks, two tellers, a self-service machine and a tablet that loses its connection; after
each deed everybody must be at exactly one place, after each day every invariant is asked for and the tablet must show
exactly what is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from lobby_server.admin.check import run_checks
from lobby_server.branch import store as branches
from lobby_server.kernel.errors import Refusal
from lobby_server.queue import actions
from lobby_server.queue import store as queue_store
from lobby_server.queue.rules import Ticket
from lobby_server.visits import store as visits
from lobby_server.visits.actions import caring, machines, sending
from lobby_server.visits.store.checks import one_place_faults
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
        self.at_machine: tuple[str, Ticket | None] | None = None
        self.is_moot = False

    @initialize()
    def furnish(self) -> None:
        self.cast = make.furnish(self.house)
        self.delivery, self.wires = new_delivery(self.house)
        self.tablet = Screen(self.house, self.cast.chen, self.wires, self.delivery, "tablet")
        self.tablet.connect()
        self.machine_id = make.enrolled(self.house, "machine", "S1")
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

    @rule(data=st.data(), service=st.sampled_from(["transfer", "statement"]))
    def somebody_is_sent_to_the_machine(self, data: st.DataObject, service: str) -> None:
        here = [*self.hesitating, *(each.visit_id for each in self.waiting)]
        if not here:
            return
        visit_id = data.draw(st.sampled_from(here))
        self.machine_beats()
        try:
            self.house.works.run(machines.send, sending.Route(visit_id, make.TYPES[service]), self.cast.chen)
        except Refusal as refusal:
            if refusal.code != "machine_taken" or self.at_machine is None:
                raise
            return
        assert self.at_machine is None
        ticket = next((each for each in self.waiting if each.visit_id == visit_id), None)
        self.waiting = [each for each in self.waiting if each is not ticket]
        self.hesitating = [each for each in self.hesitating if each != visit_id]
        # A ticket for what they do at the machine now is worth nothing any more once it is done there.
        self.is_moot = ticket is not None and ticket.service_type == service
        self.at_machine = (visit_id, ticket)

    @precondition(lambda self: self.at_machine)
    @rule(
        how=st.sampled_from(["undo", "start", "done", "failed", "refused", "back", "lost"]),
    )
    def the_machine_goes_on(self, how: str) -> None:
        assert self.at_machine is not None
        (visit_id, ticket), run = self.at_machine, self.house.works.run
        if how == "start":
            run(machines.start, visit_id, self.cast.chen)
            return
        if how == "undo":
            try:
                run(caring.undo, visit_id, self.cast.chen)
            except Refusal as refusal:
                # Too late, or they have begun meanwhile.
                if refusal.code != "nothing_to_undo":
                    raise
                return
        elif how == "back":
            run(machines.return_to_line, machines.Return(visit_id, "changed_mind"), self.cast.chen)
        elif how == "lost":
            run(lambda work, code: machines.lose_machine(work, make.HERE, code), "S1", self.cast.chen)
        else:
            run(machines.finish, machines.Finish(visit_id, how), self.cast.chen)
        self.at_machine = None
        self._after_the_machine(visit_id, None if self.is_moot and how == "done" else ticket, how)

    def _after_the_machine(self, visit_id: str, ticket: Ticket | None, how: str) -> None:
        """Who had a ticket has it again; who had none is gone, undecided, or has one at the place of their arrival."""
        with self.house.database.read() as db:
            now, visit = queue_store.live_ticket_of(db, visit_id), visits.find(db, make.HERE, visit_id)
        assert visit is not None and visit.errand is None
        if ticket is not None:
            assert now is not None and (now.id, now.placed_at) == (ticket.id, ticket.placed_at)
            assert (now.overtaken_auto, now.overtaken_manual) == (ticket.overtaken_auto, ticket.overtaken_manual)
        elif how in ("done", "undo"):
            assert now is None and visit.state == ("left" if how == "done" else "arrived")
            self.hesitating += [visit_id] if how == "undo" else []
        else:
            assert now is not None and now.placed_at == visit.arrived_at
        self.waiting += [now] if now is not None else []

    @precondition(lambda self: self.waiting or self.hesitating)
    @rule(data=st.data(), is_mistaken=st.booleans())
    def somebody_is_let_go(self, data: st.DataObject, is_mistaken: bool) -> None:
        visit_id = data.draw(st.sampled_from([*self.hesitating, *(each.visit_id for each in self.waiting)]))
        self.house.works.run(caring.let_go, caring.Leave(visit_id, "went_away"), self.cast.chen)
        if is_mistaken:
            self.house.works.run(caring.undo, visit_id, self.cast.chen)
            return
        self.hesitating = [each for each in self.hesitating if each != visit_id]
        self.waiting = [each for each in self.waiting if each.visit_id != visit_id]

    @invariant()
    def everybody_is_at_exactly_one_place(self) -> None:
        if hasattr(self, "cast"):
            with self.house.database.read() as db:
                assert one_place_faults(db) == []

    def machine_beats(self) -> None:
        """The machine has just been heard."""
        now = self.house.clock.now()
        self.house.database.run(lambda db: branches.note_sign_of_life(db, self.machine_id, {}, False, now))

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
