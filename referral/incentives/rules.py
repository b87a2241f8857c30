"""Periods, shares, hold-back and clawback: how an amount is divided, when it is paid, what may be taken back."""

from __future__ import annotations

import calendar
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from lobby_server.kernel.clock import business_day_of
from lobby_server.kernel.money import WHOLE_PPM, split_minor

REFERRER, RECEIVER, HOST = "referrer", "receiver", "host"
PARTS = (REFERRER, RECEIVER, HOST)

BOOKED_AHEAD_MAX = timedelta(hours=24)  # a booking from further in the future has a wrong date, not a fast clock
RULED_WITHIN_DAYS = 5  # days on which the branch is open; then head office is told that nobody ruled
DISPUTE_WITHIN = timedelta(days=30)  # after the end of the month of the booking: the statement is out by then

# A debt of the past takes at most a fifth of what is paid out now: 工资支付暂行规定 (1994), article 16.
NETTED_PPM_MAX = 200_000

BOOKING_REVERSED, FALSIFIED, MIS_SELLING, RULING = "booking_reversed", "falsified", "mis_selling", "ruling"
# Reasons that take all of it back, however long ago; the eight of 银保监办发〔2021〕17号 come with the rule guard.
ANY_TIME = frozenset({FALSIFIED, MIS_SELLING, RULING})


class CreditState(StrEnum):
    """Where a credit stands: it counts, its booking was reversed, or a ruling replaced it."""

    LIVE = "live"
    REVERSED = "reversed"
    REPLACED = "replaced"


@dataclass(frozen=True)
class Credited:
    """Somebody who is credited for a part, with the roles they then had. `did_at`: when they did their part."""

    staff_id: str
    part: str
    roles: frozenset[str]
    did_at: datetime


@dataclass(frozen=True)
class Win:
    """A referral that head office reported as won: the booking, and who is credited for it.

    `base_minor` is what was booked. `conditions` are what head office vouches for (`daily_average_balance`).
    """

    branch_id: str
    booking_id: str
    referral_id: str
    product: str
    product_line: str
    base_minor: int
    currency: str
    booked_at: datetime
    credited: tuple[Credited, ...]
    conditions: frozenset[str] = frozenset()


@dataclass(frozen=True)
class HoldBack:
    """How much of an amount is paid later, and after how many months, in equal instalments."""

    ppm: int
    months: tuple[int, ...]


@dataclass(frozen=True)
class ClawBackBand:
    """Until `days` after the booking, `ppm` of the amount is taken back."""

    days: int
    ppm: int


# ---- Periods: the months of the calendar where the branch is ------------------------------------------------------


def local_day(moment: datetime, timezone: str) -> date:
    """The date of a moment where the branch is. Bookings know no cut-over: their day turns at midnight."""
    return business_day_of(moment, timezone, 0)


def period_of(day: date) -> str:
    """The month that a day lies in: 2026-11. Periods sort as text."""
    return f"{day:%Y-%m}"


def next_period(period: str) -> str:
    """The month after."""
    year, month = map(int, period.split("-"))
    return f"{year + month // 12:04d}-{month % 12 + 1:02d}"


def is_period(text: str) -> bool:
    """Whether a text names a month: 2026-11."""
    return len(text) == 7 and text[:4].isdigit() and text[4] == "-" and text[5:] in _MONTHS


_MONTHS = frozenset(f"{month:02d}" for month in range(1, 13))


def after_months(day: date, months: int) -> date:
    """The same day so many months later, or the last of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


# ---- Shares -------------------------------------------------------------------------------------------------------


def shares_of(split: Mapping[str, int], parts: Sequence[str]) -> list[int]:
    """The shares in ppm of the parts that were played; they add up to 1,000,000.

    `split` names the share of each part. A part that nobody played is divided among the others in their
    proportion; a unit left over goes to the largest fraction, among equal ones to the earlier part.
    """
    told = [split.get(part, 0) for part in parts]
    whole = sum(told)
    assert whole > 0 and len(set(parts)) == len(parts), (split, parts)
    shares = [WHOLE_PPM * each // whole for each in told]
    by_fraction = sorted(range(len(told)), key=lambda i: (-(WHOLE_PPM * told[i] % whole), i))
    for i in by_fraction[: WHOLE_PPM - sum(shares)]:
        shares[i] += 1
    return shares


# ---- Hold-back ----------------------------------------------------------------------------------------------------


def hold(amount_minor: int, hold_back: HoldBack) -> tuple[int, list[int]]:
    """What is payable at the close, and the instalments that follow; together they are the amount.

    Largest remainder between now and later. Equal instalments; odd units go to the last ones, because the rule
    (银监发〔2010〕14号, article 16) forbids to pay more at the front.
    """
    now, later = split_minor(amount_minor, [WHOLE_PPM - hold_back.ppm, hold_back.ppm])
    count = len(hold_back.months)
    if not count:
        return amount_minor, []
    each, odd = divmod(later, count)
    return now, [each + (ordinal >= count - odd) for ordinal in range(count)]


def stricter(one: HoldBack, other: HoldBack) -> HoldBack:
    """The hold-back that keeps more for longer; the schedule is that of the longer one."""
    months = max(one.months, other.months, key=lambda months: months[-1] if months else 0)
    return HoldBack(max(one.ppm, other.ppm), months)


# ---- Clawback -----------------------------------------------------------------------------------------------------


def clawback_ppm(
    bands: Sequence[ClawBackBand], booked_on: date, on: date, reason: str, any_time: Collection[str]
) -> int:
    """How much of an amount is to be taken back, by the bands that were frozen when it was credited."""
    if reason in ANY_TIME or reason in any_time:
        return WHOLE_PPM
    days = (on - booked_on).days
    return next((band.ppm for band in bands if days <= band.days), 0)


# What is taken first: what was not promised a date yet, then the latest money, then what waits for payroll.
_TAKEN_IN_ORDER = ("accrued", "held", "payable")


def take_back(still_there: Mapping[str, int], amount_minor: int) -> dict[str, int]:
    """From which accounts an amount comes back; what was paid out already becomes a receivable.

    `still_there` are positive amounts by account. The parts add up to the amount; none is negative.
    """
    parts: dict[str, int] = {}
    left = amount_minor
    for account in _TAKEN_IN_ORDER:
        part = min(left, max(0, still_there.get(account, 0)))
        if part:
            parts[account] = part
            left -= part
    if left:
        parts["receivable"] = left
    return parts


def shorten(instalments: Sequence[int], amount_minor: int) -> list[int]:
    """How much each instalment loses when so much of them is taken back: the last one first."""
    losses = [0] * len(instalments)
    for i in reversed(range(len(instalments))):
        losses[i] = min(instalments[i], amount_minor)
        amount_minor -= losses[i]
    assert amount_minor == 0, "more taken back than was held"
    return losses


def netted(payable_minor: int, owed_minor: int) -> int:
    """How much of what somebody owes is kept from a payout: at most a fifth. What the bank owes is paid whole."""
    if owed_minor <= 0:
        return owed_minor
    return min(owed_minor, payable_minor * NETTED_PPM_MAX // WHOLE_PPM)
