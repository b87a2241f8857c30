"""The doors of the ledger: statements, closing a month, payroll, disputes, plans."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from lobby_server.branch import store as branches
from lobby_server.doors.routes import Answer, Call, Door
from lobby_server.doors.who import ADMIN, HEAD, STAFF
from lobby_server.kernel.errors import Forbidden, Invalid, NotFound
from lobby_server.kernel.work import Work
from lobby_server.queue.live import colleagues
from lobby_server.queue.wire import StaffSeen
from lobby_server.staff import store as staff
from referral.incentives import wire
from referral.incentives.actions import disputes, months, plans
from referral.incentives.plan import PlanDocument
from referral.incentives.rules import is_period
from referral.incentives.schemes import schemes
from referral.incentives.store import disputes as disputes_store
from referral.incentives.store import earned, payouts
from referral.incentives.store.disputes import Dispute
from referral.incentives.store.payouts import Month, PlanRow
from referral.incentives.wire import payroll

_DECIDERS = {HEAD, ADMIN}
FILES_SHOWN_MAX = 24  # two years of months; older ones are in the ledger's journals


def incentives_door() -> Door:
    """The doors."""
    door = Door("incentives")
    _statements(door)
    _months(door)
    _disputes(door)
    _plans(door)
    return door


def _statements(door: Door) -> None:
    @door.question("/incentives/statements/{staff_no}/{period}", may={STAFF}, gives=wire.StatementSeen)
    def get_statement(call: Call) -> wire.StatementSeen:
        """A person's month, down to the booking: one's own; everybody's for the head."""
        staff_no, period = call.path["staff_no"], call.path["period"]
        if staff_no != call.actor.number and HEAD not in call.actor.roles:
            raise Forbidden("not_yours", audited=True)
        if not is_period(period):
            raise Invalid("bad_period")
        with call.house.database.read() as db:
            found = staff.find(db, call.house.keys, call.actor.branch_id, staff_no)
            if found is None:
                raise NotFound("staff")
            who = found[0]
            told = disputes_store.statement(db, call.actor.branch_id, who.id, period)
        return wire.statement_seen(told, who.id, StaffSeen(staff_no=who.staff_no, name=who.name), period)


def _months(door: Door) -> None:
    @door.question("/incentives/periods", may=_DECIDERS, gives=wire.PeriodList)
    def get_periods(call: Call) -> wire.PeriodList:
        """Every month of the books, who stands for closing it, and what that would move."""
        branch_id = call.actor.branch_id
        with call.house.database.read() as db:
            found = [
                (each, {} if each.approved_by else months.closing_now(db, branch_id, each.period))
                for each in payouts.months(db, branch_id)
            ]
            earning = {who for _, amounts in found for who in amounts}
            people = colleagues(db, call.house.keys, _deciders(each for each, _ in found) | earning)
        return wire.PeriodList(periods=[wire.period_seen(each, amounts, people) for each, amounts in found])

    @door.command("/incentives/periods/{period}/close", may=_DECIDERS, gives=wire.ProposedSeen)
    def post_period_close(call: Call) -> Answer:
        """Propose to close a month that is over."""
        return call.run(months.propose_close, call.path["period"], _proposed)

    @door.command("/incentives/periods/{period}/approve", may=_DECIDERS, gives=wire.ProposedSeen)
    def post_approve(call: Call) -> Answer:
        """Approve what somebody else proposed: the month is closed."""
        return call.run(months.approve_close, call.path["period"], _proposed)

    @door.question("/incentives/payroll", may=_DECIDERS, gives=payroll.PayrollList)
    def get_payroll(call: Call) -> payroll.PayrollList:
        """The newest payroll files with their lines: a file that was lost on its way is had again, never paid again."""
        with call.house.database.read() as db:
            found = payouts.payroll_files(db, call.actor.branch_id, FILES_SHOWN_MAX)
            ids = {line.staff_id for each in found for line in each.lines} | {
                wire.staff_of(each.made_by) for each in found
            }
            people = colleagues(db, call.house.keys, ids)
        return payroll.PayrollList(files=[payroll.exported_seen(each, people) for each in found])

    @door.command("/incentives/payroll", may=_DECIDERS, gives=payroll.PayrollSeen, or_nothing=True)
    def post_payroll(call: Call) -> Answer:
        """Send to payroll what is payable; 204 when nothing is."""
        return call.run(months.export_payroll, None, _payroll)


def _disputes(door: Door) -> None:
    @door.command("/referrals/{referral_id}/dispute", may={STAFF}, takes=wire.Claimed, gives=wire.DisputeAnswer)
    def post_dispute(call: Call) -> Answer:
        """Contest what a referral was credited; nothing of it is paid until two others have ruled."""
        request = disputes.RaiseDispute(call.path["referral_id"], call.body.claim)
        return call.run(disputes.raise_dispute, request, _dispute)

    @door.question("/disputes", may=_DECIDERS, gives=wire.DisputeList)
    def get_disputes(call: Call) -> wire.DisputeList:
        """What waits for a ruling, with what each ruling would give."""
        with call.house.database.read() as db:
            found = disputes_store.open_disputes(db, call.actor.branch_id)
            return wire.DisputeList(disputes=[_open(call, db, each) for each in found])

    @door.command("/disputes/{dispute_id}/resolve", may=_DECIDERS, takes=wire.Ruled, gives=wire.DisputeAnswer)
    def post_resolve(call: Call) -> Answer:
        """Rule on a dispute: the first proposes, a second who says the same confirms."""
        request = disputes.Resolve(call.path["dispute_id"], call.body.ruling)
        return call.run(disputes.resolve, request, _dispute)


