"""Every query behind the figures. They read the rooms below and write nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from lobby_server.branch.rules import Branch
from lobby_server.branch.tables import service_point
from lobby_server.kernel.clock import business_day_of
from lobby_server.kernel.tables import event
from lobby_server.queue.rules import TicketState
from lobby_server.queue.tables import ticket, ticket_call
from lobby_server.recommend.tables import offer
from lobby_server.visits.rules import DONE, DONE_SELF_SERVICE, VisitState
from lobby_server.visits.tables import errand, visit
from referral.incentives.tables import account_balance, credit, credit_share, dispute, ledger_period
from referral.lifecycle.events import ReferralOverdue
from referral.lifecycle.rules import LIVE, ReferralState
from referral.lifecycle.tables import referral, referral_step
from referral.statistics.figures import Came, Referred
from referral.statistics.figures.hall import Task, Waited
from referral.statistics.rules import Period, bounds

OVERDUE_LOOK_BACK = timedelta(days=200)  # the longest protection and some
_ENDINGS = ("lose", "withdraw", "expire")


def came(db: sa.Connection, branch: Branch, period: Period) -> list[Came]:
    """The visits of a period."""
    has_offer = sa.exists().where(offer.c.visit_id == visit.c.id)
    columns = (visit.c.id, visit.c.arrived_at, visit.c.customer_id, visit.c.need, has_offer.label("has_offer"))
    rows = db.execute(sa.select(*columns).where(_arrived(branch, period)).order_by(visit.c.arrived_at, visit.c.id))
    return [
        Came(row.id, _day(branch, row.arrived_at), row.customer_id is not None, row.need is not None or row.has_offer)
        for row in rows
    ]


def referred(db: sa.Connection, branch: Branch, period: Period) -> list[Referred]:
    """The referrals of the period's visits; those that were another one's double are not counted."""
    is_counted = sa.and_(_arrived(branch, period), referral.c.state != str(ReferralState.DUPLICATE))
    joined = referral.join(visit, visit.c.id == referral.c.visit_id)
    was_shown = sa.exists().where(offer.c.visit_id == visit.c.id, offer.c.product_line == referral.c.product_line)
    rows = db.execute(
        sa.select(referral, visit.c.arrived_at, visit.c.appointment, was_shown.label("was_shown"))
        .select_from(joined)
        .where(is_counted)
        .order_by(referral.c.created_at, referral.c.id)
    ).all()
    steps: dict[str, dict[str, datetime]] = defaultdict(dict)
    for step in db.execute(
        sa.select(referral_step.c.referral_id, referral_step.c.deed, referral_step.c.occurred_at)
        .select_from(referral_step.join(joined, referral.c.id == referral_step.c.referral_id))
        .where(is_counted)
        .order_by(referral_step.c.referral_id, referral_step.c.seq)
    ):
        steps[step.referral_id].setdefault(step.deed, step.occurred_at)
    return [_referred(branch, row, steps[row.id]) for row in rows]


def _referred(branch: Branch, row: sa.Row[Any], steps: dict[str, datetime]) -> Referred:
    accepted_at = steps.get("accept") or row.accepted_at
    return Referred(
        id=row.id,
        visit_id=row.visit_id,
        on=_day(branch, row.arrived_at),
        product_line=row.product_line,
        source="offer" if row.was_shown else "appointment" if row.appointment is not None else "heard",
        state=ReferralState(row.state),
        referrer_id=row.referrer_id,
        receiver_id=row.receiver_id if accepted_at else None,
        created_at=row.created_at,
        accepted_at=accepted_at,
        contacted_at=steps.get("contact"),
        qualified_at=steps.get("qualify"),
        won_at=steps.get("win"),
        ended_at=max((at for deed, at in steps.items() if deed in _ENDINGS), default=None),
    )


def waited(db: sa.Connection, branch: Branch, period: Period) -> list[Waited]:
    """The tickets of a period that were called: from their place in line to their first call.

    Who was called, did not come and came back has a later place by now; they waited since their number was issued.
    """
    first = sa.select(ticket_call.c.ticket_id, sa.func.min(ticket_call.c.call_no).label("no")).group_by(
        ticket_call.c.ticket_id
    )
    calls = first.subquery()
    joined = (
        ticket.join(calls, calls.c.ticket_id == ticket.c.id)
        .join(ticket_call, sa.and_(ticket_call.c.ticket_id == ticket.c.id, ticket_call.c.call_no == calls.c.no))
        .join(visit, visit.c.id == ticket.c.visit_id)
    )
    rows = db.execute(
        sa.select(
            ticket.c.id,
            ticket.c.business_day,
            ticket.c.service_level,
            ticket.c.arrived_at,
            ticket.c.placed_at,
            ticket.c.issued_at,
            ticket_call.c.at,
            visit.c.promise_s,
        )
        .select_from(joined)
        .where(ticket.c.branch_id == branch.id, ticket.c.business_day.between(period.first, period.last))
        .order_by(ticket_call.c.at, ticket.c.id)
    )
    return [_waited(row) for row in rows.all()]


def _waited(row: Any) -> Waited:
    placed_at = row.placed_at or row.arrived_at
    since = placed_at if placed_at <= row.at else row.issued_at
    waited_s = max(0.0, (row.at - since).total_seconds())
    return Waited(row.id, row.business_day, row.service_level, waited_s, row.promise_s)


def tasks(db: sa.Connection, branch: Branch, period: Period, simple: frozenset[str]) -> list[Task]:
    """Each simple task that a visit of the period was sent away with, once for each visit and service type.

    `simple`: the service types that a machine can do.
    """
    here = _arrived(branch, period)
    served: set[str] = set()
    found: dict[tuple[str, str], Task] = {}
    tickets = db.execute(
        sa.select(ticket.c.visit_id, ticket.c.service_type, ticket.c.started_at)
        .join(visit, visit.c.id == ticket.c.visit_id)
        .where(here)
        .order_by(ticket.c.issued_at, ticket.c.id)
    ).all()
    served |= {row.visit_id for row in tickets if row.started_at is not None}
    for row in tickets:
        if row.service_type in simple:
            key = (row.visit_id, row.service_type)
            found[key] = Task(*key, at_machine=False, outcome=None, is_done=False, was_served=row.visit_id in served)
    errands = db.execute(
        sa.select(errand.c.visit_id, errand.c.service_type, errand.c.outcome)
        .join(visit, visit.c.id == errand.c.visit_id)
        .where(here)
        .order_by(errand.c.given_at, errand.c.id)
    )
    for row in errands:
        key = (row.visit_id, row.service_type)
        is_done = row.outcome in (DONE, DONE_SELF_SERVICE)
        found[key] = Task(
            *key, at_machine=True, outcome=row.outcome, is_done=is_done, was_served=row.visit_id in served
        )
    return list(found.values())


def first_visit(db: sa.Connection, branch: Branch) -> date | None:
    """The first business day of which anything is known."""
    at: datetime | None = db.scalar(
        sa.select(visit.c.arrived_at).where(visit.c.branch_id == branch.id).order_by(visit.c.arrived_at).limit(1)
    )
    return _day(branch, at) if at else None


# ---- Now ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Now:
    """The hall at this moment."""

    in_hall: int
    waiting: int
    late: int
    longest_wait_s: int
    points_open: int


def hall_now(db: sa.Connection, branch: Branch, now: datetime) -> Now:
    """Who is here, who waits, and who has waited longer than promised."""
    waits = waiting(db, branch, now)
    manned = sa.and_(service_point.c.branch_id == branch.id, service_point.c.staff_id.is_not(None))
    points_open = db.scalar(sa.select(sa.func.count()).select_from(service_point).where(manned))
    late = sum(not each.is_kept for each in waits)
    longest = max((each.waited_s for each in waits), default=0.0)
    return Now(len(in_hall(db, branch)), len(waits), late, round(longest), points_open or 0)


def in_hall(db: sa.Connection, branch: Branch) -> list[str]:
    """The visits that are not over."""
    is_here = sa.and_(visit.c.branch_id == branch.id, visit.c.state != str(VisitState.LEFT))
    return list(db.scalars(sa.select(visit.c.id).where(is_here).order_by(visit.c.arrived_at, visit.c.id)))


def waiting(db: sa.Connection, branch: Branch, now: datetime) -> list[Waited]:
    """The tickets that wait, and how long they have."""
    here = sa.and_(ticket.c.branch_id == branch.id, ticket.c.state == str(TicketState.WAITING))
    asked = sa.select(ticket, visit.c.promise_s).join(visit, visit.c.id == ticket.c.visit_id).where(here)
    rows = db.execute(asked.order_by(ticket.c.arrived_at, ticket.c.id))
    return [
        Waited(
            row.id,
            row.business_day,
            row.service_level,
            max(0.0, (now - (row.placed_at or row.arrived_at)).total_seconds()),
            row.promise_s,
        )
        for row in rows
    ]


def overdue(db: sa.Connection, branch_id: str, now: datetime) -> list[str]:
    """The ids of live referrals that are late with a step: a warning was recorded and nothing befell them since."""
    warnings = db.execute(
        sa.select(event.c.data).where(
            event.c.branch_id == branch_id,
            event.c.type == ReferralOverdue.type,
            event.c.at >= now - OVERDUE_LOOK_BACK,
        )
    )
    warned = {(row.data["id"], row.data["step_count"]) for row in warnings}
    live = db.execute(
        sa.select(referral.c.id, referral.c.step_count)
        .where(referral.c.branch_id == branch_id, referral.c.state.in_([str(each) for each in LIVE]))
        .order_by(referral.c.created_at, referral.c.id)
    )
    return [row.id for row in live if (row.id, row.step_count) in warned]


# ---- One by one ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Detail:
    """What is told of a visit, a ticket or a referral beside why a figure counts it."""

    at: datetime
    customer_id: str | None
    what: str | None
    state: str
    number: str | None = None
    staff_ids: tuple[str, ...] = ()


def visit_details(db: sa.Connection, ids: Collection[str]) -> dict[str, Detail]:
    """Of visits."""
    rows = db.execute(sa.select(visit).where(visit.c.id.in_(ids)))
    return {row.id: Detail(row.arrived_at, row.customer_id, row.service_type, row.state) for row in rows}


def ticket_details(db: sa.Connection, ids: Collection[str]) -> dict[str, Detail]:
    """Of tickets, with their numbers."""
    asked = sa.select(ticket, visit.c.customer_id).join(visit, visit.c.id == ticket.c.visit_id)
    return {
        row.id: Detail(row.arrived_at, row.customer_id, row.service_type, row.state, f"{row.series}{row.ordinal:03d}")
        for row in db.execute(asked.where(ticket.c.id.in_(ids)))
    }


def referral_details(db: sa.Connection, ids: Collection[str]) -> dict[str, Detail]:
    """Of referrals, with who referred and who took it."""
    return {
        row.id: Detail(
            row.created_at,
            row.customer_id,
            row.product_line,
            row.state,
            staff_ids=(row.referrer_id, row.receiver_id) if row.accepted_at else (row.referrer_id,),
        )
        for row in db.execute(sa.select(referral).where(referral.c.id.in_(ids)))
    }


def customers_of(db: sa.Connection, referral_ids: Collection[str]) -> dict[str, str]:
    """Whose referrals these are."""
    rows = db.execute(sa.select(referral.c.id, referral.c.customer_id).where(referral.c.id.in_(referral_ids)))
    return {row.id: row.customer_id for row in rows}


# ---- Incentives ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Credited:
    """One credit that counts or was reversed, with each person's part in it."""

    credit_id: str
    booking_id: str
    referral_id: str
    product_line: str
    booked_on: date
    currency: str
    amount_minor: int
    state: str
    is_disputed: bool
    parts: tuple[tuple[str, int, int], ...]


