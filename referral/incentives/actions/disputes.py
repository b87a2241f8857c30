"""What happens when somebody contests a credit: the money waits, the rulings are compared, two people decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from lobby_server.branch import store as branches
from lobby_server.branch.rules import open_day_after
from lobby_server.kernel.clock import to_wire
from lobby_server.kernel.errors import Conflict, Invalid, NotFound
from lobby_server.kernel.work import Work
from referral.incentives import store
from referral.incentives.actions import credit_win, end_credit, take_back_credit
from referral.incentives.actions.guarding import in_force
from referral.incentives.actions.plans import win_of
from referral.incentives.earning import NOTHING_YET, SoFar, earn
from referral.incentives.events import DisputeOverdue
from referral.incentives.plan import read_plan
from referral.incentives.rules import (
    DISPUTE_WITHIN,
    REFERRER,
    RULED_WITHIN_DAYS,
    RULING,
    Credited,
    CreditState,
    Win,
    local_day,
    next_period,
)
from referral.incentives.store import Book, disputes, earned, payouts
from referral.incentives.store.disputes import Dispute
from referral.incentives.store.earned import Credit

UPHOLD, CLAIMANT_REFERRED, NOBODY = "uphold", "claimant_referred", "nobody"
RULINGS = (UPHOLD, CLAIMANT_REFERRED, NOBODY)
UNRULED = "incentives.unruled"


@dataclass(frozen=True)
class RaiseDispute:
    """Which referral's credit, and what is claimed."""

    referral_id: str
    claim: str


def raise_dispute(work: Work, request: RaiseDispute) -> Dispute:
    """Contest a credit, once a person; until a ruling nothing of it is paid out. Again gives the same dispute.

    Raises NotFound("credit"), Conflict("contest_over") later than 30 days after the month of its books, Conflict
    ("replaced") for a credit that a ruling has replaced.
    """
    book = store.lock_book(work.db, work.actor.branch_id)
    of = earned.credit_of_referral(work.db, book.branch_id, request.referral_id)
    if of is None:
        raise NotFound("credit")
    before = disputes.dispute_of(work.db, of.id, work.actor.id)
    if before is not None:
        return before
    if of.state is not CreditState.LIVE:
        raise Conflict("not_live", state=str(of.state))
    if work.now > _end_of(of.period, book) + DISPUTE_WITHIN:
        raise Conflict("contest_over")
    due_at = _due_at(work, book)
    new = Dispute(work.ids.new_id(), book.branch_id, of.id, work.actor.id, request.claim, work.now, due_at)
    disputes.add_dispute(work.db, new)
    work.due(book.branch_id, due_at, UNRULED, new.id)
    work.audit("raise_dispute", new.id, credit_id=of.id, due_at=to_wire(due_at))
    return new


def _due_at(work: Work, book: Book) -> datetime:
    """The end of the last day on which the branch may still rule."""
    branch = branches.find_branch(work.db, book.branch_id)
    assert branch is not None
    day = open_day_after(branch.calendar, local_day(work.now, book.timezone), RULED_WITHIN_DAYS)
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(book.timezone)).astimezone(UTC)


def pass_on(work: Work, dispute_id: str) -> None:
    """The later deed `UNRULED`: the branch did not rule in time, so head office hears of it. The money still waits."""
    found = disputes.find_dispute(work.db, work.actor.branch_id, dispute_id)
    if found is None or found.ended_at is not None or found.escalated_at is not None:
        return
    disputes.escalate(work.db, found.id, work.now)
    work.audit("escalate_dispute", found.id, credit_id=found.credit_id)
    work.record(DisputeOverdue(found.branch_id, found.id, found.credit_id, found.raised_at, found.due_at))


def _end_of(period: str, book: Book) -> datetime:
    year, month = map(int, next_period(period).split("-"))
    return datetime.combine(datetime(year, month, 1, tzinfo=UTC).date(), time(), ZoneInfo(book.timezone))


@dataclass(frozen=True)
class Outcome:
    """What a ruling would give to each person, in minor units; beside it what they have now."""

    ruling: str
    amounts: Mapping[str, int]


