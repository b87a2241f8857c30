"""From what happened to figures: plain sums over plain facts, so that a test can do them again."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from referral.lifecycle.rules import ReferralState
from referral.statistics.rules import (
    Share,
    Spell,
    incidence,
    quantile,
    share,
    week_of,
)

STEPS = ("visits", "identified", "need", "referred", "accepted", "contacted", "qualified", "won")
WON_WITHIN_DAYS = (7, 14, 30, 60, 90)
_WON = frozenset({ReferralState.WON, ReferralState.REVERSED})


@dataclass(frozen=True)
class Came:
    """One visit: its business day, and how much we knew."""

    visit_id: str
    on: date
    is_identified: bool
    has_need: bool


@dataclass(frozen=True)
class Referred:
    """One referral that was nobody's double. The moments are those of its first steps; None when never taken."""

    id: str
    visit_id: str
    on: date
    product_line: str
    source: str
    state: ReferralState
    referrer_id: str
    receiver_id: str | None
    created_at: datetime
    accepted_at: datetime | None
    contacted_at: datetime | None
    qualified_at: datetime | None
    won_at: datetime | None
    ended_at: datetime | None

    @property
    def is_won(self) -> bool:
        """Whether it was booked; a booking that was undone later no longer counts."""
        return self.state is ReferralState.WON

    @property
    def depth(self) -> int:
        """The furthest step of STEPS that it reached. A step that was skipped counts as taken."""
        reached = [
            ("won", self.state in _WON),
            ("qualified", self.qualified_at is not None),
            ("contacted", self.contacted_at is not None),
            ("accepted", self.accepted_at is not None),
            ("referred", True),
        ]
        return next(STEPS.index(step) for step, is_there in reached if is_there)


# ---- The way from arrival to won ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """How many visits came so far, beside those of the step before and those of the period before."""

    step: str
    n: int
    share: Share | None
    before_n: int
    before_share: Share | None


@dataclass(frozen=True)
class Cohort:
    """The visits of a week, and what became of them. `open_n` of them are not over: the week is immature."""

    week: date
    visits: int
    referred: int
    won: Share
    open_n: int


def reached(came: Collection[Came], referred: Collection[Referred]) -> dict[str, int]:
    """For each step the visits that came at least so far: no step has more than the one before it."""
    found = Counter(depths(came, referred).values())
    return {step: sum(n for depth, n in found.items() if depth >= at) for at, step in enumerate(STEPS)}


def depths(came: Collection[Came], referred: Collection[Referred]) -> dict[str, int]:
    """For each visit the furthest of STEPS that it came to, by its number."""
    deepest: dict[str, int] = defaultdict(int)
    for each in referred:
        deepest[each.visit_id] = max(deepest[each.visit_id], each.depth)
    return {
        each.visit_id: max(
            deepest.get(each.visit_id, 0), STEPS.index("need") if each.has_need else 0, 1 if each.is_identified else 0
        )
        for each in came
    }


def funnel(now: Mapping[str, int], before: Mapping[str, int]) -> list[Step]:
    """The steps in order, each as a share of the step before it."""

    def part(of: Mapping[str, int], at: int) -> Share | None:
        return share(of[STEPS[at]], of[STEPS[at - 1]]) if at else None

    return [Step(step, now[step], part(now, at), before[step], part(before, at)) for at, step in enumerate(STEPS)]


def cohorts(came: Collection[Came], referred: Collection[Referred]) -> list[Cohort]:
    """Week by week of the visit; denominators never move once the week is over."""
    of_week: dict[date, list[Came]] = defaultdict(list)
    by_visit: dict[str, list[Referred]] = defaultdict(list)
    for each in came:
        of_week[week_of(each.on)].append(each)
    for referral in referred:
        by_visit[referral.visit_id].append(referral)
    found = []
    for week, visits in sorted(of_week.items()):
        theirs = [by_visit[each.visit_id] for each in visits if each.visit_id in by_visit]
        won = sum(any(one.is_won for one in mine) for mine in theirs)
        open_n = sum(any(one.state.is_live for one in mine) for mine in theirs)
        found.append(Cohort(week, len(visits), len(theirs), share(won, len(theirs)), open_n))
    return found


@dataclass(frozen=True)
class Group:
    """Referrals that have something in common: how many, how many came how far."""

    name: str
    n: int
    accepted: Share
    contacted: Share
    won: Share
    open_n: int


def groups(referred: Collection[Referred], key: Callable[[Referred], str]) -> list[Group]:
    """Referrals by product line, source or whatever else; in order of the name, which is no ranking."""
    by_name: dict[str, list[Referred]] = defaultdict(list)
    for each in referred:
        by_name[key(each)].append(each)
    return [_group(name, mine) for name, mine in sorted(by_name.items())]


def _group(name: str, mine: Collection[Referred]) -> Group:
    of = len(mine)
    came_to = {step: sum(each.depth >= STEPS.index(step) for each in mine) for step in ("accepted", "contacted")}
    return Group(
        name,
        of,
        share(came_to["accepted"], of),
        share(came_to["contacted"], of),
        share(sum(each.is_won for each in mine), of),
        sum(each.state.is_live for each in mine),
    )


@dataclass(frozen=True)
class Dwell:
    """How long a step took for those who took it, in seconds; None where there are too few to say."""

    step: str
    n: int
    p50_s: int | None
    p90_s: int | None


def dwells(referred: Collection[Referred]) -> list[Dwell]:
    """From logged to accepted, from accepted to contacted, from logged to booked."""
    pairs: dict[str, list[tuple[datetime | None, datetime | None]]] = {
        "accept": [(each.created_at, each.accepted_at) for each in referred],
        "contact": [(each.accepted_at, each.contacted_at) for each in referred],
        "book": [(each.created_at, each.won_at) for each in referred],
    }
    return [_dwell(step, [(b - a).total_seconds() for a, b in each if a and b]) for step, each in pairs.items()]


def _dwell(step: str, seconds: Collection[float]) -> Dwell:
    return Dwell(step, len(seconds), whole(quantile(seconds, 0.5)), whole(quantile(seconds, 0.9)))


def whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def won_within(referred: Collection[Referred], now: datetime) -> dict[int, float | None]:
    """The part that is booked within so many days, though many are still open (Aalen-Johansen)."""
    spells = [_spell(each, now) for each in referred]
    return {days: incidence(spells, "won", days) for days in WON_WITHIN_DAYS}


def _spell(of: Referred, now: datetime) -> Spell:
    end = of.won_at or of.ended_at
    days = max(timedelta(), (end or now) - of.created_at) / timedelta(days=1)
    return Spell(days, None if end is None else "won" if of.state in _WON else "other")
