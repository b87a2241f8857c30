"""What becomes of what was credited: a month is closed by two people, instalments vest, payroll gets its file."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from itertools import groupby
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from lobby_server.kernel.database import canonical
from lobby_server.kernel.errors import Conflict, Invalid
from lobby_server.kernel.work import Work
from referral.incentives import ledger, store
from referral.incentives.actions import post
from referral.incentives.events import PeriodClosed
from referral.incentives.ledger import Entry, Posting, transfer
from referral.incentives.rules import after_months, hold, is_period, local_day, netted, period_of
from referral.incentives.store import Book, earned, payouts
from referral.incentives.store.payouts import Instalment, PayrollLine

VESTS = "incentives.vests"


# ---- Closing a month ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Proposed:
    """What closing a month would make payable or hold back, by person; `digest` is what the second person approves."""

    period: str
    digest: str
    amounts: Mapping[str, int]


def closing_now(db: sa.Connection, branch_id: str, period: str) -> dict[str, int]:
    """What closing a month now would make payable or hold back, by person. Changes nothing."""
    return _by_holder(store.open_amounts(db, branch_id, ledger.ACCRUED, up_to=period))


def propose_close(work: Work, period: str) -> Proposed:
    """The first person looks at a month that is over and proposes to close it.

    Raises Invalid("bad_period"), Conflict("period_not_over"), Conflict("closed"), Conflict("earlier_period_open")
    naming it, Conflict("beneficiary") for somebody whom the month pays.
    """
    book = store.lock_book(work.db, work.actor.branch_id)
    lines = _closing(work, book, period)
    proposed = Proposed(period, _digest(lines), _by_holder(lines))
    store.open_period(work.db, book.branch_id, period)
    payouts.propose_close(work.db, book.branch_id, period, work.actor.label, work.now, proposed.digest)
    work.audit("propose_close", period, digest=proposed.digest)
    return proposed


def approve_close(work: Work, period: str) -> Proposed:
    """The second person approves: what was accrued becomes payable or is held back, and the month is shut.

    Raises what `propose_close` raises, Conflict("not_proposed"), Conflict("same_person"), Conflict
    ("changed_since_proposed") when something was posted meanwhile.
    """
    book = store.lock_book(work.db, work.actor.branch_id)
    lines = _closing(work, book, period)
    month = payouts.find_month(work.db, book.branch_id, period)
    if month is None or month.proposed_by is None:
        raise Conflict("not_proposed")
    if month.proposed_by == work.actor.label:
        raise Conflict("same_person", audited=True)
    proposed = Proposed(period, _digest(lines), _by_holder(lines))
    if month.proposed_digest != proposed.digest:
        raise Conflict("changed_since_proposed")
    for _holder, of_holder in groupby(lines, lambda line: line.holder):
        book = _close_for(work, book, period, list(of_holder), month.proposed_by)
    payouts.approve_close(work.db, book.branch_id, period, work.actor.label, work.now)
    work.audit("approve_close", period, digest=proposed.digest, journal_no=book.journal_no)
    work.record(PeriodClosed(book.branch_id, period, book.journal_no, book.head.hex()))
    return proposed


def _closing(work: Work, book: Book, period: str) -> list[Posting]:
    """What is accrued up to a month that may be closed now by this person."""
    if not is_period(period):
        raise Invalid("bad_period")
    if period >= period_of(local_day(work.now, book.timezone)):
        raise Conflict("period_not_over")
    month = payouts.find_month(work.db, book.branch_id, period)
    if month is not None and month.approved_by is not None:
        raise Conflict("closed", period=period)
    earlier = payouts.open_before(work.db, book.branch_id, period)
    if earlier is not None:
        raise Conflict("earlier_period_open", period=earlier)
    lines = store.open_amounts(work.db, book.branch_id, ledger.ACCRUED, up_to=period)
    if work.actor.id in {line.holder for line in lines}:
        raise Conflict("beneficiary", audited=True)
    return lines


def _digest(lines: Iterable[Posting]) -> str:
    content = [[line.holder, line.credit_id, line.currency, line.amount_minor] for line in lines]
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def _by_holder(lines: Iterable[Posting]) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for line in lines:
        sums[line.holder] -= line.amount_minor
    return dict(sums)


def _close_for(work: Work, book: Book, period: str, lines: Sequence[Posting], proposed_by: str) -> Book:
    """One person's accruals: a part payable now, the rest in instalments."""
    moves: list[Posting] = []
    instalments: list[Instalment] = []
    for line in lines:
        assert line.credit_id is not None
        of = earned.find_credit(work.db, book.branch_id, line.credit_id)
        assert of is not None
        share = next(each for each in of.shares if each.staff_id == line.holder)
        now, later = hold(-line.amount_minor, share.hold_back)
        for to, amount in ((ledger.PAYABLE, now), (ledger.HELD, sum(later))):
            if amount:
                moves += transfer(ledger.ACCRUED, to, line.holder, of.id, line.currency, amount)
        held_before = len(payouts.instalments_of(work.db, of.id, line.holder))
        instalments += [
            Instalment(of.id, line.holder, held_before + ordinal, after_months(of.booked_on, months), amount)
            for ordinal, (months, amount) in enumerate(zip(share.hold_back.months, later, strict=False), 1)
            if amount
        ]
    entry = Entry(book.branch_id, ledger.CLOSE, "month_end", period, period, tuple(moves), checked_by=proposed_by)
    book, _no = post(work, book, entry)
    payouts.add_instalments(work.db, book.branch_id, instalments)
    for each in instalments:
        midnight = datetime.combine(each.vests_on, time(), ZoneInfo(book.timezone)).astimezone(UTC)
        work.due(book.branch_id, midnight, VESTS, f"{book.branch_id}/{each.vests_on}")
    return book


