"""Plans, statements and disputes on the wire. Amounts are whole minor units beside their currency."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import StringConstraints

from lobby_server.doors.feeds import read_feed
from lobby_server.doors.reading import Code, Text, Wire
from lobby_server.kernel.clock import to_wire
from lobby_server.kernel.feeds import FeedFile
from lobby_server.queue.wire import StaffSeen
from referral.incentives.actions.disputes import Outcome
from referral.incentives.actions.months import Proposed
from referral.incentives.actions.plans import Difference
from referral.incentives.plan import PlanDocument
from referral.incentives.store.disputes import Dispute, Movement, Statement, StatementLine
from referral.incentives.store.payouts import Month, PlanRow

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Period = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}$")]
People = Mapping[str, StaffSeen]


class LineSeen(Wire):
    """One booking: what it gave this person, by which rule, and where the money is now.

    `uncapped_minor` is what it would be without the monthly cap; `reason` says why there is no money, or `allowed`.
    """

    credit_id: str
    booking_id: str
    referral_id: str
    product: str
    product_line: str
    base_minor: int
    currency: str
    booked_at: str
    origin_period: str
    state: str
    part: str
    share_ppm: int
    plan_version: int | None
    scheme: str | None
    guard_version: str
    reason: str
    legal_basis: str
    uncapped_minor: int
    amount_minor: int
    points: int
    hold_back_ppm: int
    there: dict[str, int]


class MovementSeen(Wire):
    """What a journal of the month did: changes by account, in minor units."""

    journal_no: int
    at: str
    kind: str
    reason: str
    credit_id: str | None
    amounts: dict[str, int]


class StatementSeen(Wire):
    """A person's month, down to the booking."""

    staff: StaffSeen
    period: str
    lines: list[LineSeen]
    movements: list[MovementSeen]


class PersonAmount(Wire):
    """One person's amount in minor units."""

    staff: StaffSeen | None
    amount_minor: int


class ProposedSeen(Wire):
    """What closing the month moves, by person; `digest` is what the second person approves."""

    period: str
    digest: str
    amounts: list[PersonAmount]


class Claimed(Wire):
    """What somebody claims about a credit."""

    claim: Text


class Ruled(Wire):
    """How a person rules."""

    ruling: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,32}$")]


class OutcomeSeen(Wire):
    """What a ruling would give to each."""

    ruling: str
    amounts: list[PersonAmount]


class DisputeSeen(Wire):
    """A contested credit; it is ruled when a second person has confirmed, or told to head office after `due_at`."""

    id: str
    credit_id: str
    claim: str
    raised_by: StaffSeen | None
    raised_at: str
    ruling: str | None
    proposed_by: StaffSeen | None
    confirmed_by: StaffSeen | None
    ended_at: str | None
    due_at: str | None
    escalated_at: str | None


class DisputeAnswer(Wire):
    """A dispute as it stands after the deed."""

    dispute: DisputeSeen


class OpenDispute(Wire):
    """A dispute with what each ruling would give."""

    dispute: DisputeSeen
    outcomes: list[OutcomeSeen]


class DisputeList(Wire):
    """What waits for a ruling, oldest first."""

    disputes: list[OpenDispute]


class PlanRead(Wire):
    """The digest of the version that somebody has read."""

    sha256: Sha256


class PlanSeen(Wire):
    """A version; it counts from `starts_on` once it is approved."""

    version: int
    starts_on: str
    sha256: str
    is_approved: bool


class PlanListed(Wire):
    """A version whole, who stands for it, and whether I have accepted it."""

    plan: PlanSeen
    document: dict[str, Any]
    proposed_by: StaffSeen | None
    approved_by: StaffSeen | None
    accepted_by_me: bool


class SchemeSeen(Wire):
    """A scheme by its name, whether it gives money or points, and terms to begin with."""

    name: str
    unit: str
    example: dict[str, Any]


class PlanList(Wire):
    """Every version, newest first, and the schemes that a plan may name."""

    plans: list[PlanListed]
    schemes: list[SchemeSeen]


class PeriodSeen(Wire):
    """A month of the books. `amounts`: what closing it now would move, by person; empty once it is closed."""

    period: str
    state: Literal["open", "proposed", "closed"]
    proposed_by: StaffSeen | None
    approved_by: StaffSeen | None
    amounts: list[PersonAmount]


class PeriodList(Wire):
    """Every month that was begun, newest first."""

    periods: list[PeriodSeen]


class Rehearsal(Wire):
    """A plan and the months whose bookings it is played on."""

    plan: PlanDocument
    first: Period
    last: Period


class DifferenceSeen(Wire):
    """One person's amount under the plans of the day, and under the rehearsed one."""

    staff: StaffSeen | None
    was_minor: int
    would_be_minor: int


class RehearsalSeen(Wire):
    """Everybody's difference, largest loss first."""

    differences: list[DifferenceSeen]


