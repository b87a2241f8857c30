"""The doors of appointments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from lobby_server.appointments import actions, store, wire
from lobby_server.appointments.rules import Appointment
from lobby_server.branch import store as branches
from lobby_server.customers import store as customers
from lobby_server.doors.routes import Answer, Call, Door
from lobby_server.doors.who import HEAD, LOBBY_MANAGER, RM, TELLER
from lobby_server.kernel.errors import Invalid
from lobby_server.kernel.work import Work
from lobby_server.realtime.wording import Reader
from lobby_server.staff import store as staff

door = Door("appointments")
_BOOKS = {LOBBY_MANAGER, TELLER, RM}


@door.command("/appointments", may=_BOOKS, takes=wire.Booking, gives=wire.BookedSeen, http_code=201)
def post_appointment(call: Call) -> Answer:
    """Book an appointment at this branch; its code is told once."""
    sent: wire.Booking = call.body
    request = actions.Book(
        customer_no=sent.customer_no,
        service_type=sent.service_type,
        staff_no=sent.staff_no,
        starts_at=sent.starts_at,
        minutes=sent.minutes,
        note=sent.note or "",
    )

    def present(work: Work, booked: actions.Booked) -> wire.BookedSeen:
        (seen,) = _seen(Reader(work.db, work.keys), [booked.appointment])
        return wire.BookedSeen(appointment=seen, code=booked.code)

    return call.run(actions.book, request, present)


@door.command("/appointments/{appointment_id}/cancel", may=_BOOKS, gives=wire.AppointmentAnswer)
def post_appointment_cancel(call: Call) -> Answer:
    """Give an appointment up."""

    def present(work: Work, cancelled: Appointment) -> wire.AppointmentAnswer:
        (seen,) = _seen(Reader(work.db, work.keys), [cancelled])
        return wire.AppointmentAnswer(appointment=seen)

    return call.run(actions.cancel, call.path["appointment_id"], present)


@door.question("/appointments", may=_BOOKS | {HEAD}, gives=wire.DayOfAppointments)
def get_appointments(call: Call) -> wire.DayOfAppointments:
    """A day's appointments, today's unless `?day=2026-11-23` says otherwise."""
    with call.house.database.read() as db:
        branch = branches.find_branch(db, call.actor.branch_id)
        assert branch is not None
        day = _asked_day(call.query.get("day")) or branch.local(call.house.clock.now()).date()
        begin = datetime.combine(day, time(), ZoneInfo(branch.timezone))
        end = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(branch.timezone))
        found = store.between(db, call.house.keys, branch.id, begin, end)
        seen = _seen(Reader(db, call.house.keys), found)
    return wire.DayOfAppointments(day=day.isoformat(), appointments=seen)


def _asked_day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid("invalid_fields", errors=[{"field": "day", "code": "date"}]) from None


def _seen(reader: Reader, found: Sequence[Appointment]) -> list[wire.AppointmentSeen]:
    names = customers.names(reader.db, reader.keys, {each.customer_id for each in found if each.customer_id})
    people = staff.named(reader.db, reader.keys, {each.staff_id for each in found if each.staff_id})
    colleagues = {who.id: wire.ColleagueSeen(staff_no=who.staff_no, name=who.name) for who in people.values()}
    return [wire.seen(each, names.get(each.customer_id or ""), colleagues.get(each.staff_id or "")) for each in found]
