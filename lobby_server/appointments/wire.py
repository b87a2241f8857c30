"""Appointments on the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from lobby_server.appointments.actions import FeedRow
from lobby_server.appointments.rules import CODE_LENGTH, CODE_PREFIX, DEFAULT_MINUTES, MINUTES_MAX, Appointment
from lobby_server.doors.feeds import read_feed
from lobby_server.doors.reading import Code, Moment, Text, Wire
from lobby_server.kernel.clock import to_wire
from lobby_server.kernel.feeds import FeedFile
from lobby_server.kernel.privacy import mask_name


class Booking(Wire):
    """Who comes when, for what, to whom; without a number it is a prospect, whose name stays out of it."""

    customer_no: Code | None = None
    service_type: Code
    staff_no: Code | None = None
    starts_at: Moment
    minutes: Annotated[int, Field(ge=5, le=MINUTES_MAX)] = DEFAULT_MINUTES
    note: Text | None = None


class ColleagueSeen(Wire):
    """The colleague they asked for."""

    staff_no: str
    name: str


class AppointmentSeen(Wire):
    """An appointment on a colleague's screen."""

    id: str
    masked_name: str | None
    customer_id: str | None
    service_type: str
    staff: ColleagueSeen | None
    starts_at: str
    minutes: int
    state: str
    note: str | None
    visit_id: str | None


class BookedSeen(Wire):
    """The new appointment; its code for the customer is only here."""

    appointment: AppointmentSeen
    code: str


class AppointmentAnswer(Wire):
    """The appointment as it stands after the deed."""

    appointment: AppointmentSeen


class DayOfAppointments(Wire):
    """One day's appointments, in order."""

    day: str
    appointments: list[AppointmentSeen]


def seen(appointment: Appointment, full_name: str | None, colleague: ColleagueSeen | None) -> AppointmentSeen:
    """An appointment with its people, the customer's name masked here."""
    return AppointmentSeen(
        id=appointment.id,
        masked_name=mask_name(full_name) if full_name else None,
        customer_id=appointment.customer_id,
        service_type=appointment.service_type,
        staff=colleague,
        starts_at=to_wire(appointment.starts_at),
        minutes=appointment.minutes,
        state=str(appointment.state),
        note=appointment.note or None,
        visit_id=appointment.visit_id,
    )


class AppointmentLine(Wire):
    """An appointment as head office states it."""

    appointment_no: Code
    branch: Code
    customer_no: Code | None = None
    service_type: Code
    staff_no: Code | None = None
    starts_at: Moment
    minutes: Annotated[int, Field(ge=5, le=MINUTES_MAX)] = DEFAULT_MINUTES
    code: Annotated[str, StringConstraints(pattern=rf"^{CODE_PREFIX}[A-Z0-9]{{{CODE_LENGTH}}}$")] | None = None
    is_cancelled: bool = False


def read_appointment_file(raw: bytes) -> FeedFile[FeedRow]:
    """Read head office's file; raises what `read_feed` raises."""
    return read_feed(raw, "appointments", AppointmentLine, lambda line, _mark: FeedRow(**line.model_dump()), _once)


def _once(line: AppointmentLine) -> list[tuple[str, str]]:
    return [("appointment_no", line.appointment_no), *([("code", line.code)] if line.code else [])]
