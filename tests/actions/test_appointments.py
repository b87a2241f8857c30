"""Appointments: booked once, met inside their window, kept when served, missed when nobody comes."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lobby_server.appointments import actions, store
from lobby_server.appointments.actions import Book, Booked, FeedRow
from lobby_server.appointments.rules import Appointment, AppointmentState
from lobby_server.branch import store as branches
from lobby_server.branch.rules import Hours
from lobby_server.identification.actions import examine
from lobby_server.identification.rules import Seen
from lobby_server.kernel.actor import system
from lobby_server.kernel.errors import Conflict, Invalid, NotFound, Refusal
from lobby_server.kernel.house import House
from lobby_server.queue import actions as queue
from lobby_server.visits.actions import Arrive, arrive, machines
from lobby_server.visits.actions.sending import Route, route
from lobby_server.visits.rules import ServiceLevel
from lobby_server.worker import Worker
from tests import make
from tests.actions.racing import at_once
from tests.make import LI, MORNING, WANG, Cast

AT_NOON = MORNING + timedelta(hours=2)


def book(house: House, cast: Cast, **given: Any) -> Booked:
    asked: dict[str, Any] = {"customer_no": "C2", "service_type": "wealth", "staff_no": "R001", "starts_at": AT_NOON}
    return house.works.run(actions.book, Book(**{"minutes": 30, **asked, **given}), cast.chen)


def found(house: House, booked: Booked) -> Appointment:
    with house.database.read() as db:
        kept = store.find_by_code(db, make.KEYS, make.HERE, booked.code)
    assert kept is not None
    return kept


def presented(house: House, code: str, branch_id: str = make.HERE) -> Seen:
    return examine(house, "appointment", code, branch_id)


# ---- Booking ------------------------------------------------------------------------------------------------------


def test_an_appointment_is_found_by_its_code_and_the_code_is_stored_nowhere(house: House, cast: Cast) -> None:
    booked = book(house, cast, note="带护照 𠮷")
    assert found(house, booked) == booked.appointment
    assert (booked.appointment.customer_id, booked.appointment.staff_id) == (LI.id, cast.wu.id)
    assert booked.code.startswith("APT-") and len(booked.code) == 12
    with house.database.read() as db:
        rows = str(db.exec_driver_sql("SELECT * FROM appointment").all())
    assert booked.code not in rows and "护照" not in rows
    with house.database.read() as db:
        assert store.find_by_code(db, make.KEYS, make.ELSEWHERE, booked.code) is None


@pytest.mark.parametrize(
    ("given", "refusal", "code"),
    [
        ({"customer_no": "C9"}, NotFound, "customer"),
        ({"staff_no": "R009"}, NotFound, "staff"),
        ({"staff_no": "T901"}, NotFound, "staff"),
        ({"service_type": "alchemy"}, Invalid, "not_offered"),
        ({"starts_at": MORNING - timedelta(seconds=1)}, Invalid, "in_the_past"),
        ({"starts_at": MORNING + timedelta(days=91)}, Invalid, "too_far"),
        ({"starts_at": MORNING + timedelta(hours=12)}, Invalid, "closed_then"),
    ],
)
def test_an_appointment_that_cannot_be_is_not_booked(
    house: House, cast: Cast, given: dict[str, Any], refusal: type[Refusal], code: str
) -> None:
    _open_from_nine_to_five(house)
    with pytest.raises(refusal, match=code):
        book(house, cast, **given)
    book(house, cast)


def _open_from_nine_to_five(house: House) -> None:
    with house.database.read() as db:
        branch = branches.find_branch(db, make.HERE)
    assert branch is not None
    opened = replace(branch, hours=(Hours((1, 2, 3, 4, 5), 540, 1020),))
    house.database.run(lambda db: branches.save_settings(db, opened))


def test_a_colleague_is_with_one_customer_at_a_time(house: House, cast: Cast) -> None:
    first = book(house, cast)
    for minutes in (-29, 0, 29):
        with pytest.raises(Conflict, match="staff_booked"):
            book(house, cast, starts_at=AT_NOON + timedelta(minutes=minutes))
    book(house, cast, starts_at=AT_NOON + timedelta(minutes=30))
    book(house, cast, starts_at=AT_NOON - timedelta(minutes=30))
    book(house, cast, staff_no=None)
    house.works.run(actions.cancel, first.appointment.id, cast.chen)
    book(house, cast)


def test_two_who_book_the_same_half_hour_at_once_do_not_both_get_it(house: House, cast: Cast) -> None:
    booked: list[Booked] = []

    def try_it() -> None:
        with contextlib.suppress(Conflict):
            booked.append(book(house, cast))

    at_once([try_it, try_it, try_it])
    assert len(booked) == 1


# ---- Coming -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes", "code"),
    [(-181, "appointment_early"), (-180, None), (0, None), (30, None), (31, "appointment_late")],
)
def test_the_code_counts_from_three_hours_before_to_half_an_hour_after(
    house: House, cast: Cast, minutes: int, code: str | None
) -> None:
    booked = book(house, cast, starts_at=MORNING + timedelta(hours=5))
    make.advance(house, (5 * 60 + minutes) * 60)
    if code is None:
        assert presented(house, booked.code).value == booked.code
    else:
        with pytest.raises(Invalid, match=code):
            presented(house, booked.code)


def test_whoever_shows_the_code_is_the_customer_and_has_arrived(house: House, cast: Cast) -> None:
    booked = book(house, cast)
    arrived = make.arrival(house, cast.kiosk, presented(house, f" {booked.code.lower()}\r\n"))
    assert arrived.customer is not None and arrived.customer.id == LI.id
    met = found(house, booked)
    assert (met.state, met.visit_id) == (AppointmentState.ARRIVED, arrived.visit.id)


def test_the_code_shown_again_is_the_same_visit_and_a_prospects_elsewhere_nothing(house: House, cast: Cast) -> None:
    known, prospect = book(house, cast), book(house, cast, customer_no=None, staff_no=None)
    first = make.arrival(house, cast.kiosk, presented(house, known.code))
    assert make.arrival(house, cast.second_kiosk, presented(house, known.code)).visit.id == first.visit.id
    stranger = make.arrival(house, cast.kiosk, presented(house, prospect.code))
    assert stranger.customer is None
    assert make.arrival(house, cast.kiosk, presented(house, prospect.code)).visit.id == stranger.visit.id
    with pytest.raises(Conflict, match="already_checked_in"):
        make.arrival(house, cast.second_kiosk, presented(house, prospect.code))


def test_whoever_is_recognised_by_the_app_has_arrived_for_the_appointment_too(house: House, cast: Cast) -> None:
    booked = book(house, cast)
    tomorrow = book(house, cast, starts_at=AT_NOON + timedelta(days=1))
    make.arrival(house, cast.kiosk, make.seen(house, WANG))
    arrived = make.arrival(house, cast.kiosk, make.seen(house, LI))
    assert (found(house, booked).state, found(house, booked).visit_id) == (AppointmentState.ARRIVED, arrived.visit.id)
    assert found(house, tomorrow).state is AppointmentState.BOOKED


def test_an_appointment_is_kept_when_its_customer_is_served(house: House, cast: Cast) -> None:
    booked = book(house, cast)
    visit_id = make.arrival(house, cast.kiosk, presented(house, booked.code)).visit.id
    ticket = house.works.run(route, Route(visit_id, make.TYPES["wealth"]), cast.kiosk).issued.ticket
    make.opened(house, cast.wu, "D1")
    house.works.run(queue.call_next, "D1", cast.wu)
    assert found(house, booked).state is AppointmentState.ARRIVED
    house.works.run(queue.start_service, queue.AtPoint("D1", ticket.id), cast.wu)
    assert found(house, booked).state is AppointmentState.KEPT


def test_who_comes_on_an_appointment_is_served_at_its_level_for_what_it_is_about(house: House, cast: Cast) -> None:
    booked = book(house, cast)
    visit = make.arrival(house, cast.kiosk, presented(house, booked.code)).visit
    assert (visit.service_level, visit.promise_s) == (ServiceLevel.APPOINTMENT, 300)
    assert visit.level_reason is not None and visit.level_reason.code == "appointment"
    assert visit.need is not None and (visit.need.code, visit.need.reason.code) == ("wealth", "appointment")
    assert visit.appointment is not None
    assert (visit.appointment.starts_at, visit.appointment.staff_id) == (AT_NOON, cast.wu.id)


def test_they_wait_for_their_own_adviser_while_the_adviser_is_there(house: House, cast: Cast) -> None:
    booked = [book(house, cast, customer_no=each, staff_no="R001", starts_at=at) for each, at in _TWO]
    early = make.arrival(house, cast.kiosk, presented(house, booked[0].code)).visit
    absent = house.works.run(route, Route(early.id, make.TYPES["wealth"]), cast.kiosk)
    make.opened(house, cast.wu, "D1")
    visit = make.arrival(house, cast.kiosk, presented(house, booked[1].code)).visit
    there = house.works.run(route, Route(visit.id, make.TYPES["wealth"]), cast.kiosk)
    assert (absent.visit.route, absent.issued.ticket.only_at) == ("adviser", None)
    assert (there.visit.route, there.issued.ticket.only_at) == ("adviser", "D1")
    called = house.works.run(queue.call_next, "D1", cast.wu)
    assert called is not None and called.id == absent.issued.ticket.id


_TWO = (("C1", AT_NOON), ("C2", AT_NOON + timedelta(minutes=30)))


def test_an_appointment_done_at_a_machine_is_kept_too(house: House, cast: Cast) -> None:
    make.enrolled(house, "machine", "S1")
    booked = book(house, cast, service_type="deposit_renewal", staff_no=None)
    visit = make.arrival(house, cast.kiosk, presented(house, booked.code)).visit
    house.works.run(machines.send, Route(visit.id, make.TYPES["deposit_renewal"]), cast.kiosk)
    house.works.run(machines.start, visit.id, cast.kiosk)
    assert found(house, booked).state is AppointmentState.KEPT


def test_an_appointment_is_missed_half_an_hour_after_its_start_unless_somebody_came(house: House, cast: Cast) -> None:
    missed, met = book(house, cast), book(house, cast, staff_no=None)
    house.works.run(arrive, Arrive(make.new_id(), presented(house, met.code), "en", 1), cast.kiosk)
    worker = Worker(house, make.TYPES)
    make.advance(house, (2 * 60 + 30) * 60)
    worker.fire_due()
    assert found(house, missed).state is AppointmentState.BOOKED
    make.advance(house, 1)
    worker.fire_due()
    assert found(house, missed).state is AppointmentState.MISSED
    assert found(house, met).state is AppointmentState.ARRIVED
    with pytest.raises(Invalid, match="appointment_late"):
        presented(house, missed.code)


def test_a_cancelled_or_foreign_appointments_code_is_as_unknown_as_any(house: House, cast: Cast) -> None:
    booked, kept = book(house, cast), book(house, cast, staff_no=None)
    house.works.run(actions.cancel, booked.appointment.id, cast.chen)
    for code, branch_id in ((booked.code, make.HERE), (kept.code, make.ELSEWHERE), ("APT-ABCDEFGH", make.HERE)):
        with pytest.raises(Invalid, match="appointment_unknown"):
            presented(house, code, branch_id)
    with pytest.raises(Conflict, match="changed"):
        house.works.run(actions.cancel, booked.appointment.id, cast.chen)
    with pytest.raises(NotFound):
        house.works.run(actions.cancel, kept.appointment.id, cast.zheng)


# ---- Head office --------------------------------------------------------------------------------------------------

ROW = FeedRow("HQ-1", make.HERE, "C1", "loan", "R001", AT_NOON, 30, "APT-ABCD2345")


def take(house: House, *rows: FeedRow) -> tuple[int, int, int]:
    outcome = house.works.run(actions.take_feed, rows, system(make.HERE))
    return outcome.added, outcome.changed, outcome.unchanged


def test_head_offices_appointments_are_entered_changed_and_cancelled(house: House, cast: Cast) -> None:
    assert take(house, ROW, replace(ROW, appointment_no="HQ-2", code=None)) == (2, 0, 0)
    assert take(house, ROW) == (0, 0, 1)
    assert take(house, replace(ROW, starts_at=AT_NOON + timedelta(hours=1))) == (0, 1, 0)
    arrived = make.arrival(house, cast.kiosk, presented(house, "APT-ABCD2345"))
    assert arrived.customer is not None and arrived.customer.id == WANG.id
    assert take(house, replace(ROW, is_cancelled=True)) == (0, 0, 1)  # they are here: too late
    assert take(house, replace(ROW, appointment_no="HQ-2", is_cancelled=True)) == (0, 1, 0)


@pytest.mark.parametrize("wrong", [{"branch": "9999"}, {"customer_no": "C9"}, {"staff_no": "R009"}])
def test_a_feed_that_names_what_is_not_there_is_refused_whole(house: House, cast: Cast, wrong: dict[str, str]) -> None:
    with pytest.raises(NotFound, match=next(iter(wrong)).removesuffix("_no")):
        take(house, ROW, replace(ROW, appointment_no="HQ-2", **wrong))  # type: ignore[arg-type]
    with house.database.read() as db:
        assert store.find_by_number(db, make.KEYS, "HQ-1") is None
