"""What happens to a plan: proposed, rehearsed on what was booked, approved by a second person, accepted by staff."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lobby_server.kernel import event_log, feeds
from lobby_server.kernel.errors import Conflict, Invalid, NotFound
from lobby_server.kernel.feeds import Difference as Differing
from lobby_server.kernel.feeds import DryRun, Outcome, TakeFeed
from lobby_server.kernel.work import Work
from referral.incentives import store
from referral.incentives.actions.guarding import in_force
from referral.incentives.earning import Plan, play
from referral.incentives.plan import read_plan, sha256_of
from referral.incentives.rules import Credited, Win, local_day, period_of
from referral.incentives.store import earned, payouts
from referral.incentives.store.earned import Credit
from referral.incentives.store.payouts import PlanRow


def propose_plan(work: Work, document: Mapping[str, Any]) -> PlanRow:
    """Enter the next version of the branch's plan. It counts for nothing before a second person approves it.

    Raises what `read_plan` raises, Conflict("version_used") unless the version is the next one, Conflict
    ("starts_too_early") unless it begins after this month and after every version before it, Conflict("beneficiary")
    for somebody whom the branch's plans have paid.
    """
    _refuse_beneficiary(work)
    return _propose(work, work.actor.branch_id, document)


def take_plans(work: Work, request: TakeFeed[tuple[str, Mapping[str, Any]]]) -> Outcome:
    """The next version of each branch's plan, proposed by head office; the branch's own decider approves it.

    A plan that says what the newest version says changes nothing. Raises NotFound("branch"), what `propose_plan` and
    what `feeds.take` raise; a dry run, which does it all and keeps nothing, raises the same.
    """
    told = dict(request.file.lines)
    unknown = sorted(told.keys() - set(event_log.branches(work.db)))
    if unknown:
        raise NotFound("branch", branch=unknown[0])
    newest = {at: payouts.newest_plan(work.db, at, approved_only=False) for at in told}

    def enter(difference: Differing[str, Mapping[str, Any]]) -> None:
        # In a fixed order, so that two files cannot lock each other out.
        for branch_id, document in sorted({**difference.added, **difference.changed}.items()):
            _propose(work, branch_id, document)

    known = {at: row.document for at, row in newest.items() if row is not None}
    outcome = feeds.take(work, replace(request, is_dry=False), known, told, enter)
    if request.is_dry:
        raise DryRun(outcome)
    return outcome


def _propose(work: Work, branch_id: str, document: Mapping[str, Any]) -> PlanRow:
    plan = read_plan(document)
    book = store.lock_book(work.db, branch_id)
    newest = payouts.newest_plan(work.db, book.branch_id, approved_only=False)
    expected = newest.version + 1 if newest else 1
    if plan.version != expected:
        raise Conflict("version_used", branch=branch_id, expected=expected)
    _refuse_early(work, book, plan)
    row = PlanRow(plan.version, plan.starts_on, dict(document), sha256_of(document), work.actor.label, None)
    payouts.add_plan(work.db, book.branch_id, row, work.now)
    work.audit("propose_plan", str(plan.version), branch_id=branch_id, sha256=row.sha256)
    return row


def _refuse_early(work: Work, book: store.Book, plan: Plan) -> None:
    """A plan never reaches back; only the very first may begin in this month."""
    before = payouts.newest_plan(work.db, book.branch_id, approved_only=True)
    this_month = period_of(local_day(work.now, book.timezone))
    starts_in = period_of(plan.starts_on)
    if before is None:
        is_early = starts_in < this_month
    else:
        is_early = starts_in <= this_month or plan.starts_on <= before.starts_on
    if is_early:
        raise Conflict("starts_too_early", branch=book.branch_id)


def _refuse_beneficiary(work: Work) -> None:
    """Whoever earns under the branch's plans decides none of them."""
    if earned.was_credited(work.db, work.actor.branch_id, work.actor.id):
        raise Conflict("beneficiary", audited=True)


