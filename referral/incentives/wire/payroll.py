"""Payroll files on the wire."""

from __future__ import annotations

from lobby_server.doors.reading import Wire
from lobby_server.kernel.clock import to_wire
from lobby_server.queue.wire import StaffSeen
from referral.incentives.actions.months import PayrollFile
from referral.incentives.store.payouts import Exported, PayrollLine
from referral.incentives.wire import People, staff_of


class PaidSeen(Wire):
    """One line of a payroll file."""

    staff: StaffSeen | None
    currency: str
    amount_minor: int
    journal_no: int


class PayrollSeen(Wire):
    """A payroll file of the branch by number."""

    no: int
    lines: list[PaidSeen]


class ExportedSeen(PayrollSeen):
    """The same, when it was made and by whom."""

    at: str
    made_by: StaffSeen | None


class PayrollList(Wire):
    """The newest files, newest first."""

    files: list[ExportedSeen]


def payroll_seen(told: PayrollFile, people: People) -> PayrollSeen:
    """A file that was made just now."""
    return PayrollSeen(no=told.no, lines=[_paid(each, people) for each in told.lines])


def exported_seen(told: Exported, people: People) -> ExportedSeen:
    """One that was made before."""
    lines = [_paid(each, people) for each in told.lines]
    return ExportedSeen(no=told.no, lines=lines, at=to_wire(told.at), made_by=people.get(staff_of(told.made_by)))


def _paid(line: PayrollLine, people: People) -> PaidSeen:
    who = people.get(line.staff_id)
    return PaidSeen(staff=who, currency=line.currency, amount_minor=line.amount_minor, journal_no=line.journal_no)
