"""How long it will take: an interval, not a promise.

The actual discipline is simulated from the live state, 200 runs (`twin`); p10, p50 and p90 are quantiles of those runs.
A service takes a log-normal time with its type's typical mean and a coefficient of variation of .8 (assumed until
the branch has its own log). Each ticket's times are drawn from its id, so that they stay with it: the same picture
gives the same figures, and a picture that moved differs by what happened, not by new dice.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import takewhile

import numpy as np

from lobby_server.queue import twin
from lobby_server.queue.discipline import Recent, can_call, is_degraded
from lobby_server.queue.forecast.draws import HOUR_MS, RUNS, Reals, leaves_of, rest_s, service_s, uniform
from lobby_server.queue.rules import FIFO, ORDINARY, Ticket, TicketState, Waits

ARRIVALS_MAX = 200  # future arrivals looked at in a run: more than come while anybody waits
_Z80 = 1.2816  # the standard normal quantile of .9
_ARRIVING_S = 480.0  # mean service of a class that the branch has no service type for
_LONG_AGO = datetime.min.replace(tzinfo=UTC)  # before everybody: an empty picture without a clock
_PROBE = "somebody who comes now"


@dataclass(frozen=True)
class OpenPoint:
    """A service point where somebody works: its code, its work profile, and its last calls, newest first."""

    code: str
    serves: tuple[str, ...]
    is_window: bool = True
    recent: tuple[Recent, ...] = ()


@dataclass(frozen=True)
class Assumed:
    """What the simulation is told beside the picture.

    `weights` by service level (others: 1), `priority` the levels of "VIP first". `leavers_per_h` is each waiting
    customer's rate of leaving silently. `arrivals_per_h` by class and level: future arrivals, looked at by every mode
    but fifo, under which nobody who comes later is called before. They come with `cap` and their class's mean service
    in `arriving_s`. `walk_s` is the mean walk to the window after a call.
    """

    mode: str = FIFO
    weights: Mapping[str, float] = field(default_factory=dict)
    priority: frozenset[str] = frozenset()
    vip_run_max: int = 2
    overdue_s: float = 1800.0
    points_planned: int | None = None
    devices_down: bool = False
    cap: int = 5
    leavers_per_h: float = 0.0
    arrivals_per_h: Mapping[tuple[str, str], float] = field(default_factory=dict)
    arriving_s: Mapping[str, float] = field(default_factory=dict)
    no_show_s: float = 60.0
    walk_s: float = 10.0

    def rules(self) -> twin.Rules:
        """As the twin is told."""
        return twin.Rules(
            mode=twin.MODES[self.mode],
            vip_run_max=self.vip_run_max,
            overdue_ms=round(self.overdue_s * 1000),
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
        """The open points that call this class; `@W1` is the class of those who were sent to that point."""
        return [point for point in self.points if ticket_class in point.serves or ticket_class == f"@{point.code}"]

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

    def wait(self, ticket_class: str, placed_at: datetime | None = None, level: str = ORDINARY) -> Waits | None:
        """The expected wait from now; None when no open point serves the class: then no figure is honest.

        With `placed_at` for the ticket of that class and arrival, else for somebody of that level who comes now.
        About a millisecond with numba (benchmarks/announcement_cost.py): never inside a transaction.
        """
        waited_ms = self.runs(ticket_class, placed_at, level=level)
        return None if waited_ms is None else quantiles(waited_ms)

    def wait_of(self, ticket: Ticket) -> Waits | None:
        """The same for a ticket that waits here; one that was sent to a point waits for that one alone."""
        return self.wait(_waits_for(ticket), ticket.placed_at, ticket.service_level)

    def waits(self, classes: Collection[str], levels: Collection[str] = (ORDINARY,)) -> dict[str, Waits]:
        """For somebody who comes now, each class that has an answer; `A` for ordinary customers, else `A/vip`."""
        found = {}
        # First come, first served, nobody's level counts.
        told = {ORDINARY} if self.assumed.mode == FIFO else {ORDINARY, *levels}
        for ticket_class in sorted(classes):
            for level in sorted(told):
                name = ticket_class if level == ORDINARY else f"{ticket_class}/{level}"
                found[name] = self.wait(ticket_class, level=level)
        return {name: waits for name, waits in found.items() if waits is not None}

    def runs(
        self,
        ticket_class: str,
        placed_at: datetime | None = None,
        *,
        level: str = ORDINARY,
        compiled: bool = twin.COMPILED,
    ) -> twin.Ints | None:
        """The remaining wait in each run, int64[RUNS] in ms."""
        if not self.serving(ticket_class):
            return None
        line, target = self._line_with(ticket_class, placed_at, level)
        customers, bits = self._customers(line, target)
        if self.assumed.mode != FIFO and self.assumed.arrivals_per_h:
            customers = _with_arrivals(customers, self.assumed, bits)
        return twin.runs_of(customers, self._points(bits), self.assumed.rules(), target, compiled=compiled)

    def _line_with(self, ticket_class: str, placed_at: datetime | None, level: str) -> tuple[list[_Place], int]:
        """All who wait in order of place, and the index of the one who asks (added at the end if new)."""
        waiting = self._waiting()
        places = [self._place(each) for each in waiting]
        for i, each in enumerate(waiting):
            if (_waits_for(each), each.placed_at) == (ticket_class, placed_at):
                # Under fifo nobody behind matters.
                return (places[: i + 1] if self.assumed.mode == FIFO else places), i
        asked_ms = 0 if placed_at is None else min(0, self._ms(placed_at))
        before = [each for each in places if each.placed_ms <= asked_ms]
        probe = _Place(_PROBE, ticket_class, level, asked_ms, 0.0, self.assumed.cap)
        return [*before, probe, *places[len(before) :]], len(before)

    def _waiting(self) -> list[Ticket]:
        waiting = [each for each in self.tickets if each.state is TicketState.WAITING]
        return sorted(waiting, key=lambda each: (each.placed_at, each.id))

    def _place(self, of: Ticket) -> _Place:
        mean_s = self.typical_s[of.service_type]
        # A clock that was set back gives nobody a place in the future.
        placed_ms = min(0, self._ms(of.placed_at))
        return _Place(of.id, _waits_for(of), of.service_level, placed_ms, mean_s, of.overtake_cap, of.overtaken_auto)

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
            | {ticket_class for ticket_class, _level in self.assumed.arrivals_per_h}
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
        profiles = [[*point.serves, f"@{point.code}"] for point in self.points]
        serves = [sum(1 << bits[each] for each in profile if each in bits) for profile in profiles]
        busy = {each.service_point: each for each in self.tickets if each.state.is_at_point}
        free = np.zeros((RUNS, len(self.points)), np.int64)
        for j, point in enumerate(self.points):
            at_point = busy.get(point.code)
            if at_point is not None:
                free[:, j] = self._rest_ms(at_point)
        windows_open = sum(point.is_window for point in self.points)
        told = self.assumed
        breaks = is_degraded(told.points_planned, windows_open, devices_down=told.devices_down)
        fresh = twin.Points.fresh(serves, [0] * len(serves))
        return replace(
            fresh,
            free_ms=free,
            vip_run=np.array([self._vip_run(point) for point in self.points], np.int64),
            since_priority=np.array([self._since_priority(point) for point in self.points], np.int64),
            breaks=np.array([int(breaks and point.is_window) for point in self.points], np.int64),
        )

    def _vip_run(self, point: OpenPoint) -> int:
        """How many of its last calls, in a row, were priority customers who passed somebody."""
        run = takewhile(lambda each: each.service_level in self.assumed.priority and each.passed_others, point.recent)
        return sum(1 for _ in run)

    def _since_priority(self, point: OpenPoint) -> int:
        """How many calls ago its last priority customer was; far enough when it remembers none."""
        ago = (i for i, each in enumerate(point.recent) if each.service_level in self.assumed.priority)
        return next(ago, twin.PRIORITY_EVERY)

    def _rest_ms(self, of: Ticket) -> twin.Ints:
        """How long a service that has begun still takes, given that it is not over: int64[RUNS]."""
        mean_s = self.typical_s[of.service_type]
        if of.started_at is not None:
            return _ms_of(rest_s(of.id, mean_s, max(0, -self._ms(of.started_at)) / 1000))
        whole = rest_s(of.id, mean_s, 0)
        if of.called_at is None:
            return _ms_of(whole)
        # Called and not here yet: either they still walk, and all of it is to come, or they have left without a word.
        since_s = max(0, -self._ms(of.called_at)) / 1000
        waited_h = max(0.0, (of.called_at - of.placed_at) / timedelta(hours=1))
        has_left = uniform([of.id], "came")[:, 0] < left_share(self.assumed, waited_h, since_s)
        return _ms_of(np.where(has_left, max(0.0, self.assumed.no_show_s - since_s), whole))


def _waits_for(ticket: Ticket) -> str:
    """The class whose points call it; one that was sent to a point is a class of its own."""
    return ticket.ticket_class if ticket.only_at is None else f"@{ticket.only_at}"


def unserved(line: Line) -> list[Ticket]:
    """The waiting tickets that no open point calls, earliest place first: each is an alarm at once."""
    waiting = [each for each in line.tickets if each.state is TicketState.WAITING]
    left = [each for each in waiting if not any(can_call(each, point.code, point.serves) for point in line.points)]
    return sorted(left, key=lambda each: (each.placed_at, each.id))


def left_share(assumed: Assumed, waited_h: float, since_called_s: float) -> float:
    """How likely somebody who was called and is not here has left: the longer they are missing, the likelier.

    By Bayes from the rate of leavers over the time waited, and a walk to the window of exponential length.
    """
    came = math.exp(-assumed.leavers_per_h * waited_h)
    walks_still = came * math.exp(-since_called_s / assumed.walk_s)
    return (1 - came) / ((1 - came) + walks_still) if came < 1 else 0.0


def quantiles(waited_ms: twin.Ints) -> Waits:
    """p10, p50 and p90 of the runs, in whole seconds."""
    low, middle, high = np.quantile(waited_ms, (0.1, 0.5, 0.9)) / 1000
    return Waits(round(low), round(middle), round(high))


def _with_arrivals(now: twin.Customers, assumed: Assumed, bits: Mapping[str, int]) -> twin.Customers:
    """The same customers and, behind them, Poisson arrivals of each class and level, in order in each run."""
    seeds = [f"arrival {i}" for i in range(ARRIVALS_MAX)]
    total_per_h = sum(assumed.arrivals_per_h.values())
    gaps_ms = -np.log(uniform(seeds, "gap")) * HOUR_MS / total_per_h
    placed = np.cumsum(gaps_ms, axis=1).astype(np.int64)
    # Each arrival of the joint stream is of a class and level with the probability of its share.
    names = sorted(assumed.arrivals_per_h)
    shares = np.cumsum([assumed.arrivals_per_h[each] / total_per_h for each in names])
    of_names = np.minimum(np.searchsorted(shares, uniform(seeds, "class")), len(names) - 1)
    weights = [round(twin.WEIGHT_UNIT * assumed.weights.get(level, 1.0)) for _class, level in names]
    means_s = np.array([assumed.arriving_s.get(ticket_class, _ARRIVING_S) for ticket_class, _level in names])
    new = twin.Customers(
        klass=np.array([bits[ticket_class] for ticket_class, _level in names], np.int64)[of_names],
        placed_ms=placed,
        weight=np.array(weights, np.int64)[of_names],
        priority=np.array([int(level in assumed.priority) for _class, level in names], np.int64)[of_names],
        overtaken=_rows([0] * ARRIVALS_MAX),
        cap=_rows([assumed.cap] * ARRIVALS_MAX),
        service_ms=_ms_of(service_s(seeds, [1.0] * ARRIVALS_MAX) * means_s[of_names]),
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
