"""What if: a recorded day of the branch played again with other windows or another order of service.

The customers of the day come when they came and take as long as they took, whatever is changed (common random
numbers): two answers differ by the change. Played without a change, the twin's error against what really happened
says how far to trust it. A window counts as degraded, or not, for each of its spans as a whole, by who was open when
the span began; parked tickets are served at their last call.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np

from lobby_server.queue import twin
from lobby_server.queue.discipline import is_degraded
from lobby_server.queue.rules import PRIORITY, QueuePolicy

# What is tried when a branch that serves first come, first served asks about priority: the product's default.
CAP_TRIED = 5


@dataclass(frozen=True)
class Came:
    """One customer of the day: when they took their place, when they were called, and how long it took.

    `waits_for` is a ticket class, or `@W1` for one point; `served_s` is None for who never came to the window.
    """

    ticket_id: str
    waits_for: str
    level: str
    placed_at: datetime
    called_at: datetime
    served_s: float | None
    cap: int
    overtaken: int


@dataclass(frozen=True)
class Span:
    """A point that was open from one moment to another, and the classes that it called."""

    point: str
    serves: tuple[str, ...]
    is_window: bool
    opened_at: datetime
    closed_at: datetime


@dataclass(frozen=True)
class RecordedDay:
    """What is kept of one business day; `came` in order of place. `points_planned` holds for all of it.

    That kiosks or machines were down for a while is not played again: a day with a breakdown is a poor day to plan by.
    """

    business_day: date
    came: tuple[Came, ...]
    spans: tuple[Span, ...]
    policy: QueuePolicy
    points_planned: int | None = None


@dataclass(frozen=True)
class Change:
    """Points that are open all day (with their classes; windows or desks), points that stay shut, another rule.

    `discipline` is another mode under the weights of the day; `policy` is another policy whole, and goes before it.
    """

    opened: Mapping[str, tuple[tuple[str, ...], bool]]
    closed: frozenset[str]
    discipline: str | None = None
    policy: QueuePolicy | None = None


@dataclass(frozen=True)
class LevelWaits:
    """How one service level waited: seconds, the most times that one customer was overtaken, who was never called."""

    level: str
    n: int
    p50_s: int
    p90_s: int
    most_overtakes: int
    never_called: int


@dataclass(frozen=True)
class TwinError:
    """How far the unchanged day, played again, was from the real one: seconds of p50 and p90, and per customer."""

    mae_s: int
    p50_s: int
    p90_s: int


@dataclass(frozen=True)
class Answer:
    """The day as it was, played again, and changed."""

    business_day: date
    actual: tuple[LevelWaits, ...]
    before: tuple[LevelWaits, ...]
    after: tuple[LevelWaits, ...]
    twin_error: TwinError


@dataclass(frozen=True)
class _Played:
    """Who waited how long, in order of `came`: seconds, overtakes, and whether they were called at all."""

    waited_s: tuple[float, ...]
    overtaken: tuple[int, ...]
    called: tuple[bool, ...]


def ask(day: RecordedDay, change: Change) -> Answer:
    """The day without and with a change, per service level, and what the twin's word is worth."""
    actual = _Played(
        tuple(max(0.0, (each.called_at - each.placed_at).total_seconds()) for each in day.came),
        tuple(each.overtaken for each in day.came),
        (True,) * len(day.came),
    )
    before = _play(day)
    return Answer(
        business_day=day.business_day,
        actual=_by_level(day.came, actual),
        before=_by_level(day.came, before),
        after=_by_level(day.came, _play(changed(day, change))),
        twin_error=_error(actual, before),
    )


def changed(day: RecordedDay, change: Change) -> RecordedDay:
    """The day with other spans and, where asked, another policy, or another mode under the promised cap."""
    shut = change.closed | change.opened.keys()
    begins, ends = min(each.opened_at for each in day.spans), max(each.closed_at for each in day.spans)
    spans = [each for each in day.spans if each.point not in shut]
    spans += [
        Span(code, serves, is_window, begins, ends) for code, (serves, is_window) in sorted(change.opened.items())
    ]
    other = replace(day, spans=tuple(spans))
    if change.policy is not None:
        return _under(other, change.policy)
    if change.discipline is None or change.discipline == day.policy.discipline:
        return other
    cap = day.policy.overtake_cap or CAP_TRIED
    return _under(other, replace(day.policy, discipline=change.discipline, overtake_cap=cap))