def credited(db: sa.Connection, branch_id: str, period: Period) -> list[Credited]:
    """What was credited for bookings of the period; parts are (staff_id, amount_minor, points)."""
    mine = sa.and_(
        credit.c.branch_id == branch_id,
        credit.c.booked_on.between(period.first, period.last),
        credit.c.state != "replaced",
    )
    parts: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
    for row in db.execute(
        sa.select(credit_share)
        .join(credit, credit.c.id == credit_share.c.credit_id)
        .where(mine)
        .order_by(credit_share.c.ordinal)
    ):
        parts[row.credit_id].append((row.staff_id, row.amount_minor, row.points))
    is_disputed = sa.exists().where(dispute.c.credit_id == credit.c.id, dispute.c.ended_at.is_(None))
    rows = db.execute(
        sa.select(credit, is_disputed.label("is_disputed")).where(mine).order_by(credit.c.booked_at, credit.c.id)
    )
    return [
        Credited(
            row.id,
            row.booking_id,
            row.referral_id,
            row.product_line,
            row.booked_on,
            row.currency,
            row.amount_minor,
            row.state,
            bool(row.is_disputed),
            tuple(parts[row.id]),
        )
        for row in rows
    ]


def balances(db: sa.Connection, branch_id: str) -> dict[tuple[str, str], int]:
    """What the ledger holds now, by (currency, account), as positive amounts."""
    rows = db.execute(
        sa.select(account_balance.c.currency, account_balance.c.account, account_balance.c.amount_minor).where(
            account_balance.c.branch_id == branch_id
        )
    )
    # Summed here: PostgreSQL would make a decimal of it.
    found: dict[tuple[str, str], int] = defaultdict(int)
    for row in rows:
        found[row.currency, row.account] += row.amount_minor
    return {key: abs(amount) for key, amount in sorted(found.items())}


def periods_to_approve(db: sa.Connection, branch_id: str) -> list[str]:
    """The months that one person has proposed to close and no second one has approved."""
    mine = sa.and_(
        ledger_period.c.branch_id == branch_id,
        ledger_period.c.proposed_by.is_not(None),
        ledger_period.c.approved_by.is_(None),
    )
    return list(db.scalars(sa.select(ledger_period.c.period).where(mine).order_by(ledger_period.c.period)))


def _arrived(branch: Branch, period: Period) -> sa.ColumnElement[bool]:
    start, end = bounds(period, branch.timezone, branch.cut_over_minute)
    return sa.and_(visit.c.branch_id == branch.id, visit.c.arrived_at >= start, visit.c.arrived_at < end)


def _day(branch: Branch, at: datetime) -> date:
    return business_day_of(at, branch.timezone, branch.cut_over_minute)
