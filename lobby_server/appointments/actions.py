"""What happens to appointments: booked, kept, missed, cancelled, and told by head office."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lobby_server.appointments import store
from lobby_server.appointments.rules import (
    BOOKED_WITHIN,
    CODE_LENGTH,
    CODE_PREFIX,
    LATE_WINDOW,
    Appointment,
    AppointmentState,
    overlaps,
)
from lobby_server.branch import store as branches
from lobby_server.branch.actions import CODE_LETTERS
from lobby_server.branch.rules import is_open_at
from lobby_server.customers import store as customers
from lobby_server.kernel import feeds
from lobby_server.kernel.errors import Conflict, Invalid, NotFound
from lobby_server.kernel.feeds import DryRun, Outcome, TakeFeed
from lobby_server.kernel.work import Work
from lobby_server.staff import store as staff

MISSED = "appointment.missed"


@dataclass(frozen=True)
class Book:
    """Who wants to come when, for what, to whom. Without a customer's number it is a prospect."""

    customer_no: str | None
    service_type: str
    staff_no: str | None
    starts_at: datetime
    minutes: int
    note: str = ""


@dataclass(frozen=True)
class Booked:
    """The appointment and its code, which is told only now."""

    appointment: Appointment
    code: str


def book(work: Work, request: Book) -> Booked:
    """Book an appointment at this branch.

    Raises NotFound("customer" or "staff"), Invalid("not_offered", "in_the_past", "too_far" or "closed_then"),
    Conflict("staff_booked") when the colleague already has somebody then.
    """
    branch_id = work.actor.branch_id
    _check_time(work, request)
    if request.service_type not in branches.service_codes(work.db, branch_id):
        raise Invalid("not_offered")
    appointment = Appointment(
        id=work.ids.new_id(),
        branch_id=branch_id,
        customer_id=_customer_id(work, request.customer_no),
        service_type=request.service_type,
        staff_id=_free_colleague(work, request),
        starts_at=request.starts_at,
        minutes=request.minutes,
        state=AppointmentState.BOOKED,
        note=request.note,
    )
    code = CODE_PREFIX + "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
    store.add(work.db, work.keys, appointment, code)
    work.due(branch_id, appointment.starts_at + LATE_WINDOW + timedelta(seconds=1), MISSED, appointment.id)
    work.audit("book_appointment", appointment.id, service_type=appointment.service_type)
    return Booked(appointment, code)


def _check_time(work: Work, request: Book) -> None:
    branch = branches.find_branch(work.db, work.actor.branch_id)
    assert branch is not None
    if request.starts_at < work.now:
        raise Invalid("in_the_past")
    if request.starts_at > work.now + BOOKED_WITHIN:
        raise Invalid("too_far", days_max=BOOKED_WITHIN.days)
    if not is_open_at(branch.calendar, request.starts_at):
        raise Invalid("closed_then")


def _customer_id(work: Work, customer_no: str | None) -> str | None:
    if customer_no is None:
        return None
    found = customers.find_by_number(work.db, work.keys, customer_no)
    if found is None:
        raise NotFound("customer")
    return found.id


def _free_colleague(work: Work, request: Book) -> str | None:
    """The colleague's id. Their row is locked, so that two bookings for the same half hour come one after the other."""
    if request.staff_no is None:
        return None
    who = staff.lock(work.db, work.keys, work.actor.branch_id, request.staff_no)
    if who is None or who.disabled_at is not None:
        raise NotFound("staff")
    ends_at = request.starts_at + timedelta(minutes=request.minutes)
    taken = store.booked_with(work.db, work.keys, who.id, request.starts_at, ends_at)
    if any(overlaps(each, request.starts_at, ends_at) for each in taken):
        raise Conflict("staff_booked")
    return who.id


@dataclass(frozen=True)
class Meet:
    """Somebody with an appointment is here, on this visit."""

    appointment_id: str
    visit_id: str


def meet(work: Work, request: Meet) -> Appointment | None:
    """They came. None when the appointment is no longer booked: then it is a visit like any other."""
    appointment = store.lock(work.db, work.keys, work.actor.branch_id, request.appointment_id)
    if appointment is None or appointment.state is not AppointmentState.BOOKED:
        return None
    work.no_longer_due(MISSED, appointment.id)
    return _move(work, replace(appointment, visit_id=request.visit_id), AppointmentState.ARRIVED)


def keep_of_visit(work: Work, visit_id: str) -> None:
    """Whoever came on an appointment is being served: it is kept."""
    found = store.of_visit(work.db, work.keys, visit_id)
    if found is not None and found.state is AppointmentState.ARRIVED:
        _move(work, found, AppointmentState.KEPT)