def _under(day: RecordedDay, policy: QueuePolicy) -> RecordedDay:
    planned = policy.parameters.points_planned
    came = tuple(replace(each, cap=policy.overtake_cap) for each in day.came)
    return replace(day, policy=policy, came=came, points_planned=day.points_planned if planned is None else planned)


def _play(day: RecordedDay) -> _Played:
    if not day.spans:
        return _Played((0.0,) * len(day.came), (0,) * len(day.came), (False,) * len(day.came))
    begins = min(each.placed_at for each in day.came)
    told = day.policy.parameters
    rules = twin.Rules(
        mode=twin.MODES[day.policy.discipline], vip_run_max=told.vip_run_max, overdue_ms=round(told.overdue_s * 1000)
    )
    called_ms, overtaken = twin.play(_customers(day, begins), _points(day, begins), rules)
    ends_ms = max(_ms(each.closed_at, begins) for each in day.spans)
    was_called = [at != twin.NEVER for at in called_ms.tolist()]
    # Whoever is never called has waited until the last window closed.
    at_ms = np.where(called_ms == twin.NEVER, ends_ms, called_ms)
    waited = (
        max(0.0, (int(at) - _ms(each.placed_at, begins)) / 1000) for at, each in zip(at_ms, day.came, strict=True)
    )
    # A day's first count may lie above the cap that is tried now; played again everybody begins at nought.
    return _Played(tuple(waited), tuple(overtaken.tolist()), tuple(was_called))


def _customers(day: RecordedDay, begins: datetime) -> twin.Customers:
    bits = _bits(day)
    weights = day.policy.parameters.weights
    placed = [_ms(each.placed_at, begins) for each in day.came]
    figures = {
        "klass": [bits[each.waits_for] for each in day.came],
        "placed_ms": placed,
        "weight": [round(weights.get(each.level, 1.0) * twin.WEIGHT_UNIT) for each in day.came],
        "priority": [int(each.level in PRIORITY) for each in day.came],
        "overtaken": [0] * len(day.came),
        "cap": [each.cap for each in day.came],
        "service_ms": [round((each.served_s or 0.0) * 1000) for each in day.came],
        # Who never came to the window had left by then, whenever they are called.
        "leaves_ms": [
            twin.NEVER if each.served_s is not None else at for each, at in zip(day.came, placed, strict=True)
        ],
    }
    return twin.Customers(**{name: np.array(values, np.int64) for name, values in figures.items()})


def _points(day: RecordedDay, begins: datetime) -> twin.Points:
    bits = _bits(day)
    profiles = [[*each.serves, f"@{each.point}"] for each in day.spans]
    serves = [sum(1 << bits[name] for name in profile if name in bits) for profile in profiles]
    fresh = twin.Points.fresh(serves, [_ms(each.opened_at, begins) for each in day.spans])
    return replace(
        fresh,
        breaks=np.array([int(_is_degraded(day, each)) for each in day.spans], np.int64),
        closes_ms=np.array([_ms(each.closed_at, begins) for each in day.spans], np.int64),
    )


def _is_degraded(day: RecordedDay, span: Span) -> bool:
    beside = sum(each.is_window and each.opened_at <= span.opened_at < each.closed_at for each in day.spans)
    return span.is_window and is_degraded(day.points_planned, beside, devices_down=False)


def _bits(day: RecordedDay) -> dict[str, int]:
    return {name: bit for bit, name in enumerate(sorted({each.waits_for for each in day.came}))}


def _ms(moment: datetime, begins: datetime) -> int:
    return (moment - begins) // timedelta(milliseconds=1)


def _by_level(came: Sequence[Came], played: _Played) -> tuple[LevelWaits, ...]:
    found = []
    for level in sorted({each.level for each in came}):
        mine = [i for i, each in enumerate(came) if each.level == level]
        p50, p90 = _quantiles([played.waited_s[i] for i in mine])
        most = max(played.overtaken[i] for i in mine)
        found.append(LevelWaits(level, len(mine), p50, p90, most, sum(not played.called[i] for i in mine)))
    return tuple(found)


def _error(actual: _Played, before: _Played) -> TwinError:
    off = [abs(mine - real) for mine, real in zip(before.waited_s, actual.waited_s, strict=True)]
    (real50, real90), (mine50, mine90) = _quantiles(actual.waited_s), _quantiles(before.waited_s)
    return TwinError(round(sum(off) / len(off)), mine50 - real50, mine90 - real90)


def _quantiles(waited_s: Collection[float]) -> tuple[int, int]:
    p50, p90 = np.quantile(list(waited_s), (0.5, 0.9))
    return round(float(p50)), round(float(p90))
