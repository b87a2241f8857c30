"""Tickets: numbers, turns, and what two at once may not do."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import date

import pytest
import sqlalchemy as sa

from lobby_server.admin.check import run_checks
from lobby_server.kernel import event_log
from lobby_server.kernel.actor import system
from lobby_server.kernel.errors import Conflict, Invalid, NotFound, Refusal, Unavailable
from lobby_server.kernel.house import House
from lobby_server.queue import actions, store
from lobby_server.queue.rules import Ticket, TicketState
from lobby_server.queue.tables import ticket, ticket_call, ticket_counter
from lobby_server.visits.actions.sending import Route, route
from tests import make
from tests.make import Cast

KIOSKS, TICKETS_EACH = 8, 6


def test_each_series_counts_from_one_each_business_day(house: House, cast: Cast) -> None:
    assert [make.ticket(house, cast.kiosk, each).number for each in ("cash", "loan", "cash")] == [
        "A001",
        "D001",
        "A002",
    ]
    make.advance(house, 24 * 3600)
    tomorrow = make.ticket(house, cast.kiosk)
    assert (tomorrow.number, tomorrow.business_day) == ("A001", date(2026, 11, 24))


def test_the_business_day_turns_at_the_cut_over_and_never_back(house: House, cast: Cast) -> None:
    make.advance(house, 17 * 3600)  # 03:00 on the next day: still the same business day
    assert make.ticket(house, cast.kiosk).business_day == make.TODAY
    make.advance(house, 2 * 3600)
    assert make.ticket(house, cast.kiosk).business_day == date(2026, 11, 24)
    make.advance(house, -30 * 3600)  # somebody sets the clock back
    late = make.ticket(house, cast.kiosk)
    assert (late.business_day, late.number) == (date(2026, 11, 24), "A002")


def test_the_thousandth_of_a_series_is_told_so_and_leaves_no_hole(house: House, cast: Cast) -> None:
    make.ticket(house, cast.kiosk)
    house.database.run(lambda db: db.execute(ticket_counter.update().values(last=999)))
    with pytest.raises(Unavailable, match="series_full"):
        make.ticket(house, cast.kiosk)
    with house.database.read() as db:
        assert db.scalar(sa.select(ticket_counter.c.last)) == 999


def test_the_earliest_arrival_that_the_window_serves_is_called(house: House, cast: Cast) -> None:
    make.opened(house, cast.zhou, "W1")
    make.ticket(house, cast.kiosk, "loan")
    make.advance(house, 1)
    expected = make.ticket(house, cast.kiosk, "account")
    make.advance(house, 1)
    make.ticket(house, cast.kiosk, "cash")
    called = _call(house, cast)
    assert called is not None
    assert (called.number, called.service_point, called.call_count) == (expected.number, "W1", 1)


def test_who_came_first_goes_first_even_if_they_took_their_ticket_later(house: House, cast: Cast) -> None:
    make.opened(house, cast.zhou, "W1")
    early = make.arrival(house, cast.kiosk).visit
    make.advance(house, 1)
    make.ticket(house, cast.kiosk)
    house.works.run(route, Route(early.id, make.TYPES["cash"]), cast.kiosk)
    called = _call(house, cast)
    assert called is not None
    assert (called.visit_id, called.number) == (early.id, "A002")


def test_why_a_ticket_was_called_is_stored_with_the_call(house: House, cast: Cast) -> None:
    make.opened(house, cast.zhou, "W1")
    first, second = make.ticket(house, cast.kiosk), make.ticket(house, cast.kiosk, "account")
    make.advance(house, 90)
    _call(house, cast)
    with house.database.read() as db:
        row = db.execute(sa.select(ticket_call)).one()
    assert (row.rule_version, row.reason) == ("fifo/1", "earliest_arrival")
    assert {each["number"] for each in row.candidates} == {first.number, second.number}
    assert {each["waited_s"] for each in row.candidates} == {90.0}


def test_a_point_has_one_ticket_in_hand_at_a_time(house: House, cast: Cast) -> None:
    make.opened(house, cast.zhou, "W1")
    made = make.ticket(house, cast.kiosk)
    make.ticket(house, cast.kiosk)
    _call(house, cast)
    for deed in (actions.call_next, actions.close_service_point):
        with pytest.raises(Conflict, match="ticket_in_hand") as refused:
            house.works.run(deed, "W1", cast.zhou)
        assert refused.value.facts == {"number": made.number}


def test_nobody_waits_is_an_answer_and_changes_nothing(house: House, cast: Cast) -> None:
    make.opened(house, cast.zhou, "W1")
    make.ticket(house, cast.kiosk, "loan")
    before = _seq(house)
    assert _call(house, cast) is None
    assert _seq(house) == before


@pytest.mark.parametrize(
    ("deed", "state"),
    [(actions.start_service, "in_service"), (actions.finish_service, "called")],
)
def test_a_deed_out_of_turn_is_refused_with_the_state(
    house: House, cast: Cast, deed: Callable[..., Ticket], state: str
) -> None:
    make.opened(house, cast.zhou, "W1")
    made = make.ticket(house, cast.kiosk)
    _call(house, cast)
    at_point = actions.AtPoint("W1", made.id)
    if state == "in_service":
        house.works.run(actions.start_service, at_point, cast.zhou)
    with pytest.raises(Conflict) as refused:
        house.works.run(deed, at_point, cast.zhou)
    assert (refused.value.code, refused.value.facts) == ("changed", {"state": state})


def test_opening_a_point_closes_the_other_one_and_never_takes_a_colleagues(house: House, cast: Cast) -> None:
    make.opened(house, cast.zhou, "W1")
    make.opened(house, cast.zhou, "W2")
    make.opened(house, cast.second_teller, "W1")
    with pytest.raises(Conflict, match="taken"):
        make.opened(house, cast.zhou, "W1")
    with pytest.raises(Invalid, match="no_person_works_there"):
        make.opened(house, cast.zhou, "S1")


def test_another_branch_has_no_such_point_or_ticket(house: House, cast: Cast) -> None:
    made = make.ticket(house, cast.kiosk)
    make.opened(house, cast.zheng, "W1")
    with pytest.raises(NotFound):
        house.works.run(actions.start_service, actions.AtPoint("W1", made.id), cast.zheng)
    assert house.works.run(actions.call_next, "W1", cast.zheng) is None


def test_the_end_of_the_day_lets_nobody_wait_for_ever(house: House, cast: Cast) -> None:
    make.opened(house, cast.zhou, "W1")
    for _ in range(3):
        make.ticket(house, cast.kiosk)
    called = _call(house, cast)
    assert called is not None
    house.works.run(actions.start_service, actions.AtPoint("W1", called.id), cast.zhou)
    house.works.run(actions.end_day, make.HERE, system(make.HERE))
    with house.database.read() as db:
        states = Counter(db.scalars(sa.select(ticket.c.state)))
        assert store.live(db, make.HERE) == []
    assert states == {"finished": 1, "cancelled": 2}


def test_eight_kiosks_at_once_get_numbers_one_to_n(house: House, cast: Cast) -> None:
    made: list[Ticket] = []

    def take_tickets() -> None:
        kiosk = make.device(make.HERE, "kiosk")
        made.extend(make.ticket(house, kiosk) for _ in range(TICKETS_EACH))

    _at_once([take_tickets] * KIOSKS)
    assert sorted(each.ordinal for each in made) == list(range(1, KIOSKS * TICKETS_EACH + 1))
    assert_sound(house)


def test_tellers_who_call_at_once_never_get_the_same_ticket(house: House, cast: Cast) -> None:
    tellers = {"W1": cast.zhou, "W2": cast.second_teller}
    for point, who in tellers.items():
        make.opened(house, who, point)
    made = {make.ticket(house, cast.kiosk).id for _ in range(12)}
    called: list[str] = []

    def serve(point: str) -> None:
        who = tellers[point]
        while (ticket := house.works.run(actions.call_next, point, who)) is not None:
            called.append(ticket.id)
            for deed in (actions.start_service, actions.finish_service):
                house.works.run(deed, actions.AtPoint(point, ticket.id), who)

    _at_once([lambda: serve("W1"), lambda: serve("W2")])
    assert Counter(called) == dict.fromkeys(made, 1)
    assert_sound(house)


def test_one_teller_on_two_screens_calls_one_ticket(house: House, cast: Cast) -> None:
    make.opened(house, cast.zhou, "W1")
    for _ in range(4):
        make.ticket(house, cast.kiosk)
    outcomes: list[str] = []

    def press() -> None:
        try:
            ticket = _call(house, cast)
            outcomes.append(ticket.number if ticket else "none")
        except Refusal as refusal:
            outcomes.append(refusal.code)

    _at_once([press] * 4)
    assert sorted(outcomes) == ["A001", "ticket_in_hand", "ticket_in_hand", "ticket_in_hand"]
    assert_sound(house)


def test_the_database_itself_refuses_a_second_ticket_at_a_point(house: House, cast: Cast) -> None:
    make.opened(house, cast.zhou, "W1")
    made = [make.ticket(house, cast.kiosk) for _ in range(2)]
    _call(house, cast)
    forced = ticket.update().where(ticket.c.id == made[1].id).values(state=str(TicketState.CALLED), service_point="W1")
    with pytest.raises(sa.exc.IntegrityError):
        house.database.run(lambda db: db.execute(forced))


def assert_sound(house: House) -> None:
    """Every invariant that `branch-lobby check` asks for holds."""
    with house.database.read() as db:
        assert {name: faults for name, faults in run_checks(db, house.keys).items() if faults} == {}


def _at_once(deeds: list[Callable[[], object]]) -> None:
    """Run the deeds on threads that start together; a thread that fails fails the test."""
    start = threading.Barrier(len(deeds))
    failed: list[BaseException] = []

    def run(deed: Callable[[], object]) -> None:
        start.wait()
        try:
            deed()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def _call(house: House, cast: Cast) -> Ticket | None:
    return house.works.run(actions.call_next, "W1", cast.zhou)


def _seq(house: House) -> int:
    with house.database.read() as db:
        return event_log.position(db, make.HERE).seq
