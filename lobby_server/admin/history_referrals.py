"""The referrals of the trial's past: who heard what, who took it, what came of it, and the plan that pays for it."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from lobby_server.admin.history_day import Guest
from lobby_server.branch.rules import Branch, day_start
from lobby_server.customers.rules import Customer
from lobby_server.kernel.actor import Actor
from lobby_server.kernel.clock import to_wire
from lobby_server.kernel.work import Work
from referral.incentives.actions import plans
from referral.lifecycle.actions import PROTECTION_ENDS, STEP_DUE
from referral.lifecycle.actions.bookings import TakeBooking, take_booking
from referral.lifecycle.rules import LATE_AFTER, QUALIFY_WITHIN, Booking, protected_until
from referral.lifecycle.tables import referral, referral_step

ROWS_AT_ONCE = 400
NEEDED = 0.5  # of those whom we know, by head office's tags and by what they came for
# How often each colleague turns a need that is shown into a referral.
HEARS: Mapping[str, float] = {"T001": 0.38, "T002": 0.27, "T003": 0.2, "L001": 0.1, "R001": 0.2, "R002": 0.2}
FORGETFUL = "T003"  # logs every third after the customer has gone: what a review is for
REASONS: Mapping[str, str] = {
    "deposit_matures": "deposit",
    "large_inflow": "wealth",
    "card_expires": "card",
    "abandoned_step": "loan",
}
TAKEN, MET, REAL = 0.93, 0.9, 0.78
WON: Mapping[str, float] = {"deposit": 0.62, "wealth": 0.38, "card": 0.7, "loan": 0.28}
BOOKED_DAYS: Mapping[str, tuple[float, float]] = {
    "deposit": (0.2, 6),
    "wealth": (1, 18),
    "card": (0.1, 9),
    "loan": (6, 30),
}
AMOUNT_MINOR: Mapping[str, tuple[int, int]] = {
    "deposit": (5_000_000, 80_000_000),
    "wealth": (3_000_000, 60_000_000),
    "card": (100_000, 100_000),
    "loan": (20_000_000, 200_000_000),
}
_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)
_SPLIT = {"referrer": 300_000, "receiver": 700_000}
PLAN: Mapping[str, Any] = {
    "version": 1,
    "currency": "CNY",
    "lines": {
        "card": {"money": {"scheme": "flat", "terms": {"amount_minor": 2_000, "base_minor_min": 1}}},
        "loan": {"money": {"scheme": "team", "terms": {"rate_ppm": 300}}},
        "wealth": {"money": {"scheme": "team", "terms": {"rate_ppm": 400}}},
        "deposit": {"money": {"scheme": "team", "terms": {"rate_ppm": 200}}},
    },
    "cap_minor": None,
    "hold_back": {"ppm": 400_000, "months": [12, 24, 36]},
    "clawback": [{"days": 30, "ppm": 1_000_000}, {"days": 90, "ppm": 500_000}],
}


@dataclass(frozen=True)
class Fate:
    """What a visit showed and came to. `line` None: a need was shown and nobody referred it."""

    reason: str
    line: str | None = None
    referrer: Actor | None = None
    receiver: Actor | None = None
    created_at: datetime | None = None
    steps: tuple[tuple[str, datetime], ...] = ()
    booked_at: datetime | None = None
    amount_minor: int = 0
    lost_at: datetime | None = None
    is_late: bool = False


@dataclass(frozen=True)
class Handed:
    """One referral of the past."""

    id: str
    visit_id: str
    customer: Customer
    fate: Fate


def hand_on(
    dice: random.Random, guest: Guest, customer: Customer, server: Actor, colleagues: Mapping[str, Actor]
) -> Fate | None:
    """What somebody whom we know showed, and whether the colleague who served them heard it."""
    if dice.random() >= NEEDED:
        return None
    reason = dice.choice(list(REASONS))
    if guest.called_at is None or not guest.came or dice.random() >= HEARS[server.number]:
        return Fate(reason)
    line = REASONS[reason]
    receiver = colleagues[dice.choice(["R001", "R001", "R002"])]
    if receiver.id == server.id:
        return Fate(reason)
    at = guest.called_at + dice.uniform(2, 8) * _MINUTE
    is_late = server.number == FORGETFUL and at.minute % 3 == 0
    fate = Fate(reason, line, server, receiver, at + LATE_AFTER + 45 * _MINUTE if is_late else at, is_late=is_late)
    return _on_its_way(dice, fate, is_good=receiver.number == "R001")


def _on_its_way(dice: random.Random, fate: Fate, *, is_good: bool) -> Fate:
    assert fate.created_at is not None and fate.line is not None
    at, steps = fate.created_at, list[tuple[str, datetime]]()
    days = {
        "accept": dice.lognormvariate(1.2, 0.9) * _MINUTE,
        "contact": dice.lognormvariate(3.2, 1.1) * _MINUTE,
        "qualify": dice.uniform(0.1, 2.5) * _DAY,
        "propose": dice.uniform(0.2, 4) * _DAY,
    }
    for (deed, lasts), chance in zip(days.items(), (TAKEN, MET, REAL, 0.85), strict=True):
        at += lasts
        if dice.random() >= chance:
            return replace(fate, steps=tuple(steps), lost_at=at + dice.uniform(1, 16) * _DAY)
        steps.append((deed, at))
    if dice.random() < WON[fate.line] * (1.15 if is_good else 0.85):
        low, high = BOOKED_DAYS[fate.line]
        least, most = AMOUNT_MINOR[fate.line]
        booked_at = at + dice.uniform(low, high) * _DAY
        amount = round(dice.uniform(least, most), -5)
        return replace(fate, steps=tuple(steps), booked_at=booked_at, amount_minor=round(amount))
    return replace(fate, steps=tuple(steps), lost_at=at + dice.uniform(2, 25) * _DAY)


def put_in_force(work: Work, branch: Branch, first: date, colleagues: Mapping[str, Actor]) -> None:
    """A plan that two people stand for since the past began, and that everybody who earns has accepted."""
    at = day_start(first, branch)
    document = {
        **PLAN,
        "starts_on": first.replace(day=1).isoformat(),
        "lines": {code: {"points": None, "split": _SPLIT, **line} for code, line in PLAN["lines"].items()},
    }
    read = ""
    deeds: list[tuple[str, Callable[[Work], str]]] = [
        ("A001", lambda then: plans.propose_plan(then, document).sha256),
        ("H001", lambda then: plans.approve_plan(then, plans.ApprovePlan(1, read)).sha256),
        *(
            (number, lambda then: plans.accept_plan(then, plans.ApprovePlan(1, read)).sha256)
            for number in colleagues
            if number[0] in "TRL"
        ),
    ]
    for number, deed in deeds:
        then = Work(work.db, at, work.ids, work.keys, colleagues[number], work.reactions)
        read = deed(then)
        then.flush()


def write_referrals(
    work: Work, handed: Sequence[Handed], branch: Branch
) -> list[tuple[datetime, Callable[[Work], object]]]:
    """The referrals as rows, as they stood before head office booked any; and each booking with its moment."""
    rows: list[dict[str, Any]] = []
    steps: list[dict[str, Any]] = []
    bookings: list[tuple[datetime, Callable[[Work], object]]] = []
    claimed: set[tuple[str, str]] = set()
    for each in handed:
        fate = each.fate
        assert fate.line is not None and fate.created_at is not None
        # One claim for a customer and a line: the past is too short for a second one.
        if (each.customer.id, fate.line) in claimed or fate.created_at >= work.now:
            continue
        claimed.add((each.customer.id, fate.line))
        row, own_steps = _referral(work, each, branch)
        rows.append(row)
        steps += own_steps
        if fate.booked_at is not None and fate.booked_at < work.now:
            bookings.append((fate.booked_at + timedelta(hours=1), _booking(each, len(bookings) + 1, branch)))
    for table, told in ((referral, rows), (referral_step, steps)):
        for at in range(0, len(told), ROWS_AT_ONCE):
            work.db.execute(table.insert(), told[at : at + ROWS_AT_ONCE])
    return bookings


def _referral(work: Work, of: Handed, branch: Branch) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    fate = of.fate
    assert fate.line and fate.referrer and fate.receiver and fate.created_at
    done = [(deed, at) for deed, at in fate.steps if at < work.now]
    states = {"accept": "accepted", "contact": "contacted", "qualify": "qualified", "propose": "proposed"}
    told: list[tuple[str, datetime, str, Actor]] = [("log", fate.created_at, "created", fate.referrer)]
    told += [(deed, at, states[deed], fate.receiver) for deed, at in done]
    until = protected_until(fate.line, fate.created_at)
    is_lost = fate.lost_at is not None and fate.lost_at < work.now
    if is_lost and fate.lost_at is not None:
        # Nobody lost what nobody had taken: that ran out, or the customer thought better of it.
        is_taken = bool(done)
        ending = ("lose", "lost") if is_taken else ("withdraw", "withdrawn")
        told.append((ending[0], fate.lost_at, ending[1], fate.receiver if is_taken else fate.referrer))
    state = told[-1][2]
    if state in states.values():
        work.due(branch.id, until, PROTECTION_ENDS, of.id)
        if state in ("contacted", "qualified") and fate.booked_at is None:
            work.due(branch.id, told[-1][1] + QUALIFY_WITHIN, STEP_DUE, of.id)
    accepted_at = next((at for deed, at in done if deed == "accept"), None)
    consent = {
        "purpose": "refer_internal",
        "wording_version": "2026-03",
        "channel": "counter",
        "taken_by": fate.referrer.id,
        "taken_at": to_wire(fate.created_at),
        "revoked_at": None,
    }
    row = {
        "id": of.id,
        "branch_id": branch.id,
        "visit_id": of.visit_id,
        "customer_id": of.customer.id,
        "product_line": fate.line,
        "need": fate.reason,
        "state": state,
        "referrer_id": fate.referrer.id,
        "receiver_id": fate.receiver.id if accepted_at else fate.referrer.id,
        "created_at": fate.created_at,
        "protected_until": until,
        "is_late_entry": fate.is_late,
        "consent": consent,
        "refused_by": [],
        "accepted_at": accepted_at,
        "step_count": len(told),
        "reason": "not_interested" if state == "lost" else None,
    }
    return row, [_step(of.id, seq, told) for seq in range(len(told))]


def _step(referral_id: str, seq: int, told: Sequence[tuple[str, datetime, str, Actor]]) -> dict[str, Any]:
    deed, at, state, who = told[seq]
    return {
        "referral_id": referral_id,
        "seq": seq + 1,
        "deed": deed,
        "from_state": told[seq - 1][2] if seq else None,
        "to_state": state,
        "actor": who.label,
        "occurred_at": at,
        "recorded_at": at,
        "reason": "not_interested" if state == "lost" else None,
    }


def _booking(of: Handed, number: int, branch: Branch) -> Callable[[Work], object]:
    fate = of.fate
    assert fate.line and fate.booked_at
    booking = Booking(
        booking_id=f"PAST-{number:05d}",
        branch_id=branch.id,
        product=f"{fate.line}-1",
        product_line=fate.line,
        amount_minor=fate.amount_minor,
        currency="CNY",
        booked_at=fate.booked_at,
        conditions=frozenset({"daily_average_balance", "quality_passed"}),
    )
    return lambda then: take_booking(then, TakeBooking(booking, of.customer.customer_no))