def compare(db: sa.Connection, branch_id: str, timezone: str, of: Credit, claimant: str) -> list[Outcome]:
    """What each possible ruling gives, computed as it would be posted. Changes nothing."""
    row = payouts.plan_in_force(db, branch_id, of.booked_on)
    plan = read_plan(row.document) if row else None
    found = []
    for ruling in RULINGS:
        win = _under(ruling, of, claimant)
        if ruling == UPHOLD:
            amounts = {each.staff_id: each.amount_minor for each in of.shares}
        elif win is None:
            amounts = {each.staff_id: 0 for each in of.shares}
        else:
            people = [each.staff_id for each in win.credited]
            so_far = (
                earned.so_far(db, branch_id, of.origin_period, plan.version, of.product_line, people) if plan else {}
            )
            without = {who: _without(so_far.get(who, NOTHING_YET), of, who) for who in people}
            gives = earn(win, local_day(win.booked_at, timezone), plan, in_force(db), without)
            amounts = {each.staff_id: each.amount_minor for each in gives.shares}
        found.append(Outcome(ruling, amounts))
    return found


def _without(so_far: SoFar, of: Credit, staff_id: str) -> SoFar:
    """The sums as if this credit had not been."""
    share = next((each for each in of.shares if each.staff_id == staff_id), None)
    if share is None or not of.is_cash_allowed:
        return so_far
    return SoFar(
        so_far.base_millionths - of.base_minor * share.share_ppm,
        so_far.uncapped_minor - share.uncapped_minor,
        so_far.all_uncapped_minor - share.uncapped_minor,
        so_far.all_amount_minor - share.amount_minor,
    )


def _under(ruling: str, of: Credit, claimant: str) -> Win | None:
    """The win as a ruling sees it; None where nobody earned anything."""
    if ruling == NOBODY:
        return None
    win = win_of(of)
    if ruling == UPHOLD:
        return win
    referrer = next((each for each in win.credited if each.part == REFERRER), win.credited[0])
    others = tuple(each for each in win.credited if each.part != REFERRER and each.staff_id != claimant)
    # The roles of the claimant do not loosen anything: a hold-back of the first referrer's roles stays.
    return replace(win, credited=(Credited(claimant, REFERRER, referrer.roles, referrer.did_at), *others))


@dataclass(frozen=True)
class Resolve:
    """A dispute, and how this person rules."""

    dispute_id: str
    ruling: str


def resolve(work: Work, request: Resolve) -> Dispute:
    """Rule on a dispute: one person proposes, another who says the same confirms, and the ledger corrects itself.

    Raises Invalid("unknown_ruling") with the known ones, NotFound("dispute"), Conflict("ended"), Conflict
    ("party") for somebody whom it concerns, Conflict("same_person") for the proposer again.
    """
    if request.ruling not in RULINGS:
        raise Invalid("unknown_ruling", known=list(RULINGS))
    book = store.lock_book(work.db, work.actor.branch_id)
    found = disputes.find_dispute(work.db, book.branch_id, request.dispute_id)
    if found is None:
        raise NotFound("dispute")
    if found.ended_at is not None:
        raise Conflict("ended", ruling=found.ruling)
    of = earned.find_credit(work.db, book.branch_id, found.credit_id)
    assert of is not None
    if work.actor.id in {found.raised_by, *(each.staff_id for each in of.shares)}:
        raise Conflict("party", audited=True)
    if found.proposed_by is None or found.ruling != request.ruling:
        disputes.propose_ruling(work.db, found.id, request.ruling, work.actor.id)
        work.audit("propose_ruling", found.id, ruling=request.ruling)
    elif found.proposed_by == work.actor.id:
        raise Conflict("same_person", audited=True)
    else:
        disputes.confirm_ruling(work.db, found.id, work.actor.id, work.now)
        work.no_longer_due(UNRULED, found.id)
        work.audit("confirm_ruling", found.id, ruling=request.ruling)
        _correct(work, book, of, request.ruling, found)
    ruled = disputes.find_dispute(work.db, book.branch_id, found.id)
    assert ruled is not None
    return ruled


def _correct(work: Work, book: Book, of: Credit, ruling: str, found: Dispute) -> None:
    """Take the old credit back whole, and credit the win anew as the ruling sees it."""
    if ruling == UPHOLD or of.state is not CreditState.LIVE:
        return
    assert found.proposed_by is not None
    today = local_day(work.now, book.timezone)
    book, _no = take_back_credit(work, book, of, RULING, today, f"staff:{found.proposed_by}")
    win = _under(ruling, of, found.raised_by)
    end_credit(work, of, CreditState.REPLACED if win else CreditState.REVERSED)
    if win is not None:
        credit_win(work, book, win, replaces=of.id)
