"""What happens in the ledger: a win is credited, a credit is taken back, a journal is reversed.

Each begins by taking the branch's book, so that two at once happen one after the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from lobby_server.kernel.errors import Conflict, Invalid, NotFound
from lobby_server.kernel.money import WHOLE_PPM, split_minor
from lobby_server.kernel.work import Work
from referral.incentives import ledger, store
from referral.incentives.actions.guarding import in_force
from referral.incentives.earning import Earned, earn
from referral.incentives.guard import Guard
from referral.incentives.ledger import Entry, Journal, Posting
from referral.incentives.plan import read_plan
from referral.incentives.rules import (
    BOOKED_AHEAD_MAX,
    BOOKING_REVERSED,
    FALSIFIED,
    MIS_SELLING,
    PARTS,
    RULING,
    CreditState,
    Win,
    clawback_ppm,
    local_day,
    period_of,
    shorten,
    take_back,
)
from referral.incentives.store import Book, earned, payouts
from referral.incentives.store.earned import Credit, CreditShare


def post(work: Work, book: Book, entry: Entry) -> tuple[Book, int]:
    """Write a journal; returns the book after it, and the journal's number."""
    assert not ledger.imbalances(entry.lines), ledger.imbalances(entry.lines)
    no, made_by = book.journal_no + 1, work.actor.label
    digest = ledger.chain(work.keys.audit_key, book.head, no, work.now, made_by, entry)
    store.add_journal(work.db, Journal(no, work.now, made_by, entry, digest))
    work.audit("post_journal", f"{book.branch_id}/{no}", branch_id=book.branch_id, kind=entry.kind, reason=entry.reason)
    return Book(book.branch_id, no, digest, book.timezone), no


# ---- Crediting ----------------------------------------------------------------------------------------------------


def accrue(work: Work, win: Win) -> Credit:
    """Credit a win to those who brought it about. The same booking again changes nothing.

    Raises Invalid("bad_win") naming the field, Conflict("booking_differs") for a booking that was told otherwise
    before, Conflict("already_credited") for a referral that another booking won.
    """
    _check(work, win)
    book = store.lock_book(work.db, win.branch_id)
    before = earned.credit_of_booking(work.db, win.booking_id)
    if before is not None:
        if _as_told(before) != _as_told(win):
            raise Conflict("booking_differs", audited=True, booking_id=win.booking_id)
        return before
    if earned.credit_of_referral(work.db, win.branch_id, win.referral_id) is not None:
        raise Conflict("already_credited", referral_id=win.referral_id)
    return credit_win(work, book, win)


def _check(work: Work, win: Win) -> None:
    people, parts = [each.staff_id for each in win.credited], [each.part for each in win.credited]
    is_right = {
        "credited": bool(people) and len(set(people)) == len(people),
        "part": len(set(parts)) == len(parts) and set(parts) <= set(PARTS),
        "base_minor": win.base_minor > 0,
        "booked_at": win.booked_at <= work.now + BOOKED_AHEAD_MAX,
        "currency": len(win.currency) == 3 and win.currency.isupper() and win.currency != ledger.POINT_UNIT,
    }
    wrong = [name for name, right in is_right.items() if not right]
    if wrong:
        raise Invalid("bad_win", field=wrong[0])


def _as_told(of: Win | Credit) -> tuple[object, ...]:
    return (of.branch_id, of.referral_id, of.product, of.product_line, of.base_minor, of.currency, of.booked_at)


def credit_win(work: Work, book: Book, win: Win, replaces: str | None = None) -> Credit:
    """Write down what a win gives under the plan of its day, and post it."""
    day = local_day(win.booked_at, book.timezone)
    origin = period_of(day)
    row = payouts.plan_in_force(work.db, book.branch_id, day)
    plan = read_plan(row.document) if row else None
    people = [each.staff_id for each in win.credited]
    so_far = earned.so_far(work.db, book.branch_id, origin, plan.version, win.product_line, people) if plan else {}
    guard = in_force(work.db)
    gives = earn(win, day, plan, guard, so_far)
    new = _credit(work, win, gives, guard, day, store.posting_period(work.db, book.branch_id, origin), replaces)
    earned.add_credit(work.db, new)
    facts = {"booking_id": new.booking_id, "amount_minor": new.amount_minor, "sha256": earned.digest_of(new)}
    work.audit("accrue", new.id, branch_id=new.branch_id, **facts)
    money = {each.staff_id: each.amount_minor for each in new.shares}
    points = {each.staff_id: each.points for each in new.shares}
    for currency, amounts, source, to in (
        (new.currency, money, ledger.EXPENSE, ledger.ACCRUED),
        (ledger.POINT_UNIT, points, ledger.POINTS_GIVEN, ledger.POINTS),
    ):
        lines = ledger.accrual(new.id, currency, amounts, source, to)
        if lines:
            entry = Entry(new.branch_id, ledger.ACCRUE, new.reason, new.period, new.origin_period, lines, new.id)
            book, _no = post(work, book, entry)
    return new