def _plans(door: Door) -> None:
    @door.question("/plans", may={STAFF}, gives=wire.PlanList)
    def get_plans(call: Call) -> wire.PlanList:
        """Every version of the branch's plan, and whether I have accepted it."""
        branch_id, me = call.actor.branch_id, call.actor.id
        with call.house.database.read() as db:
            found = payouts.listed_plans(db, branch_id)
            accepted = {each.version for each in found if payouts.has_accepted(db, branch_id, each.version, me)}
            people = colleagues(db, call.house.keys, _deciders(found))
        listed = [wire.plan_listed(each, people, accepted_by_me=each.version in accepted) for each in found]
        known = [
            wire.SchemeSeen(name=name, unit=each.UNIT, example=dict(each.EXAMPLE))
            for name, each in sorted(schemes().items())
        ]
        return wire.PlanList(plans=listed, schemes=known)

    @door.command("/plans", may=_DECIDERS, takes=PlanDocument, gives=wire.PlanSeen, http_code=201)
    def post_plan(call: Call) -> Answer:
        """Propose the next version of the branch's incentive plan."""
        return call.run(plans.propose_plan, wire.document_of(call.body), _plan)

    @door.command("/plans/{version}/approve", may=_DECIDERS, takes=wire.PlanRead, gives=wire.PlanSeen)
    def post_plan_approval(call: Call) -> Answer:
        """Approve a version that somebody else proposed."""
        return call.run(plans.approve_plan, _read(call), _plan)

    @door.command("/plans/{version}/accept", may={STAFF}, takes=wire.PlanRead, gives=wire.PlanSeen)
    def post_plan_acceptance(call: Call) -> Answer:
        """Accept a version that I have read; before that nothing earned under it is paid to me."""
        return call.run(plans.accept_plan, _read(call), _plan)

    @door.command("/plans/rehearse", may=_DECIDERS, takes=wire.Rehearsal, gives=wire.RehearsalSeen)
    def post_rehearsal(call: Call) -> Answer:
        """Play a plan on what was booked: the difference for each person. Changes nothing."""
        sent: wire.Rehearsal = call.body
        request = plans.Rehearse(wire.document_of(sent.plan), sent.first, sent.last)
        return call.run(plans.rehearse, request, _rehearsal)


def _read(call: Call) -> plans.ApprovePlan:
    version = call.path["version"]
    if not version.isdecimal() or len(version) > len("99999"):
        raise NotFound("plan")
    return plans.ApprovePlan(int(version), call.body.sha256)


def _open(call: Call, db: sa.Connection, of: Dispute) -> wire.OpenDispute:
    branch = branches.find_branch(db, of.branch_id)
    contested = earned.find_credit(db, of.branch_id, of.credit_id)
    assert branch is not None and contested is not None
    outcomes = disputes.compare(db, of.branch_id, branch.timezone, contested, of.raised_by)
    people = colleagues(db, call.house.keys, {of.raised_by, *(each.staff_id for each in contested.shares)})
    seen = [wire.outcome_seen(each, people) for each in outcomes]
    return wire.OpenDispute(dispute=wire.dispute_seen(of, people), outcomes=seen)


def _deciders(decided: Iterable[PlanRow | Month]) -> set[str]:
    """The ids of those who stand for months or plans, as far as anybody does yet."""
    return {wire.staff_of(by) for each in decided for by in (each.proposed_by, each.approved_by) if by}


def _proposed(work: Work, told: months.Proposed) -> wire.ProposedSeen:
    return wire.proposed_seen(told, colleagues(work.db, work.keys, set(told.amounts)))


def _payroll(work: Work, told: months.PayrollFile | None) -> payroll.PayrollSeen | None:
    if told is None:
        return None
    return payroll.payroll_seen(told, colleagues(work.db, work.keys, {each.staff_id for each in told.lines}))


def _dispute(work: Work, told: Dispute) -> wire.DisputeAnswer:
    ids = {each for each in (told.raised_by, told.proposed_by, told.confirmed_by) if each}
    return wire.DisputeAnswer(dispute=wire.dispute_seen(told, colleagues(work.db, work.keys, ids)))


def _plan(_work: Work, told: PlanRow) -> wire.PlanSeen:
    return wire.plan_seen(told)


def _rehearsal(work: Work, told: list[plans.Difference]) -> wire.RehearsalSeen:
    return wire.rehearsal_seen(told, colleagues(work.db, work.keys, {each.staff_id for each in told}))
