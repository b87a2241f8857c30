"""What an appointment is, and when somebody who has one is on time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# Qmatic's defaults, which customers of other banks know: three hours early is early, half an hour late is late.
EARLY_WINDOW = timedelta(minutes=180)
LATE_WINDOW = timedelta(minutes=30)
BOOKED_WITHIN = timedelta(days=90)  # nobody's roster reaches further
MINUTES_MAX = 240
DEFAULT_MINUTES = 30

CODE_PREFIX = "APT-"
CODE_LENGTH = 8


class AppointmentState(StrEnum):
    """Where an appointment stands."""

    BOOKED = "booked"
    ARRIVED = "arrived"
    KEPT = "kept"
    MISSED = "missed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Appointment:
    """Somebody is expected at `starts_at`, for so many minutes. Without a customer it is a prospect's.

    `staff_id` is the colleague they asked for, `visit_id` the visit on which they came.
    """

    id: str
    branch_id: str
    customer_id: str | None
    service_type: str
    staff_id: str | None
    starts_at: datetime
    minutes: int
    state: AppointmentState
    note: str = ""
    visit_id: str | None = None

    @property
    def ends_at(self) -> datetime:
        """When the colleague is free again."""
        return self.starts_at + timedelta(minutes=self.minutes)


def lateness(appointment: Appointment, now: datetime) -> str | None:
    """`appointment_early` or `appointment_late` for somebody outside the window around the start, else None."""
    if now < appointment.starts_at - EARLY_WINDOW:
        return "appointment_early"
    return "appointment_late" if now > appointment.starts_at + LATE_WINDOW else None


def overlaps(appointment: Appointment, starts_at: datetime, ends_at: datetime) -> bool:
    """Whether a colleague would have to be with two customers at once."""
    return appointment.starts_at < ends_at and starts_at < appointment.ends_at
