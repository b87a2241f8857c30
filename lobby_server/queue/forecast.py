"""How long it will take: an interval, not a promise.

The actual discipline is simulated from the live state, 200 runs (`twin`); p10, p50 and p90 are quantiles of those runs.
A service takes a log-normal time with its type's typical mean and a coefficient of variation of .8 (assumed until
the branch has its own log). Each ticket's times are drawn from its id, so that they stay with it: the same picture
gives the same figures, and a picture that moved differs by what happened, not by new dice.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from lobby_server.queue import twin
from lobby_server.queue.discipline import can_call
from lobby_server.queue.rules import FIFO, Ticket, TicketState, Waits

RUNS = 200  # docs/reference: expected wait; benchmarks/announcement_cost.py says what they cost
SERVICE_CV = 0.8
ARRIVALS_MAX = 200  # future arrivals looked at in a run: more than come while anybody waits
_SIGMA = math.sqrt(math.log1p(SERVICE_CV**2))
_Z80 = 1.2816  # the standard normal quantile of .9
_HOUR_MS = 3_600_000.0
_LONG_AGO = datetime.min.replace(tzinfo=UTC)  # before everybody: an empty picture without a clock
_PROBE = "somebody who comes now"

Reals = npt.NDArray[np.float64]


@dataclass(frozen=True)
class OpenPoint:
    """A service point where somebody works: its code and its work profile."""

    code: str
    serves: tuple[str, ...]


@dataclass(frozen=True)
class Assumed:
    """What the simulation is told beside the picture.

    `weights` by service level (others: 1), `priority` the levels of "VIP first". `leavers_per_h` is each waiting
    customer's rate of leaving silently. `arrivals_per_h` by class: future arrivals, looked at by every mode but
    fifo, under which nobody who comes later is called before. They come as `ordinary`, with `cap` and
    `arriving_s` as mean service.
    """

    mode: str = FIFO
    weights: Mapping[str, float] = field(default_factory=dict)
    priority: frozenset[str] = frozenset()
    vip_run_max: int = 2
    overdue_s: float = 1800.0
    points_planned: int = 0
    cap: int = 5
    leavers_per_h: float = 0.0
    arrivals_per_h: Mapping[str, float] = field(default_factory=dict)
    arriving_s: float = 480.0
    no_show_s: float = 60.0

    def rules(self) -> twin.Rules:
        """As the twin is told."""
        return twin.Rules(
            mode=twin.MODES[self.mode],
            vip_run_max=self.vip_run_max,
            overdue_ms=round(self.overdue_s * 1000),
            points_planned=self.points_planned,
            no_show_ms=round(self.no_show_s * 1000),
        )


@dataclass(frozen=True)
class _Place:
    """One customer as the simulation sees them; `seed` names their draws."""

    seed: str
    ticket_class: str
    level: str
    placed_ms: int
    mean_s: float
    cap: int
    overtaken: int = 0


@dataclass(frozen=True)
class Line:
    """The live state of one branch's queue: tickets that wait or are at a point, and the open points.

    Without `now` the newest moment of any ticket is taken for it.
    """

    tickets: Sequence[Ticket]
    points: Sequence[OpenPoint]
    typical_s: Mapping[str, int]
    now: datetime | None = None
    assumed: Assumed = field(default_factory=Assumed)

    def serving(self, ticket_class: str) -> list[OpenPoint]:
        """The open points that call this class."""
        return [point for point in self.points if ticket_class in point.serves]

    def ahead(self, ticket_class: str, placed_at: datetime | None = None) -> list[Ticket]:
        """Who waits in front of somebody of this class: earlier places that the same points call.

        Without `placed_at`, of somebody who comes now.
        """
        shared = {each for point in self.serving(ticket_class) for each in point.serves} or {ticket_class}
        codes = {point.code for point in self.serving(ticket_class)}
        return [
            each
            for each in self._waiting()
            if (each.only_at in codes if each.only_at is not None else each.ticket_class in shared)
            and (placed_at is None or each.placed_at < placed_at)
        ]

    def wait(self, ticket_class: str, placed_at: datetime | None = None) -> Waits | None:
        """The expected wait from now; None when no open point serves the class: then no figure is honest.

        With `placed_at` for the ticket of that class and arrival, else for somebody ordinary who comes now.
        About a millisecond with numba (benchmarks/announcement_cost.py): never inside a transaction.
        """
        waited_ms = self._runs(ticket_class, placed_at, twin.COMPILED)
        return None if waited_ms is None else quantiles(waited_ms)

    def waits(self, classes: Collection[str]) -> dict[str, Waits]:
        """For somebody who comes now, each class that has an answer."""
        found = {each: self.wait(each) for each in sorted(classes)}
        return {each: waits for each, waits in found.items() if waits is not None}

    def _runs(self, ticket_class: str, placed_at: datetime | None, compiled: bool) -> twin.Ints | None:
        """The remaining wait in each run, int64[RUNS] in ms."""
        if not self.serving(ticket_class):
            return None
        line, target = self._line_with(ticket_class, placed_at)
        customers, bits = self._customers(line, target)
        if self.assumed.mode != FIFO and self.assumed.arrivals_per_h:
            customers = _with_arrivals(customers, self.assumed, bits)
        return twin.runs_of(customers, self._points(bits), self.assumed.rules(), target, compiled=compiled)

    def _line_with(self, ticket_class: str, placed_at: datetime | None) -> tuple[list[_Place], int]:
        """All who wait in order of place, and the index of the one who asks (added at the end if new)."""
        waiting = self._waiting()
        places = [self._place(each) for each in waiting]
        for i, each in enumerate(waiting):
            if (each.ticket_class, each.placed_at) == (ticket_class, placed_at):
                # Under fifo nobody behind matters.
                return (places[: i + 1] if self.assumed.mode == FIFO else places), i
        asked_ms = 0 if placed_at is None else min(0, self._ms(placed_at))
        before = [each for each in places if each.placed_ms <= asked_ms]
        probe = _Place(_PROBE, ticket_class, "ordinary", asked_ms, 0.0, self.assumed.cap)
        return [*before, probe, *places[len(before) :]], len(before)

    def _waiting(self) -> list[Ticket]:
        waiting = [each for each in self.tickets if each.state is TicketState.WAITING]
        return sorted(waiting, key=lambda each: (each.placed_at, each.id))

    def _place(self, of: Ticket) -> _Place:
        mean_s = self.typical_s[of.service_type]
        # A clock that was set back gives nobody a place in the future.
        placed_ms = min(0, self._ms(of.placed_at))
        return _Place(of.id, of.ticket_class, of.service_level, placed_ms, mean_s, of.overtake_cap, of.overtaken_auto)

    def _ms(self, moment: datetime) -> int:
        return (moment - self._now()) // timedelta(milliseconds=1)

    def _now(self) -> datetime:
        if self.now is not None:
            return self.now
        moments = [(each.arrived_at, each.issued_at, each.called_at, each.started_at) for each in self.tickets]
        return max((moment for of in moments for moment in of if moment is not None), default=_LONG_AGO)

    def _customers(self, line: Sequence[_Place], target: int) -> tuple[twin.Customers, dict[str, int]]:
        """The arrays [RUNS, n], and the bit of each class."""
        classes = sorted(
            {each for point in self.points for each in point.serves}
            | {each.ticket_class for each in line}
            | set(self.assumed.arrivals_per_h)
        )
        assert len(classes) <= twin.CLASSES_MAX
        bits = {name: bit for bit, name in enumerate(classes)}
        placed = _rows([each.placed_ms for each in line])
        seeds = [each.seed for each in line]
        leaves = leaves_of(seeds, placed, self.assumed.leavers_per_h)
        leaves[:, target] = twin.NEVER  # whoever asks is here
        weights = [self.assumed.weights.get(each.level, 1.0) * twin.WEIGHT_UNIT for each in line]
        customers = twin.Customers(
            klass=_rows([bits[each.ticket_class] for each in line]),
            placed_ms=placed,
            weight=_rows([round(each) for each in weights]),
            priority=_rows([int(each.level in self.assumed.priority) for each in line]),
            overtaken=_rows([each.overtaken for each in line]),
            cap=_rows([each.cap for each in line]),
            service_ms=_ms_of(service_s(seeds, [each.mean_s for each in line])),
            leaves_ms=leaves,
        )
        return customers, bits

    def _points(self, bits: Mapping[str, int]) -> twin.Points:
        """The open points; a busy one comes free when the rest of its drawn service is over."""
        serves = [sum(1 << bits[each] for each in point.serves) for point in self.points]
        busy = {each.service_point: each for each in self.tickets if each.state.is_at_point}
        free = np.zeros((RUNS, len(self.points)), np.int64)
        for j, point in enumerate(self.points):
            at_point = busy.get(point.code)
            if at_point is not None:
                free[:, j] = self._rest_ms(at_point)
        fresh = twin.Points.fresh(serves, [0] * len(serves))
        return twin.Points(fresh.serves, free, fresh.vip_run, fresh.since_priority)

    def _rest_ms(self, of: Ticket) -> twin.Ints:
        """How long a service that has begun still takes, given that it is not over: int64[RUNS]."""
        mean_s = self.typical_s[of.service_type]
        # Called but not started: all of it is still to come.
        begun_ms = 0 if of.started_at is None else min(0, self._ms(of.started_at))
        return _ms_of(rest_s(of.id, mean_s, -begun_ms / 1000))


def unserved(line: Line) -> list[Ticket]:
    """The waiting tickets that no open point calls, earliest place first: each is an alarm at once."""
    waiting = [each for each in line.tickets if each.state is TicketState.WAITING]
    left = [each for each in waiting if not any(can_call(each, point.code, point.serves) for point in line.points)]
    return sorted(left, key=lambda each: (each.placed_at, each.id))


def quantiles(waited_ms: twin.Ints) -> Waits:
    """p10, p50 and p90 of the runs, in whole seconds."""
    low, middle, high = np.quantile(waited_ms, (0.1, 0.5, 0.9)) / 1000
    return Waits(round(low), round(middle), round(high))


# ---- Draws that stay with the customer -----------------------------------------------------------------------------


def uniform(seeds: Sequence[str], use: str) -> Reals:
    """Numbers in (0, 1), float64[RUNS, n]: each column comes from its seed and what the numbers are for alone.

    SplitMix64 (Steele, Lea, Flood 2014) on a counter: no state to carry, all runs at once.
    """
    keys = [
        int.from_bytes(hashlib.blake2b(f"{use}:{each}".encode(), digest_size=8).digest(), "little") for each in seeds
    ]
    steps = np.arange(1, RUNS + 1, dtype=np.uint64)[:, None] * np.uint64(0x9E3779B97F4A7C15)
    x = np.array(keys, np.uint64)[None, :] + steps
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    found: Reals = ((x >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53
    return found


def service_s(seeds: Sequence[str], means_s: Sequence[float]) -> Reals:
    """Log-normal service times with these means and SERVICE_CV, float64[RUNS, n] in seconds (Box-Muller)."""
    normal = np.sqrt(-2 * np.log(uniform(seeds, "radius"))) * np.cos(2 * np.pi * uniform(seeds, "angle"))
    found: Reals = np.exp(_SIGMA * normal - _SIGMA**2 / 2) * np.array(means_s, np.float64)
    return found


def rest_s(seed: str, mean_s: float, elapsed_s: float) -> Reals:
    """What is left of a service after `elapsed_s`, float64[RUNS] in seconds, by inverting the distribution."""
    if elapsed_s <= 0:
        return service_s([seed], [mean_s])[:, 0]
    mu, standard = math.log(mean_s) - _SIGMA**2 / 2, NormalDist()
    # Far in the tail the inverse would meet 1: then it may end at any moment.
    begun = min(standard.cdf((math.log(elapsed_s) - mu) / _SIGMA), 1 - 1e-9)
    left = begun + (1 - begun) * uniform([seed], "rest")[:, 0]
    whole = [math.exp(mu + _SIGMA * standard.inv_cdf(min(each, 1 - 1e-12))) for each in left.tolist()]
    return np.maximum(np.array(whole) - elapsed_s, 0.0)


def leaves_of(seeds: Sequence[str], placed_ms: twin.Ints, per_h: float) -> twin.Ints:
    """When each would leave silently, int64[RUNS, n] in ms: exponential from their arrival."""
    if per_h <= 0:
        return np.full(placed_ms.shape, twin.NEVER, np.int64)
    patience: twin.Ints = (-np.log(uniform(seeds, "patience")) * _HOUR_MS / per_h).astype(np.int64)
    return placed_ms + patience


def _with_arrivals(now: twin.Customers, assumed: Assumed, bits: Mapping[str, int]) -> twin.Customers:
    """The same customers and, behind them, Poisson arrivals of each class, merged in order of arrival in each run."""
    seeds = [f"arrival {i}" for i in range(ARRIVALS_MAX)]
    total_per_h = sum(assumed.arrivals_per_h.values())
    gaps_ms = -np.log(uniform(seeds, "gap")) * _HOUR_MS / total_per_h
    placed = np.cumsum(gaps_ms, axis=1).astype(np.int64)
    # Each arrival of the joint stream is of a class with the probability of its share.
    names = sorted(assumed.arrivals_per_h)
    shares = np.cumsum([assumed.arrivals_per_h[each] / total_per_h for each in names])
    of_names = np.minimum(np.searchsorted(shares, uniform(seeds, "class")), len(names) - 1)
    level = twin.WEIGHT_UNIT * assumed.weights.get("ordinary", 1.0)
    new = twin.Customers(
        klass=np.array([bits[each] for each in names], np.int64)[of_names],
        placed_ms=placed,
        weight=_rows([round(level)] * ARRIVALS_MAX),
        priority=_rows([int("ordinary" in assumed.priority)] * ARRIVALS_MAX),
        overtaken=_rows([0] * ARRIVALS_MAX),
        cap=_rows([assumed.cap] * ARRIVALS_MAX),
        service_ms=_ms_of(service_s(seeds, [assumed.arriving_s] * ARRIVALS_MAX)),
        leaves_ms=leaves_of(seeds, placed, assumed.leavers_per_h),
    )
    return twin.Customers(**{name: np.hstack([figures, getattr(new, name)]) for name, figures in vars(now).items()})


def _rows(figures: Sequence[int]) -> twin.Ints:
    """The same figures in each run."""
    return np.tile(np.array(figures, np.int64), (RUNS, 1))


def _ms_of(seconds: Reals) -> twin.Ints:
    found: twin.Ints = np.rint(seconds * 1000).astype(np.int64)
    return found


# ---- What others do, kept as the benchmark's witness ---------------------------------------------------------------


def naive_wait(line: Line, ticket_class: str, placed_at: datetime | None = None) -> Waits | None:
    """Queue x mean / windows: n in front with mean m each, c points; quantiles by the normal approximation."""
    points = line.serving(ticket_class)
    if not points:
        return None
    ahead = line.ahead(ticket_class, placed_at)
    codes = {point.code for point in points}
    served = [each for each in line.tickets if each.state.is_at_point and each.service_point in codes]
    if not ahead and len(served) < len(points):
        return Waits(0, 0, 0)
    # Who is being served has, on average, half of their time still to go.
    work_s = [float(line.typical_s[each.service_type]) for each in ahead]
    work_s += [line.typical_s[each.service_type] / 2 for each in served]
    mean_s = sum(work_s) / len(points)
    deviation_s = math.sqrt(sum(each**2 for each in work_s)) / len(points)
    low_s, high_s = (max(0.0, mean_s + side * _Z80 * deviation_s) for side in (-1, 1))
    return Waits(round(low_s), round(mean_s), round(high_s))


# ---- What happened -------------------------------------------------------------------------------------------------


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