def statement_seen(told: Statement, staff_id: str, who: StaffSeen, period: str) -> StatementSeen:
    """A statement."""
    lines = [_line(each, staff_id) for each in told.lines]
    return StatementSeen(staff=who, period=period, lines=lines, movements=[_movement(each) for each in told.movements])


def _line(told: StatementLine, staff_id: str) -> LineSeen:
    of = told.credit
    share = next(each for each in of.shares if each.staff_id == staff_id)
    return LineSeen(
        credit_id=of.id,
        booking_id=of.booking_id,
        referral_id=of.referral_id,
        product=of.product,
        product_line=of.product_line,
        base_minor=of.base_minor,
        currency=of.currency,
        booked_at=to_wire(of.booked_at),
        origin_period=of.origin_period,
        state=str(of.state),
        part=share.part,
        share_ppm=share.share_ppm,
        plan_version=of.plan_version,
        scheme=of.scheme,
        guard_version=of.guard_version,
        reason=of.reason,
        legal_basis=of.legal_basis,
        uncapped_minor=share.uncapped_minor,
        amount_minor=share.amount_minor,
        points=share.points,
        hold_back_ppm=share.hold_back.ppm,
        there=told.there,
    )


def _movement(told: Movement) -> MovementSeen:
    return MovementSeen(
        journal_no=told.no,
        at=to_wire(told.at),
        kind=told.kind,
        reason=told.reason,
        credit_id=told.credit_id,
        amounts=told.amounts,
    )


def proposed_seen(told: Proposed, people: People) -> ProposedSeen:
    """What a close moves."""
    return ProposedSeen(period=told.period, digest=told.digest, amounts=_amounts(told.amounts, people))


def dispute_seen(told: Dispute, people: People) -> DisputeSeen:
    """A dispute with the names of colleagues."""
    return DisputeSeen(
        id=told.id,
        credit_id=told.credit_id,
        claim=told.claim,
        raised_by=people.get(told.raised_by),
        raised_at=to_wire(told.raised_at),
        ruling=told.ruling,
        proposed_by=people.get(told.proposed_by or ""),
        confirmed_by=people.get(told.confirmed_by or ""),
        ended_at=to_wire(told.ended_at) if told.ended_at else None,
        due_at=to_wire(told.due_at) if told.due_at else None,
        escalated_at=to_wire(told.escalated_at) if told.escalated_at else None,
    )


def outcome_seen(told: Outcome, people: People) -> OutcomeSeen:
    """What a ruling would give."""
    return OutcomeSeen(ruling=told.ruling, amounts=_amounts(told.amounts, people))


def plan_seen(told: PlanRow) -> PlanSeen:
    """A version of the plan."""
    return PlanSeen(
        version=told.version,
        starts_on=told.starts_on.isoformat(),
        sha256=told.sha256,
        is_approved=told.approved_by is not None,
    )


def plan_listed(told: PlanRow, people: People, *, accepted_by_me: bool) -> PlanListed:
    """A version whole."""
    return PlanListed(
        plan=plan_seen(told),
        document=told.document,
        proposed_by=people.get(staff_of(told.proposed_by)),
        approved_by=people.get(staff_of(told.approved_by)),
        accepted_by_me=accepted_by_me,
    )


def period_seen(told: Month, amounts: Mapping[str, int], people: People) -> PeriodSeen:
    """A month."""
    return PeriodSeen(
        period=told.period,
        state="closed" if told.approved_by else "proposed" if told.proposed_by else "open",
        proposed_by=people.get(staff_of(told.proposed_by)),
        approved_by=people.get(staff_of(told.approved_by)),
        amounts=_amounts(amounts, people),
    )


def staff_of(label: str | None) -> str:
    """The id in a label such as `staff:…`."""
    return (label or "").removeprefix("staff:")


def rehearsal_seen(told: list[Difference], people: People) -> RehearsalSeen:
    """Everybody's difference."""
    return RehearsalSeen(
        differences=[
            DifferenceSeen(
                staff=people.get(each.staff_id), was_minor=each.was_minor, would_be_minor=each.would_be_minor
            )
            for each in told
        ]
    )


def document_of(told: PlanDocument) -> dict[str, Any]:
    """A plan as it is stored and hashed."""
    return told.model_dump()


class PlanLine(Wire):
    """One line of head office's file of plans: the next version of one branch's."""

    branch: Code
    plan: PlanDocument


def read_plan_file(raw: bytes) -> FeedFile[tuple[str, Mapping[str, Any]]]:
    """Read a whole file; raises what `read_feed` raises. A branch stands once in it."""
    return read_feed(
        raw,
        "plans",
        PlanLine,
        lambda line, _mark: (line.branch, document_of(line.plan)),
        lambda line: [("branch", line.branch)],
    )


def _amounts(told: Mapping[str, int], people: People) -> list[PersonAmount]:
    return [PersonAmount(staff=people.get(who), amount_minor=amount) for who, amount in sorted(told.items())]
