"""How honest the announced waits were: what was told beside what happened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from lobby_server.queue.rules import Waits


@dataclass(frozen=True)
class Outcome:
    """A ticket's forecast when it was issued, and how long it then waited for its first call."""

    ticket_class: str
    business_day: date
    told: Waits
    waited_s: float


@dataclass(frozen=True)
class Coverage:
    """How honest the waits of one class in one ISO week (2026-W48) were: shares of `n`, the error in seconds."""

    ticket_class: str
    week: str
    n: int
    within_p10_p90: float
    under_p90: float
    mae_s: float


def coverage_of(outcomes: Iterable[Outcome]) -> list[Coverage]:
    """Per class and week, in that order. Bounds count as inside, to the half second to which waits are rounded.

    Customers who were never called are not in it: nobody knows how long they would have waited.
    """
    groups: dict[tuple[str, str], list[Outcome]] = {}
    for each in outcomes:
        year, week, _ = each.business_day.isocalendar()
        groups.setdefault((each.ticket_class, f"{year}-W{week:02d}"), []).append(each)
    return [_coverage(*key, group) for key, group in sorted(groups.items())]


def _coverage(ticket_class: str, week: str, group: Sequence[Outcome]) -> Coverage:
    n = len(group)
    under = [each.waited_s <= each.told.p90_s + 0.5 for each in group]
    over = [each.waited_s >= each.told.p10_s - 0.5 for each in group]
    within = sum(low and high for low, high in zip(over, under, strict=True))
    mae_s = sum(abs(each.waited_s - each.told.p50_s) for each in group) / n
    return Coverage(ticket_class, week, n, within / n, sum(under) / n, mae_s)
