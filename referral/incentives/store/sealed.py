"""Whether the ledger's tables still say what the audit heard when it happened (invariants 7, 15 and 17).

Whoever owns the tables can change any row and drop the triggers that would refuse it. They cannot change the audit
unseen: its chain is kept under a key that is not in the database. So each table is held against it, or against the
journals, which have a chain of their own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from lobby_server.kernel.clock import to_wire
from lobby_server.kernel.tables import audit
from referral.incentives import ledger
from referral.incentives.plan import sha256_of
from referral.incentives.rules import CreditState, after_months
from referral.incentives.store import earned
from referral.incentives.tables import (
    credit,
    credit_share,
    dispute,
    hold_instalment,
    incentive_plan,
    journal,
    ledger_period,
    payroll_file,
    payroll_line,
    plan_acceptance,
    posting,
    rule_guard,
)


def faults(db: sa.Connection) -> list[str]:
    """Everything that is not as it was heard."""
    return [
        *_credits(db),
        *_plans(db),
        *_guards(db),
        *_acceptances(db),
        *_months(db),
        *_late(db),
        *_payroll(db),
        *_disputes(db),
        *_instalments(db),
    ]


def _heard(db: sa.Connection, deed: str) -> Iterator[sa.Row[Any]]:
    """What the audit heard of a deed, in order."""
    return iter(db.execute(sa.select(audit).where(audit.c.deed == deed).order_by(audit.c.branch_id, audit.c.audit_seq)))


def _credits(db: sa.Connection) -> list[str]:
    """15: each credit with its shares is what was credited, and has ended only as it was heard to."""
    told = {row.subject: row.facts.get("sha256") for row in _heard(db, "accrue")}
    ended = {row.subject: row.facts["state"] for row in _heard(db, "end_credit")}
    found = []
    for each in earned.every_credit(db):
        if each.id not in told:
            found.append(f"ledger_15 credit {each.id}: nobody credited it")
            continue
        # A credit of a version that did not seal them yet has no digest.
        digest = told.pop(each.id)
        if digest is None:
            continue
        if digest != earned.digest_of(each):
            found.append(f"ledger_15 credit {each.id}: is not what was credited")
        if each.state != ended.get(each.id, CreditState.LIVE):
            found.append(f"ledger_15 credit {each.id}: nobody made it {each.state}")
    return found + [f"ledger_15 credit {gone}: is gone" for gone in sorted(told)]


def _plans(db: sa.Connection) -> list[str]:
    """17: each plan says what was proposed and approved, and by whom."""
    proposed = {(row.branch_id, row.subject): row for row in _heard(db, "propose_plan")}
    approved = {(row.branch_id, row.subject): row for row in _heard(db, "approve_plan")}
    found = []
    for row in db.execute(sa.select(incentive_plan)):
        key = (row.branch_id, str(row.version))
        first, second = proposed.pop(key, None), approved.get(key)
        words = (sha256_of(row.document), row.document.get("version"), row.document.get("starts_on"), row.proposed_by)
        if first is None or words != (first.facts["sha256"], row.version, row.starts_on.isoformat(), first.actor):
            found.append(f"ledger_17 {row.branch_id} plan {row.version}: is not what was proposed")
        if (row.sha256, row.approved_by) != (words[0], second.actor if second else None):
            found.append(f"ledger_17 {row.branch_id} plan {row.version}: is not what was approved")
    return found + [f"ledger_17 {' plan '.join(gone)}: is gone" for gone in sorted(proposed)]


def _guards(db: sa.Connection) -> list[str]:
    """18: each version of the guard is what head office sent."""
    told = {row.subject: row.facts["sha256"] for row in _heard(db, "take_guard")}
    kept = {row.version: (sha256_of(row.document), row.sha256) for row in db.execute(sa.select(rule_guard))}
    wrong = [each for each in sorted({*told, *kept}) if kept.get(each) != (told.get(each), told.get(each))]
    return [f"ledger_18 guard {each}: is not what was sent" for each in wrong]


def _acceptances(db: sa.Connection) -> list[str]:
    """17: whoever is said to have accepted a plan has."""
    told = {(row.branch_id, row.subject, row.actor) for row in _heard(db, "accept_plan")}
    kept = {
        (row.branch_id, str(row.version), f"staff:{row.staff_id}") for row in db.execute(sa.select(plan_acceptance))
    }
    return [f"ledger_17 {' '.join(each)}: acceptance and audit differ" for each in sorted(told ^ kept)]


def _months(db: sa.Connection) -> list[str]:
    """7: a month is as open or as closed as two people left it."""
    proposed = {(row.branch_id, row.subject): (row.actor, row.facts["digest"]) for row in _heard(db, "propose_close")}
    approved = {(row.branch_id, row.subject): row.actor for row in _heard(db, "approve_close")}
    found = []
    for row in db.execute(sa.select(ledger_period)):
        key = (row.branch_id, row.period)
        stands = (row.proposed_by, row.proposed_digest)
        if stands != proposed.pop(key, (None, None)) or row.approved_by != approved.pop(key, None):
            found.append(f"ledger_7 {row.branch_id} {row.period}: closed or opened by nobody")
    return found + [f"ledger_7 {' '.join(gone)}: is gone" for gone in sorted({*proposed, *approved})]


def _late(db: sa.Connection) -> list[str]:
    """7: no journal of a closed month has a number after the one with which it was closed."""
    found = []
    for row in _heard(db, "approve_close"):
        last = row.facts.get("journal_no")
        if last is not None:
            late = (journal.c.branch_id == row.branch_id, journal.c.period == row.subject, journal.c.no > last)
            numbers = db.scalars(sa.select(journal.c.no).where(*late))
            found += [f"ledger_7 {row.branch_id} journal {no}: posted after {row.subject} was closed" for no in numbers]
    return found


def _payroll(db: sa.Connection) -> list[str]:
    """20: each line of a payroll file is what its own journal paid, and each such journal has its line."""
    paid: dict[tuple[str, int], int] = defaultdict(int)
    is_paid = sa.and_(journal.c.kind == ledger.PAYROLL, posting.c.account == ledger.PAID)
    for row in db.execute(
        sa.select(posting.c.branch_id, posting.c.journal_no, posting.c.amount_minor)
        .join(journal, sa.and_(journal.c.branch_id == posting.c.branch_id, journal.c.no == posting.c.journal_no))
        .where(is_paid)
    ):
        paid[row.branch_id, row.journal_no] -= row.amount_minor
    is_file = sa.and_(payroll_file.c.branch_id == payroll_line.c.branch_id, payroll_file.c.no == payroll_line.c.file_no)
    is_journal = sa.and_(journal.c.branch_id == payroll_line.c.branch_id, journal.c.no == payroll_line.c.journal_no)
    rows = db.execute(
        sa.select(payroll_line, payroll_file.c.made_by, journal.c.made_by.label("posted_by"))
        .join(payroll_file, is_file)
        .join(journal, is_journal)
    ).all()
    found = [
        f"ledger_20 {row.branch_id} file {row.file_no} {row.staff_id}: is not what journal {row.journal_no} paid"
        for row in rows
        if paid.pop((row.branch_id, row.journal_no), None) != row.amount_minor or row.made_by != row.posted_by
    ]
    return found + [f"ledger_20 {branch_id} journal {no}: paid in no file" for branch_id, no in sorted(paid)]


def _disputes(db: sa.Connection) -> list[str]:
    """16: each dispute is what was contested and ruled."""
    raised = {row.subject: (row.facts, row.actor) for row in _heard(db, "raise_dispute")}
    passed_on = {row.subject for row in _heard(db, "escalate_dispute")}
    ruled = {row.subject: (row.facts["ruling"], row.actor) for row in _heard(db, "propose_ruling")}
    ended = {row.subject: row.actor for row in _heard(db, "confirm_ruling")}
    found = []
    for row in db.execute(sa.select(dispute)):
        facts, raised_by = raised.pop(row.id, ({}, None))
        raising = (facts.get("credit_id"), facts.get("due_at"), raised_by)
        told = (*raising, row.id in passed_on, *ruled.get(row.id, (None, None)), ended.get(row.id))
        due_at = None if row.due_at is None else to_wire(row.due_at)
        stands = (row.credit_id, due_at, _staff(row.raised_by), row.escalated_at is not None)
        if told != (*stands, row.ruling, _staff(row.proposed_by), _staff(row.confirmed_by)):
            found.append(f"ledger_16 dispute {row.id}: is not what was contested and ruled")
    return found + [f"ledger_16 dispute {gone}: is gone" for gone in sorted(raised)]


def _staff(staff_id: str | None) -> str | None:
    return None if staff_id is None else f"staff:{staff_id}"


def _instalments(db: sa.Connection) -> list[str]:
    """6: what is held back vests on the days that its credit's terms say."""
    rows = db.execute(
        sa.select(hold_instalment, credit.c.booked_on, credit_share.c.hold_back_months)
        .join(credit, credit.c.id == hold_instalment.c.credit_id)
        .join(
            credit_share,
            sa.and_(
                credit_share.c.credit_id == hold_instalment.c.credit_id,
                credit_share.c.staff_id == hold_instalment.c.staff_id,
            ),
        )
    )
    return [
        f"ledger_6 credit {row.credit_id} {row.staff_id}: instalment {row.ordinal} vests on a day of nobody's terms"
        for row in rows
        if row.vests_on not in {after_months(row.booked_on, months) for months in row.hold_back_months}
    ]
