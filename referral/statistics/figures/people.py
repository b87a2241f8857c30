"""Colleagues, each against their own past first; nobody is ranked."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass

from referral.statistics.figures import Referred, dwells, groups
from referral.statistics.rules import CASES_MIN, Period, Share, share, shrunken, week_of, weeks_until


@dataclass(frozen=True)
class Person:
    """One colleague's referrals, compared with their own past first.

    `expected_n`: how many would have been won with the branch's rate in each of their product lines. `is_mixed`: the
    plain rate stands on the other side of the branch's than the one that looks at the mix of products (Simpson).
    """

    staff_id: str
    n: int
    before_n: int
    weeks: tuple[int, ...]
    won: Share
    shrunken: float | None
    expected_n: float | None
    is_mixed: bool
    accept_s: int | None
    contact_s: int | None
    open_n: int


def people(referred: Collection[Referred], whose: Callable[[Referred], str | None], period: Period) -> list[Person]:
    """Everybody who has a referral in the period or the one before it; `referred` reaches back eight weeks."""
    mine: dict[str, list[Referred]] = defaultdict(list)
    for each in referred:
        if (staff_id := whose(each)) is not None:
            mine[staff_id].append(each)
    all_now = [each for each in referred if period.has(each.on) and whose(each) is not None]
    found = [_person(staff_id, theirs, all_now, period) for staff_id, theirs in sorted(mine.items())]
    return [each for each in found if each.n or each.before_n or any(each.weeks)]


def _person(staff_id: str, theirs: Collection[Referred], all_now: Collection[Referred], period: Period) -> Person:
    now = [each for each in theirs if period.has(each.on)]
    in_week = Counter(week_of(each.on) for each in theirs)
    won_n, among_all = sum(each.is_won for each in now), share(sum(each.is_won for each in all_now), len(all_now))
    won, expected_n = share(won_n, len(now)), _expected(now, all_now)
    times = {each.step: each.p50_s for each in dwells(now)}
    is_mixed = (
        expected_n is not None
        and won.rate is not None
        and among_all.rate is not None
        and (won.rate - among_all.rate) * (won_n - expected_n) < 0
    )
    return Person(
        staff_id=staff_id,
        n=len(now),
        before_n=sum(period.before.has(each.on) for each in theirs),
        weeks=tuple(in_week[week] for week in weeks_until(period.last)),
        won=won,
        shrunken=shrunken(won_n, len(now), among_all),
        expected_n=expected_n,
        is_mixed=is_mixed,
        accept_s=times["accept"],
        contact_s=times["contact"],
        open_n=sum(each.state.is_live for each in now),
    )


def _expected(mine: Collection[Referred], of_all: Collection[Referred]) -> float | None:
    if len(mine) < CASES_MIN:
        return None
    lines = {group.name: group.won for group in groups(of_all, lambda each: each.product_line)}
    return sum(lines[each.product_line].n / lines[each.product_line].of for each in mine)