# ---- Vesting ------------------------------------------------------------------------------------------------------


def vest(work: Work, ref: str) -> None:
    """The later deed `VESTS`: whatever is held back until today or before becomes payable."""
    branch_id = ref.partition("/")[0]
    book = store.lock_book(work.db, branch_id)
    today = local_day(work.now, book.timezone)
    ripe = payouts.vesting(work.db, branch_id, today)
    period = store.posting_period(work.db, branch_id, period_of(today))
    for holder, of_holder in groupby(ripe, lambda each: each.staff_id):
        moves: list[Posting] = []
        for each in of_holder:
            of = earned.find_credit(work.db, branch_id, each.credit_id)
            assert of is not None
            moves += transfer(ledger.HELD, ledger.PAYABLE, holder, of.id, of.currency, each.left_minor)
            payouts.vest_instalment(work.db, each)
        book, _no = post(work, book, Entry(branch_id, ledger.VEST, "vested", period, period_of(today), tuple(moves)))
    work.audit("vest", branch_id, branch_id=branch_id, instalments=len(ripe))


# ---- Payroll ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PayrollFile:
    """A file of the branch by number, and what it pays."""

    no: int
    lines: tuple[PayrollLine, ...]


def export_payroll(work: Work, _request: None) -> PayrollFile | None:
    """Pay out what is payable, in one file; None when nothing is.

    Contested money stays, and that of people who have not accepted the plan it was earned under. What somebody owes
    from a clawback is kept back, at most a fifth of what they get. Raises Conflict("beneficiary") for somebody whom
    the file pays.
    """
    book = store.lock_book(work.db, work.actor.branch_id)
    origin = period_of(local_day(work.now, book.timezone))
    period = store.posting_period(work.db, book.branch_id, origin)
    owing = store.open_amounts(work.db, book.branch_id, ledger.RECEIVABLE)
    journals: list[tuple[str, str, Entry]] = []
    payable = store.open_amounts(work.db, book.branch_id, ledger.PAYABLE)
    # Somebody of whom only a wrongly taken amount waits is paid too.
    waiting = [*payable, *(each for each in owing if each.amount_minor < 0)]
    people = sorted({(line.holder, line.currency) for line in waiting})
    for holder, currency in people:
        mine = (holder, currency)
        kept = payouts.withheld(work.db, book.branch_id, holder)
        due = [each for each in payable if (each.holder, each.currency) == mine and each.credit_id not in kept]
        owed = [each for each in owing if (each.holder, each.currency) == mine and each.credit_id not in kept]
        moves = pay_out(due, owed)
        if moves:
            entry = Entry(book.branch_id, ledger.PAYROLL, "paid_out", period, origin, tuple(moves))
            journals.append((holder, currency, entry))
    if not journals:
        return None
    if work.actor.id in {holder for holder, _currency, _entry in journals}:
        raise Conflict("beneficiary", audited=True)
    return _write_file(work, book, journals)


def pay_out(due: Sequence[Posting], owed: Sequence[Posting]) -> list[Posting]:
    """The lines that pay one person: what is payable goes out, and some of it comes back for what they owe.

    Each credit is paid whole; what is kept counts as money returned for the credit that was clawed back. So every
    credit's own lines add up.
    """
    moves: list[Posting] = []
    for each in due:
        moves += transfer(ledger.PAYABLE, ledger.PAID, each.holder, each.credit_id, each.currency, -each.amount_minor)
    left = netted(-sum(each.amount_minor for each in due), sum(each.amount_minor for each in owed))
    for each in owed:
        part = each.amount_minor if each.amount_minor < 0 else min(each.amount_minor, max(0, left))
        if part:
            moves += transfer(ledger.PAID, ledger.RECEIVABLE, each.holder, each.credit_id, each.currency, part)
            left -= part
    return moves


def _write_file(work: Work, book: Book, journals: Sequence[tuple[str, str, Entry]]) -> PayrollFile:
    no = payouts.add_payroll_file(work.db, book.branch_id, work.now, work.actor.label)
    lines = []
    for holder, currency, entry in journals:
        book, journal_no = post(work, book, entry)
        paid = -sum(each.amount_minor for each in entry.lines if each.account == ledger.PAID)
        line = PayrollLine(holder, currency, paid, journal_no)
        payouts.add_payroll_line(work.db, book.branch_id, no, line)
        lines.append(line)
    work.audit("export_payroll", f"{book.branch_id}/{no}", lines=len(lines))
    return PayrollFile(no, tuple(lines))
