"""Every query about months, instalments, payroll files and plans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from referral.incentives.tables import (
    credit,
    dispute,
    hold_instalment,
    incentive_plan,
    ledger_period,
    payroll_file,
    payroll_line,
    plan_acceptance,
)
from referral.lifecycle.tables import referral

MONTHS_LISTED_MAX = 60  # five years: as long as anything is held back
PLANS_LISTED_MAX = 50  # a new one each month for four years


@dataclass(frozen=True)
class Month:
    """A month of the book: who proposed to close it, on what digest, and who approved."""

    period: str
    proposed_by: str | None
    proposed_digest: str | None
    approved_by: str | None


@dataclass(frozen=True)
class Instalment:
    """A part that is held back until its day."""

    credit_id: str
    staff_id: str
    ordinal: int
    vests_on: date
    amount_minor: int
    clawed_minor: int = 0
    vested_minor: int = 0

    @property
    def left_minor(self) -> int:
        """What is still held: neither taken back nor payable yet."""
        return self.amount_minor - self.clawed_minor - self.vested_minor


@dataclass(frozen=True)
class PayrollLine:
    """What a file pays to one person in one currency, and the journal that says so."""

    staff_id: str
    currency: str
    amount_minor: int
    journal_no: int


@dataclass(frozen=True)
class PlanRow:
    """A plan version as it is stored; `document` is read by `wire`."""

    version: int
    starts_on: date
    document: dict[str, Any]
    sha256: str
    proposed_by: str
    approved_by: str | None


# ---- Months -------------------------------------------------------------------------------------------------------


def find_month(db: sa.Connection, branch_id: str, period: str) -> Month | None:
    """A month that was begun."""
    row = db.execute(sa.select(ledger_period).where(_month(branch_id, period))).one_or_none()
    return Month(row.period, row.proposed_by, row.proposed_digest, row.approved_by) if row else None


def months(db: sa.Connection, branch_id: str) -> list[Month]:
    """Every month that was begun, newest first."""
    asked = sa.select(ledger_period).where(ledger_period.c.branch_id == branch_id)
    rows = db.execute(asked.order_by(ledger_period.c.period.desc()).limit(MONTHS_LISTED_MAX))
    return [Month(row.period, row.proposed_by, row.proposed_digest, row.approved_by) for row in rows]


def open_before(db: sa.Connection, branch_id: str, period: str) -> str | None:
    """The earliest month before this one that is not closed."""
    found: str | None = db.scalar(
        sa.select(sa.func.min(ledger_period.c.period)).where(
            ledger_period.c.branch_id == branch_id,
            ledger_period.c.period < period,
            ledger_period.c.approved_by.is_(None),
        )
    )
    return found


def propose_close(db: sa.Connection, branch_id: str, period: str, by: str, at: datetime, digest: str) -> None:
    """What the first person saw; a later proposal takes its place."""
    db.execute(
        ledger_period.update()
        .where(_month(branch_id, period))
        .values(proposed_by=by, proposed_at=at, proposed_digest=digest)
    )


def approve_close(db: sa.Connection, branch_id: str, period: str, by: str, at: datetime) -> None:
    """From now on nothing is posted there."""
    db.execute(ledger_period.update().where(_month(branch_id, period)).values(approved_by=by, approved_at=at))


def _month(branch_id: str, period: str) -> sa.ColumnElement[bool]:
    return sa.and_(ledger_period.c.branch_id == branch_id, ledger_period.c.period == period)


# ---- Instalments --------------------------------------------------------------------------------------------------


def add_instalments(db: sa.Connection, branch_id: str, new: Sequence[Instalment]) -> None:
    """What is held back at a close."""
    if new:
        db.execute(
            hold_instalment.insert(),
            [
                {
                    "branch_id": branch_id,
                    "credit_id": each.credit_id,
                    "staff_id": each.staff_id,
                    "ordinal": each.ordinal,
                    "vests_on": each.vests_on,
                    "amount_minor": each.amount_minor,
                }
                for each in new
            ],
        )


def instalments_of(db: sa.Connection, credit_id: str, staff_id: str) -> list[Instalment]:
    """Those of one share, earliest first."""
    mine = sa.and_(hold_instalment.c.credit_id == credit_id, hold_instalment.c.staff_id == staff_id)
    return _instalments(db, mine)


def vesting(db: sa.Connection, branch_id: str, on: date) -> list[Instalment]:
    """Those whose day has come, with something left."""
    return _instalments(
        db,
        hold_instalment.c.branch_id == branch_id,
        hold_instalment.c.vests_on <= on,
        hold_instalment.c.clawed_minor + hold_instalment.c.vested_minor < hold_instalment.c.amount_minor,
    )


def claw_instalment(db: sa.Connection, of: Instalment, by_minor: int) -> None:
    """It will pay so much less; a negative amount gives it back."""
    db.execute(
        hold_instalment.update().where(_instalment(of)).values(clawed_minor=hold_instalment.c.clawed_minor + by_minor)
    )


def vest_instalment(db: sa.Connection, of: Instalment) -> None:
    """What is left of it has become payable."""
    vested_minor = of.vested_minor + of.left_minor
    db.execute(hold_instalment.update().where(_instalment(of)).values(vested_minor=vested_minor))


def _instalment(of: Instalment) -> sa.ColumnElement[bool]:
    return sa.and_(
        hold_instalment.c.credit_id == of.credit_id,
        hold_instalment.c.staff_id == of.staff_id,
        hold_instalment.c.ordinal == of.ordinal,
    )


def _instalments(db: sa.Connection, *which: sa.ColumnElement[bool]) -> list[Instalment]:
    order = (hold_instalment.c.staff_id, hold_instalment.c.credit_id, hold_instalment.c.ordinal)
    rows = db.execute(sa.select(hold_instalment).where(*which).order_by(*order))
    return [
        Instalment(
            row.credit_id, row.staff_id, row.ordinal, row.vests_on, row.amount_minor, row.clawed_minor, row.vested_minor
        )
        for row in rows
    ]


# ---- Payroll ------------------------------------------------------------------------------------------------------


def withheld(db: sa.Connection, branch_id: str, staff_id: str) -> set[str]:
    """Credits of which nothing is paid to this person: contested, held, or under a plan that they have not accepted."""
    contested = sa.select(dispute.c.credit_id).where(dispute.c.branch_id == branch_id, dispute.c.ended_at.is_(None))
    accepted = sa.select(plan_acceptance.c.version).where(
        plan_acceptance.c.branch_id == branch_id, plan_acceptance.c.staff_id == staff_id
    )
    not_accepted = sa.select(credit.c.id).where(
        credit.c.branch_id == branch_id, credit.c.plan_version.is_not(None), credit.c.plan_version.not_in(accepted)
    )
    held = sa.select(credit.c.id).join(referral, referral.c.id == credit.c.referral_id)
    held = held.where(credit.c.branch_id == branch_id, referral.c.hold.is_not(None))
    return {*db.scalars(contested), *db.scalars(held), *db.scalars(not_accepted)}


def add_payroll_file(db: sa.Connection, branch_id: str, at: datetime, by: str) -> int:
    """A new file of the branch; its number counts from 1."""
    last = db.scalar(sa.select(sa.func.max(payroll_file.c.no)).where(payroll_file.c.branch_id == branch_id))
    no: int = (last or 0) + 1
    db.execute(payroll_file.insert().values(branch_id=branch_id, no=no, at=at, made_by=by))
    return no


def add_payroll_line(db: sa.Connection, branch_id: str, file_no: int, line: PayrollLine) -> None:
    """What it pays to one person."""
    db.execute(
        payroll_line.insert().values(
            branch_id=branch_id,
            file_no=file_no,
            staff_id=line.staff_id,
            currency=line.currency,
            amount_minor=line.amount_minor,
            journal_no=line.journal_no,
        )
    )


def payroll_lines(db: sa.Connection, branch_id: str, file_no: int) -> list[PayrollLine]:
    """The lines of a file, by person."""
    rows = db.execute(
        sa.select(payroll_line)
        .where(payroll_line.c.branch_id == branch_id, payroll_line.c.file_no == file_no)
        .order_by(payroll_line.c.staff_id, payroll_line.c.currency)
    )
    return [PayrollLine(row.staff_id, row.currency, row.amount_minor, row.journal_no) for row in rows]


@dataclass(frozen=True)
class Exported:
    """A payroll file that was made: its number, when and by whom, and what it pays."""

    no: int
    at: datetime
    made_by: str
    lines: tuple[PayrollLine, ...]


def payroll_files(db: sa.Connection, branch_id: str, most: int) -> list[Exported]:
    """The newest files of a branch, newest first."""
    mine = sa.select(payroll_file).where(payroll_file.c.branch_id == branch_id)
    rows = db.execute(mine.order_by(payroll_file.c.no.desc()).limit(most)).all()
    return [Exported(row.no, row.at, row.made_by, tuple(payroll_lines(db, branch_id, row.no))) for row in rows]


# ---- Plans --------------------------------------------------------------------------------------------------------


def add_plan(db: sa.Connection, branch_id: str, new: PlanRow, at: datetime) -> None:
    """A version that somebody proposed."""
    db.execute(
        incentive_plan.insert().values(
            branch_id=branch_id,
            version=new.version,
            starts_on=new.starts_on,
            document=new.document,
            sha256=new.sha256,
            proposed_by=new.proposed_by,
            proposed_at=at,
        )
    )


def approve_plan(db: sa.Connection, branch_id: str, version: int, by: str, at: datetime) -> None:
    """From its first day it counts."""
    mine = sa.and_(incentive_plan.c.branch_id == branch_id, incentive_plan.c.version == version)
    db.execute(incentive_plan.update().where(mine).values(approved_by=by, approved_at=at))


def find_plan(db: sa.Connection, branch_id: str, version: int) -> PlanRow | None:
    """A version, approved or not."""
    rows = db.execute(
        sa.select(incentive_plan).where(incentive_plan.c.branch_id == branch_id, incentive_plan.c.version == version)
    )
    return next((_plan(row) for row in rows), None)


def listed_plans(db: sa.Connection, branch_id: str) -> list[PlanRow]:
    """Every version, newest first."""
    asked = sa.select(incentive_plan).where(incentive_plan.c.branch_id == branch_id)
    return [_plan(row) for row in db.execute(asked.order_by(incentive_plan.c.version.desc()).limit(PLANS_LISTED_MAX))]


def newest_plan(db: sa.Connection, branch_id: str, *, approved_only: bool) -> PlanRow | None:
    """The version with the largest number."""
    asked = sa.select(incentive_plan).where(incentive_plan.c.branch_id == branch_id)
    if approved_only:
        asked = asked.where(incentive_plan.c.approved_by.is_not(None))
    row = db.execute(asked.order_by(incentive_plan.c.version.desc()).limit(1)).one_or_none()
    return _plan(row) if row else None


def plan_in_force(db: sa.Connection, branch_id: str, on: date) -> PlanRow | None:
    """The approved version that counts on a day."""
    row = db.execute(
        sa.select(incentive_plan)
        .where(
            incentive_plan.c.branch_id == branch_id,
            incentive_plan.c.approved_by.is_not(None),
            incentive_plan.c.starts_on <= on,
        )
        .order_by(incentive_plan.c.starts_on.desc())
        .limit(1)
    ).one_or_none()
    return _plan(row) if row else None


def has_accepted(db: sa.Connection, branch_id: str, version: int, staff_id: str) -> bool:
    """Whether a person has accepted a version."""
    return (
        db.execute(
            sa.select(plan_acceptance).where(
                plan_acceptance.c.branch_id == branch_id,
                plan_acceptance.c.version == version,
                plan_acceptance.c.staff_id == staff_id,
            )
        ).first()
        is not None
    )


def accept_plan(db: sa.Connection, branch_id: str, version: int, staff_id: str, at: datetime) -> None:
    """A person has read a version and accepts it."""
    db.execute(plan_acceptance.insert().values(branch_id=branch_id, version=version, staff_id=staff_id, at=at))


def _plan(row: sa.Row[Any]) -> PlanRow:
    return PlanRow(row.version, row.starts_on, row.document, row.sha256, row.proposed_by, row.approved_by)