def miss(work: Work, appointment_id: str) -> None:
    """Half an hour after its start nobody has come."""
    appointment = store.lock(work.db, work.keys, work.actor.branch_id, appointment_id)
    if appointment is not None and appointment.state is AppointmentState.BOOKED:
        _move(work, appointment, AppointmentState.MISSED)


def cancel(work: Work, appointment_id: str) -> Appointment:
    """Give an appointment up. Raises NotFound("appointment"), Conflict("changed") with its state."""
    appointment = store.lock(work.db, work.keys, work.actor.branch_id, appointment_id)
    if appointment is None:
        raise NotFound("appointment")
    if appointment.state is not AppointmentState.BOOKED:
        raise Conflict("changed", state=str(appointment.state))
    return _give_up(work, appointment)


def forget_customer(work: Work, customer_ids: Collection[str]) -> None:
    """Somebody is erased: nobody waits for them any more, and nothing that was written about them is left."""
    # First: where a database was put back, the notes cannot be opened any more.
    store.forget_notes(work.db, customer_ids)
    for each in store.booked_by(work.db, work.keys, customer_ids):
        _give_up(work, each)


def _give_up(work: Work, appointment: Appointment) -> Appointment:
    work.no_longer_due(MISSED, appointment.id)
    return _move(work, appointment, AppointmentState.CANCELLED)


def _move(work: Work, appointment: Appointment, state: AppointmentState) -> Appointment:
    moved = replace(appointment, state=state)
    store.save(work.db, work.keys, moved)
    work.audit(f"appointment_{state}", moved.id, branch_id=moved.branch_id)
    return moved


@dataclass(frozen=True)
class FeedRow:
    """An appointment as head office knows it: by its own number, and by the code that it sent the customer."""

    appointment_no: str
    branch: str
    customer_no: str | None
    service_type: str
    staff_no: str | None
    starts_at: datetime
    minutes: int
    code: str | None = None
    is_cancelled: bool = False


def take_feed(work: Work, rows: Iterable[FeedRow]) -> Outcome:
    """Enter and change head office's appointments. One that was arrived for, kept or missed stays as it is.

    Raises NotFound("branch"), NotFound("customer") or NotFound("staff") with the appointment's number.
    """
    added = changed = unchanged = 0
    for row in rows:
        known = store.find_by_number(work.db, work.keys, row.appointment_no)
        told = _told(work, row, known)
        if known is None:
            store.add(work.db, work.keys, told, row.code, row.appointment_no)
            added += 1
        elif known != told and known.state is AppointmentState.BOOKED:
            store.save(work.db, work.keys, told)
            changed += 1
        else:
            unchanged += 1
            continue
        _expect(work, told)
    return Outcome(added=added, changed=changed, unchanged=unchanged)


def _expect(work: Work, told: Appointment) -> None:
    if told.state is AppointmentState.BOOKED:
        work.due(told.branch_id, told.starts_at + LATE_WINDOW + timedelta(seconds=1), MISSED, told.id)
    else:
        work.no_longer_due(MISSED, told.id)


def _told(work: Work, row: FeedRow, known: Appointment | None) -> Appointment:
    if branches.find_branch(work.db, row.branch) is None:
        raise NotFound("branch", appointment_no=row.appointment_no)
    customer = customers.find_by_number(work.db, work.keys, row.customer_no) if row.customer_no else None
    if row.customer_no and customer is None:
        raise NotFound("customer", appointment_no=row.appointment_no)
    found = staff.find(work.db, work.keys, row.branch, row.staff_no) if row.staff_no else None
    if row.staff_no and found is None:
        raise NotFound("staff", appointment_no=row.appointment_no)
    return Appointment(
        id=known.id if known else work.ids.new_id(),
        branch_id=row.branch,
        customer_id=customer.id if customer else None,
        service_type=row.service_type,
        staff_id=found[0].id if found else None,
        starts_at=row.starts_at,
        minutes=row.minutes,
        state=AppointmentState.CANCELLED if row.is_cancelled else AppointmentState.BOOKED,
        note=known.note if known else "",
    )


def take_appointments(work: Work, request: TakeFeed[FeedRow]) -> Outcome:
    """A file of appointments. Whoever is not in it keeps theirs: head office cancels by saying so.

    Raises DryRun for a dry run, Conflict("file_older"), and what `take_feed` raises.
    """
    mark = request.file.mark
    if feeds.is_taken(work.db, mark):
        return Outcome(is_known=True)
    outcome = take_feed(work, request.file.lines)
    if request.is_dry:
        raise DryRun(outcome)
    feeds.note_taken(work.db, mark, len(request.file.lines))
    feeds.note_audit(work, mark, outcome)
    return outcome
