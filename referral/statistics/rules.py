"""How figures are made honest: shares with intervals, small numbers kept back, limits of what is ordinary."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

CASES_MIN = 5  # below it a rate is chance, and could point at one customer: only the count is shown
Z_95 = 1.959964  # 95 % of a normal distribution lies within so many standard deviations
PRIOR_CASES = 20  # as many cases of the branch's own average are mixed into each person's few
XMR_FACTOR = 2.66  # Shewhart's factor from the mean moving range to the natural limits of single values
POINTS_FOR_LIMITS = 8  # with fewer points the limits say nothing yet
PERIOD_DAYS_MAX = 400  # a year and the month to compare it with
PERIOD_DAYS_DEFAULT = 28  # whole weeks, so that each weekday counts the same
WEEKS_SHOWN = 8


@dataclass(frozen=True)
class Period:
    """Business days of a branch, both ends among them."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Period:
        """The same number of days just before: what a figure is compared with."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1))

    def has(self, day: date) -> bool:
        """Whether a day belongs to it."""
        return self.first <= day <= self.last


def bounds(period: Period, timezone: str, cut_over_minute: int) -> tuple[datetime, datetime]:
    """From which moment to before which one a period lasts: business days turn at the cut-over."""

    def begins(day: date) -> datetime:
        midnight = datetime.combine(day, time(), ZoneInfo(timezone))
        return (midnight + timedelta(minutes=cut_over_minute)).astimezone(UTC)

    return begins(period.first), begins(period.last + timedelta(days=1))


@dataclass(frozen=True)
class Share:
    """`n` of `of`. `rate` and its 95 % interval are None where there are too few cases to speak of a rate."""

    n: int
    of: int
    rate: float | None
    low: float | None
    high: float | None


def share(n: int, of: int) -> Share:
    """How many of how many, with Wilson's interval; only the counts below CASES_MIN.

    Source: E. B. Wilson, 1927; unlike the usual plus-minus it stays within 0 and 1 and is honest for small numbers.
    """
    assert 0 <= n <= of
    if of < CASES_MIN:
        return Share(n, of, None, None, None)
    rate, spread = n / of, Z_95 * Z_95 / of
    middle = (rate + spread / 2) / (1 + spread)
    half = math.sqrt(rate * (1 - rate) * spread + spread * spread / 4) / (1 + spread)
    return Share(n, of, rate, max(0.0, min(rate, middle - half)), min(1.0, max(rate, middle + half)))


def overlap(one: Share, other: Share) -> bool:
    """Whether two shares may well be the same; those that are not known may."""
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return True
    return one.low <= other.high and other.low <= one.high


def quantile(values: Collection[float], p: float) -> float | None:
    """The smallest value that at least the part `p` of all does not exceed; None below CASES_MIN."""
    if len(values) < CASES_MIN:
        return None
    return sorted(values)[max(0, math.ceil(p * len(values)) - 1)]


@dataclass(frozen=True)
class Limits:
    """The mean of daily figures, and between which values they vary without any cause to look for."""

    mean: float
    low: float
    high: float


def natural_limits(values: Sequence[float]) -> Limits | None:
    """The limits of an XmR chart, never below 0; None while there are too few points.

    Source: W. A. Shewhart; D. J. Wheeler, Understanding Variation (2nd ed., 2000).
    """
    if len(values) < POINTS_FOR_LIMITS:
        return None
    mean = math.fsum(values) / len(values)
    moving = math.fsum(abs(b - a) for a, b in itertools.pairwise(values)) / (len(values) - 1)
    return Limits(mean, max(0.0, mean - XMR_FACTOR * moving), mean + XMR_FACTOR * moving)


def shrunken(n: int, of: int, among_all: Share) -> float | None:
    """A person's rate, drawn towards the branch's as if PRIOR_CASES of the branch's cases were theirs too.

    The mean of the posterior of a beta-binomial with the branch's rate as its prior; None below CASES_MIN.
    """
    if of < CASES_MIN or among_all.rate is None:
        return None
    return (n + PRIOR_CASES * among_all.rate) / (of + PRIOR_CASES)


@dataclass(frozen=True)
class Spell:
    """How long something lasted: until it was won, until it ended otherwise, or so far (`ended` None)."""

    days: float
    ended: str | None


def incidence(spells: Sequence[Spell], cause: str, until_days: float) -> float | None:
    """The part that has ended by `cause` within so many days, where some are not over and others ended otherwise.

    The Aalen-Johansen estimate. Spells that are not over count for as long as they have been watched. None below
    CASES_MIN, and where nobody was watched so long.
    """
    if len(spells) < CASES_MIN or not any(each.days >= until_days or each.ended for each in spells):
        return None
    alive, happened = 1.0, 0.0
    for at in sorted({each.days for each in spells if each.ended and each.days <= until_days}):
        at_risk = sum(each.days >= at for each in spells)
        of_cause = sum(each.days == at and each.ended == cause for each in spells)
        of_any = sum(each.days == at and each.ended is not None for each in spells)
        happened += alive * of_cause / at_risk
        alive *= 1 - of_any / at_risk
    return happened


def week_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def weeks_until(last: date, count: int = WEEKS_SHOWN) -> list[date]:
    """The Mondays of the last whole weeks up to a day, in order: half a week would look like a fall."""
    newest = week_of(last + timedelta(days=1)) - timedelta(weeks=1)
    return [newest - timedelta(weeks=back) for back in reversed(range(count))]