@dataclass(frozen=True)
class ApprovePlan:
    """Which version, and the digest of what this person has read."""

    version: int
    sha256: str


def approve_plan(work: Work, request: ApprovePlan) -> PlanRow:
    """A second person puts a version in force from its first day.

    Raises NotFound("plan"), Conflict("same_person"), Conflict("plan_differs") for another digest, Conflict
    ("starts_too_early") when its month has begun meanwhile, Conflict("approved"), Conflict("beneficiary") for somebody
    whom the branch's plans have paid.
    """
    _refuse_beneficiary(work)
    book = store.lock_book(work.db, work.actor.branch_id)
    row = payouts.find_plan(work.db, book.branch_id, request.version)
    if row is None:
        raise NotFound("plan")
    if row.approved_by is not None:
        raise Conflict("approved")
    if row.proposed_by == work.actor.label:
        raise Conflict("same_person", audited=True)
    if row.sha256 != request.sha256:
        raise Conflict("plan_differs")
    _refuse_early(work, book, read_plan(row.document))
    payouts.approve_plan(work.db, book.branch_id, row.version, work.actor.label, work.now)
    work.audit("approve_plan", str(row.version), sha256=row.sha256)
    approved = payouts.find_plan(work.db, book.branch_id, row.version)
    assert approved is not None
    return approved


def accept_plan(work: Work, request: ApprovePlan) -> PlanRow:
    """A member of staff accepts an approved version; nothing earned under it is paid to them before.

    Accepting again changes nothing. Raises NotFound("plan"), Conflict("plan_differs").
    """
    book = store.lock_book(work.db, work.actor.branch_id)
    row = payouts.find_plan(work.db, book.branch_id, request.version)
    if row is None or row.approved_by is None:
        raise NotFound("plan")
    if row.sha256 != request.sha256:
        raise Conflict("plan_differs")
    if not payouts.has_accepted(work.db, book.branch_id, row.version, work.actor.id):
        payouts.accept_plan(work.db, book.branch_id, row.version, work.actor.id, work.now)
        work.audit("accept_plan", str(row.version), sha256=row.sha256)
    return row


@dataclass(frozen=True)
class Rehearse:
    """A document that nobody needs to have proposed, and the months whose bookings it is played on."""

    document: Mapping[str, Any]
    first: str
    last: str


@dataclass(frozen=True)
class Difference:
    """What one person was credited in those months, and what the rehearsed plan would have given."""

    staff_id: str
    was_minor: int
    would_be_minor: int


def rehearse(work: Work, request: Rehearse) -> list[Difference]:
    """Play a plan on what was booked. Changes nothing; the guard stands above it as above every plan.

    By person, largest loss first. Raises what `read_plan` raises, Invalid("bad_period").
    """
    if request.first > request.last:
        raise Invalid("bad_period")
    plan, book = read_plan(request.document), store.lock_book(work.db, work.actor.branch_id)
    recorded = earned.credits_between(work.db, book.branch_id, request.first, request.last)
    recorded = [each for each in recorded if each.currency == plan.currency]
    was: dict[str, int] = {}
    for each in recorded:
        for share in each.shares:
            was[share.staff_id] = was.get(share.staff_id, 0) + share.amount_minor
    would_be = play([win_of(each) for each in recorded], plan, in_force(work.db), book.timezone)
    differences = [Difference(who, was[who], would_be.get(who, 0)) for who in was]
    return sorted(differences, key=lambda each: (each.would_be_minor - each.was_minor, each.staff_id))


def win_of(of: Credit) -> Win:
    """The facts that a credit was made from."""
    return Win(
        branch_id=of.branch_id,
        booking_id=of.booking_id,
        referral_id=of.referral_id,
        product=of.product,
        product_line=of.product_line,
        base_minor=of.base_minor,
        currency=of.currency,
        booked_at=of.booked_at,
        credited=tuple(Credited(each.staff_id, each.part, each.roles, each.did_at) for each in of.shares),
        conditions=of.conditions,
    )
