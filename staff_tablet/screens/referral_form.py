"""What a teller has to know to refer who stands here: for what, to whom, what it would bring, and who was first."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa

from lobby_server.branch import store as branches
from lobby_server.customers import store as customers
from lobby_server.customers.rules import Customer
from lobby_server.doors.reading import Wire
from lobby_server.doors.routes import Call, Door
from lobby_server.doors.who import LOBBY_MANAGER, RM, TELLER
from lobby_server.kernel.actor import Actor
from lobby_server.kernel.clock import business_day_of, to_wire
from lobby_server.kernel.errors import Invalid, NotFound
from lobby_server.kernel.house import House
from lobby_server.queue.wire import StaffSeen
from lobby_server.recommend import store as recommendations
from lobby_server.recommend.rules import DECLINED
from lobby_server.staff import store as staff
from lobby_server.staff.rules import Staff
from lobby_server.visits import store as visits
from referral.incentives.actions.guarding import in_force
from referral.incentives.earning import Plan, earn
from referral.incentives.guard import Guard
from referral.incentives.plan import read_plan
from referral.incentives.rules import RECEIVER, REFERRER, Credited, Win, local_day
from referral.incentives.store import payouts
from referral.lifecycle import store
from referral.lifecycle.actions import who_may_take
from referral.lifecycle.matching import WISH_AMONG, rank
from referral.lifecycle.rules import PROTECTED, REFER_INTERNALLY, Referral

# What a booking would bring depends on its amount; the form tells it for ten thousand yuan, and says so.
EXAMPLE_MINOR = 1_000_000


class MayTake(Wire):
    """A relationship manager whom a wish may name, best first, with what speaks for them."""

    staff_no: str
    name: str
    is_owner: bool
    is_present: bool
    open_count: int


class WouldBring(Wire):
    """The referrer's part of a booking of `of_minor` under the plan in force, before the month's cap.

    As if head office vouched for whatever the rule guard asks for.
    """

    of_minor: int
    amount_minor: int
    currency: str
    points: int
    is_cash_allowed: bool


class Claimed(Wire):
    """Somebody was first. `referrer` is None where it was in another branch."""

    referrer: StaffSeen | None
    since: str
    until: str


class LineOnForm(Wire):
    """One product line. `brings` is None where no plan speaks of it."""

    product_line: str
    may_take: list[MayTake]
    brings: WouldBring | None
    claimed: Claimed | None


class ReferralForm(Wire):
    """`preset` is the product line that is likeliest, and `reason` why; `has_consent`: they agreed before."""

    visit_id: str
    preset: str | None
    reason: dict[str, Any] | None
    has_consent: bool
    lines: list[LineOnForm]


door = Door("referrals")


@door.question("/visits/{visit_id}/referral-form", may={LOBBY_MANAGER, TELLER, RM}, gives=ReferralForm)
def get_referral_form(call: Call) -> ReferralForm:
    """What this visit can be referred for, to whom, and what it would bring me; nothing is promised by it.

    422 for whoever may not be referred by me: `customer_unknown`, `do_not_contact`, `conflict_of_interest`.
    """
    with call.house.database.read() as db:
        return _draw(call.house, db, call.actor, call.path["visit_id"])


def _draw(house: House, db: sa.Connection, me: Actor, visit_id: str) -> ReferralForm:
    visit, branch = visits.find(db, me.branch_id, visit_id), branches.find_branch(db, me.branch_id)
    if visit is None or branch is None:
        raise NotFound("visit")
    customer = customers.find(db, house.keys, visit.customer_id) if visit.customer_id else None
    if customer is None:
        raise Invalid("customer_unknown")
    if customer.do_not_contact:
        raise Invalid("do_not_contact")
    if me.id in store.kin_of(db, customer.id):
        raise Invalid("conflict_of_interest")
    now = house.clock.now()
    today = business_day_of(now, branch.timezone, branch.cut_over_minute)
    claims = store.claims_of(db, customers.ids_of(db, customer.id), now)
    likeliest = next(iter(recommendations.offers_of(db, [visit.id]).get(visit.id, [])), None)
    if likeliest and (likeliest.answer == DECLINED or likeliest.product_line in claims):
        likeliest = None
    day = local_day(now, branch.timezone)
    row = payouts.plan_in_force(db, me.branch_id, day)
    plan, guard = read_plan(row.document) if row else None, in_force(db)
    named = staff.named(db, house.keys, {of.referrer_id for of in claims.values()})
    return ReferralForm(
        visit_id=visit.id,
        preset=likeliest.product_line if likeliest and likeliest.product_line in PROTECTED else None,
        reason={"code": likeliest.reason.code, **likeliest.reason.facts} if likeliest else None,
        has_consent=customer.consents_to(REFER_INTERNALLY, today),
        lines=[
            LineOnForm(
                product_line=line,
                may_take=_may_take(house, db, me, line, customer),
                brings=_brings(me, line, day, plan, guard, house),
                claimed=_claimed(claims[line], named, me.branch_id) if line in claims else None,
            )
            for line in PROTECTED
        ],
    )


def _may_take(house: House, db: sa.Connection, me: Actor, line: str, customer: Customer) -> list[MayTake]:
    able = who_may_take(db, me.branch_id, line, customer, [me.id], house.clock.now())
    by_id = {each.staff_id: each for each in able}
    best = rank(able)[:WISH_AMONG]
    people = staff.named(db, house.keys, [each.staff_id for each in best])
    return [
        MayTake(
            staff_no=people[each.staff_id].staff_no,
            name=people[each.staff_id].name,
            is_owner=each.is_owner,
            is_present=by_id[each.staff_id].is_present,
            open_count=by_id[each.staff_id].open_count,
        )
        for each in best
    ]


def _brings(me: Actor, line: str, day: date, plan: Plan | None, guard: Guard, house: House) -> WouldBring | None:
    if plan is None or line not in plan.lines:
        return None
    now = house.clock.now()
    credited = (Credited(me.id, REFERRER, me.roles, now), Credited("", RECEIVER, frozenset(), now))
    vouched = frozenset[str]().union(*(each.requires for each in guard.lines if each.product_line == line))
    example = Win(me.branch_id, "", "", "", line, EXAMPLE_MINOR, plan.currency, now, credited, vouched)
    earned = earn(example, day, plan, guard, {})
    mine = earned.shares[0]
    return WouldBring(
        of_minor=EXAMPLE_MINOR,
        amount_minor=mine.amount_minor,
        currency=plan.currency,
        points=mine.points,
        is_cash_allowed=earned.is_cash_allowed,
    )


def _claimed(first: Referral, named: dict[str, Staff], branch_id: str) -> Claimed:
    who = named.get(first.referrer_id) if first.branch_id == branch_id else None
    return Claimed(
        referrer=StaffSeen(staff_no=who.staff_no, name=who.name) if who else None,
        since=to_wire(first.created_at),
        until=to_wire(first.protected_until),
    )