def _credit(work: Work, win: Win, gives: Earned, guard: Guard, day: date, period: str, replaces: str | None) -> Credit:
    shares = tuple(
        CreditShare(
            staff_id=share.staff_id,
            part=share.part,
            roles=who.roles,
            did_at=who.did_at,
            share_ppm=share.share_ppm,
            uncapped_minor=share.uncapped_minor,
            amount_minor=share.amount_minor,
            points=share.points,
            hold_back=share.hold_back,
        )
        for who, share in zip(win.credited, gives.shares, strict=True)
    )
    return Credit(
        id=work.ids.new_id(),
        branch_id=win.branch_id,
        booking_id=win.booking_id,
        referral_id=win.referral_id,
        product=win.product,
        product_line=win.product_line,
        base_minor=win.base_minor,
        currency=win.currency,
        booked_at=win.booked_at,
        booked_on=day,
        conditions=win.conditions,
        period=period,
        origin_period=period_of(day),
        plan_version=gives.plan_version,
        scheme=gives.scheme,
        guard_version=guard.version,
        reason=gives.reason,
        legal_basis=gives.legal_basis,
        is_cash_allowed=gives.is_cash_allowed,
        amount_minor=gives.amount_minor,
        clawback=gives.clawback,
        replaces=replaces,
        state=CreditState.LIVE,
        shares=shares,
    )


# ---- Taking back --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ReverseBooking:
    """Head office says that a booking was undone, on a day."""

    branch_id: str
    booking_id: str
    on: date


def reverse_booking(work: Work, request: ReverseBooking) -> Credit:
    """Take back what a reversed booking gave, by the bands that were frozen with it. Again changes nothing.

    Raises NotFound("booking"), Invalid("bad_win") for a day that has not come.
    """
    book = store.lock_book(work.db, request.branch_id)
    if request.on > local_day(work.now + BOOKED_AHEAD_MAX, book.timezone):
        raise Invalid("bad_win", field="booked_at")
    found = earned.credit_of_booking(work.db, request.booking_id)
    if found is None or found.branch_id != request.branch_id:
        raise NotFound("booking")
    if found.state is CreditState.LIVE:
        take_back_credit(work, book, found, BOOKING_REVERSED, request.on)
        end_credit(work, found, CreditState.REVERSED)
    return found


def end_credit(work: Work, of: Credit, state: CreditState) -> None:
    """It does not count any more."""
    earned.end_credit(work.db, of.id, state)
    work.audit("end_credit", of.id, branch_id=of.branch_id, state=str(state))


@dataclass(frozen=True)
class ClawBack:
    """Take a credit back for a reason that two people stand for: the actor, and `checked_by`."""

    credit_id: str
    reason: str
    on: date
    checked_by: str


def claw_back(work: Work, request: ClawBack) -> int | None:
    """Take a credit back; returns the journal, None when nothing is left to take.

    Raises NotFound("credit"), Invalid("unknown_reason") with the known ones, Conflict("same_person").
    """
    known = in_force(work.db).clawback_reasons | {FALSIFIED, MIS_SELLING}
    if request.reason not in known:
        raise Invalid("unknown_reason", known=sorted(known))
    book = store.lock_book(work.db, work.actor.branch_id)
    found = earned.find_credit(work.db, book.branch_id, request.credit_id)
    if found is None:
        raise NotFound("credit")
    parties = {each.staff_id for each in found.shares}
    if request.checked_by == work.actor.label or parties & {work.actor.id, request.checked_by.partition(":")[2]}:
        raise Conflict("same_person", audited=True)
    _book, no = take_back_credit(work, book, found, request.reason, request.on, request.checked_by)
    return no


