"""Waits against the promise, and what machines took off the windows."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

from referral.statistics.figures import whole
from referral.statistics.rules import Limits, Share, natural_limits, quantile, share


@dataclass(frozen=True)
class Waited:
    """One ticket that was called: its day, its level, and how long its customer had waited, in seconds."""

    ticket_id: str
    on: date
    service_level: str
    waited_s: float
    promise_s: int

    @property
    def is_kept(self) -> bool:
        """Whether they were called within the promise."""
        return self.waited_s <= self.promise_s


@dataclass(frozen=True)
class DayWaits:
    """The waits of one day."""

    day: date
    n: int
    mean_s: int
    kept: Share


@dataclass(frozen=True)
class LevelWaits:
    """The waits of one service level."""

    level: str
    promise_s: int
    n: int
    p50_s: int | None
    p90_s: int | None
    kept: Share


def waits_by_day(waits: Collection[Waited]) -> list[DayWaits]:
    """Each day on which anybody was called."""
    days: dict[date, list[Waited]] = defaultdict(list)
    for each in waits:
        days[each.on].append(each)
    return [
        DayWaits(day, len(mine), round(sum(each.waited_s for each in mine) / len(mine)), kept(mine))
        for day, mine in sorted(days.items())
    ]


def waits_by_level(waits: Collection[Waited]) -> list[LevelWaits]:
    """Each service level, the shortest promise first: the newest one, where it was changed in between."""
    levels: dict[str, list[Waited]] = defaultdict(list)
    for each in waits:
        levels[each.service_level].append(each)
    newest = sorted((mine[-1].promise_s, level, mine) for level, mine in levels.items())
    return [
        LevelWaits(
            level,
            promise_s,
            len(mine),
            whole(quantile([each.waited_s for each in mine], 0.5)),
            whole(quantile([each.waited_s for each in mine], 0.9)),
            kept(mine),
        )
        for promise_s, level, mine in newest
    ]


def called_within(waits: Collection[Waited], minutes_max: int) -> dict[str, list[int]]:
    """Of each service level, how many were called within 0, 1, 2 minutes, up to `minutes_max`."""
    took: dict[str, Counter[int]] = defaultdict(Counter)
    for each in waits:
        took[each.service_level][max(0, math.ceil(each.waited_s / 60))] += 1
    return {level: list(accumulate(n[at] for at in range(minutes_max + 1))) for level, n in took.items()}


def kept(waits: Collection[Waited]) -> Share:
    """How many were called within their promise."""
    return share(sum(each.is_kept for each in waits), len(waits))


def limits_of(days: Sequence[DayWaits]) -> Limits | None:
    """What the daily mean varies between by itself, in seconds."""
    return natural_limits([each.mean_s for each in days])


# ---- Diversion ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Task:
    """A simple task that somebody was sent away with: to a machine (with its outcome) or to a colleague."""

    visit_id: str
    service_type: str
    at_machine: bool
    outcome: str | None
    is_done: bool
    was_served: bool


@dataclass(frozen=True)
class TypeDiverted:
    """A service type at the machines."""

    service_type: str
    routed: int
    sent: int
    diverted: Share


def diverted(tasks: Collection[Task]) -> Share:
    """Simple tasks finished at a machine without a colleague in the same visit, of all simple tasks routed."""
    return share(sum(each.is_done and not each.was_served for each in tasks), len(tasks))


def by_type(tasks: Collection[Task]) -> list[TypeDiverted]:
    """The same for each service type."""
    types: dict[str, list[Task]] = defaultdict(list)
    for each in tasks:
        types[each.service_type].append(each)
    return [
        TypeDiverted(code, len(mine), sum(each.at_machine for each in mine), diverted(mine))
        for code, mine in sorted(types.items())
    ]


def outcomes(tasks: Collection[Task]) -> dict[str, int]:
    """How tasks at machines ended, by outcome; those that are not over under `open`."""
    return dict(sorted(Counter(each.outcome or "open" for each in tasks if each.at_machine).items()))