def take_back_credit(
    work: Work, book: Book, of: Credit, reason: str, on: date, checked_by: str | None = None
) -> tuple[Book, int | None]:
    """Post what comes back: from what is accrued, held or payable, else as a receivable. Nothing is taken twice."""
    ppm = clawback_ppm(of.clawback, of.booked_on, on, reason, in_force(work.db).clawback_reasons)
    there = store.still_there(work.db, of.id)
    lines: list[Posting] = []
    for share in of.shares:
        money = {name: amount for name, amount in there.get(share.staff_id, {}).items() if name != ledger.POINTS}
        # What an earlier clawback took is not taken again; what was paid out and not asked back can be.
        gone = share.amount_minor - sum(money.values())
        # Of two equal fractions the person keeps the unit.
        due = max(0, split_minor(share.amount_minor, [WHOLE_PPM - ppm, ppm])[1] - gone)
        lines += _taken(work, of, share, money, due)
    if ppm == WHOLE_PPM:
        book = _take_points_back(work, book, of, there, reason, on)
    if not lines:
        return book, None
    total = -sum(line.amount_minor for line in lines)
    expense = Posting(ledger.EXPENSE, ledger.BANK, of.id, of.currency, total)
    origin = max(period_of(on), of.origin_period)
    period = store.posting_period(work.db, book.branch_id, origin)
    entry = Entry(
        book.branch_id, ledger.CLAW_BACK, reason, period, origin, (expense, *lines), of.id, checked_by=checked_by
    )
    return post(work, book, entry)


def _taken(work: Work, of: Credit, share: CreditShare, there: Mapping[str, int], due: int) -> list[Posting]:
    parts = take_back(there, due)
    if ledger.HELD in parts:
        waiting = payouts.instalments_of(work.db, of.id, share.staff_id)
        for each, loss in zip(waiting, shorten([each.left_minor for each in waiting], parts[ledger.HELD]), strict=True):
            if loss:
                payouts.claw_instalment(work.db, each, loss)
    return [Posting(account, share.staff_id, of.id, of.currency, amount) for account, amount in parts.items()]


def _take_points_back(
    work: Work, book: Book, of: Credit, there: Mapping[str, Mapping[str, int]], reason: str, on: date
) -> Book:
    left = {each.staff_id: -there.get(each.staff_id, {}).get(ledger.POINTS, 0) for each in of.shares}
    lines = ledger.accrual(of.id, ledger.POINT_UNIT, left, ledger.POINTS_GIVEN, ledger.POINTS)
    if not lines:
        return book
    origin = max(period_of(on), of.origin_period)
    period = store.posting_period(work.db, book.branch_id, origin)
    entry = Entry(book.branch_id, ledger.CLAW_BACK, reason, period, origin, lines, of.id)
    return post(work, book, entry)[0]


@dataclass(frozen=True)
class ReverseJournal:
    """Undo a clawback that should not have been: the exact negative of one journal."""

    journal_no: int
    reason: str
    on: date
    checked_by: str


def reverse_clawback(work: Work, request: ReverseJournal) -> int:
    """Give back exactly what a clawback took, at most once; returns the reversal's number.

    Raises NotFound("journal"), Invalid("not_a_clawback"), Conflict("reversed") with the number of the reversal,
    Conflict("same_person").
    """
    book = store.lock_book(work.db, work.actor.branch_id)
    wrong = next(store.journals(work.db, book.branch_id, [request.journal_no]), None)
    if wrong is None:
        raise NotFound("journal")
    if wrong.entry.kind != ledger.CLAW_BACK or wrong.entry.reason in (BOOKING_REVERSED, RULING):
        raise Invalid("not_a_clawback")
    before = store.reversed_by(work.db, book.branch_id, wrong.no)
    if before is not None:
        raise Conflict("reversed", by=before)
    holders = {each.holder for each in wrong.entry.lines}
    if request.checked_by == work.actor.label or holders & {work.actor.id, request.checked_by.partition(":")[2]}:
        raise Conflict("same_person", audited=True)
    _give_back_instalments(work, wrong)
    origin = max(period_of(request.on), wrong.entry.origin_period)
    entry = Entry(
        branch_id=book.branch_id,
        kind=ledger.REVERSE,
        reason=request.reason,
        period=store.posting_period(work.db, book.branch_id, origin),
        origin_period=origin,
        lines=ledger.reversal(wrong.entry.lines),
        credit_id=wrong.entry.credit_id,
        reverses=wrong.no,
        checked_by=request.checked_by,
    )
    return post(work, book, entry)[1]


def _give_back_instalments(work: Work, wrong: Journal) -> None:
    for line in wrong.entry.lines:
        if line.account == ledger.HELD and line.credit_id is not None:
            left = line.amount_minor
            for each in payouts.instalments_of(work.db, line.credit_id, line.holder):
                back = min(left, each.clawed_minor)
                if back:
                    payouts.claw_instalment(work.db, each, -back)
                    left -= back
            assert left == 0, "more given back than was taken"
