"""The twin of one branch's queue: who would be called when, if each service took as long as drawn.

Times are whole milliseconds from now (before now: negative), scores are whole numbers, so that the
reference in plain Python and the compiled core agree to the tick. A customer's service time is drawn beforehand and
stays with the customer whatever the rules or windows are (common random numbers): two answers differ by what
was changed, not by chance.

Whoever left silently is still called; nobody comes, and the point is free again after `no_show_ms`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

# numba asks for `np.ma` at each call, and numpy imports it at the first one. Two native threads that import the same
# module at once under gevent's patched locks may wait for ever: so it is here before there are any.
import numpy as np
import numpy.ma
import numpy.typing as npt

try:
    import numba
except ImportError:  # the extra `learn`; without it the reference answers, more slowly
    numba = None  # type: ignore[assignment]

Ints = npt.NDArray[np.int64]

FIFO_MODE, ACCUMULATING_MODE, BOUNDED_VIP_MODE = 0, 1, 2
MODES = {"fifo": FIFO_MODE, "accumulating": ACCUMULATING_MODE, "bounded_vip": BOUNDED_VIP_MODE}
NEVER = 2**62  # also: does not leave; a point that does not come free
WEIGHT_UNIT = 1000  # weights are whole thousandths
PRIORITY_EVERY = 3  # promise 3: in degraded mode at most every third call of a window
CLASSES_MAX = 62  # one bit each in a signed 64-bit mask
COMPILED = numba is not None
# What `_runs` takes, in numba's words: 8 fields of the customers, 6 of the points, the rules, the target.
_RUNS_TAKES = f"({8 * 'i8[:,::1],'} i8[::1], i8[:,::1], {5 * 'i8[::1],'} i8)"


@dataclass(frozen=True)
class Customers:
    """Those who wait or will come, in order of their place (earliest first): arrays of one length n.

    `klass` is a bit number, `placed_ms` the place in line, `weight` in thousandths, `priority` 1 for those whom
    "VIP first" and the breaker concern, `service_ms` the drawn time, `leaves_ms` when they leave silently.
    """

    klass: Ints
    placed_ms: Ints
    weight: Ints
    priority: Ints
    overtaken: Ints
    cap: Ints
    service_ms: Ints
    leaves_ms: Ints


@dataclass(frozen=True)
class Points:
    """The open service points: class masks, when each comes free, and what it remembers of its last calls.

    `vip_run`: priority customers called in a row past a waiting other. `since_priority`: calls since the last
    priority customer. `breaks`: 1 for windows of a branch in degraded mode. No call is made from `closes_ms` on.
    """

    serves: Ints
    free_ms: Ints
    vip_run: Ints
    since_priority: Ints
    breaks: Ints
    closes_ms: Ints

    @classmethod
    def fresh(cls, serves: Sequence[int], free_ms: Sequence[int]) -> Points:
        """Points that remember nothing, outside degraded mode, open for ever."""
        nought = np.zeros(len(serves), np.int64)
        memory = (nought, nought + PRIORITY_EVERY)
        return cls(np.array(serves, np.int64), np.array(free_ms, np.int64), *memory, nought, nought + NEVER)


@dataclass(frozen=True)
class Rules:
    """The mode (`MODES`) and its limits."""

    mode: int = FIFO_MODE
    vip_run_max: int = 2
    overdue_ms: int = 1_800_000
    no_show_ms: int = 60_000


def twin_of(customers: Customers, points: Points, rules: Rules, until: int = -1) -> Ints:
    """When each customer is called, int64[n] in ms, NEVER for those who are not; stops when `until` is called."""
    return play(customers, points, rules, until)[0]


def play(customers: Customers, points: Points, rules: Rules, until: int = -1) -> tuple[Ints, Ints]:
    """The same, and how often each was overtaken by then.

    The compiled core where numba is installed, else the reference: the same to the tick.
    """
    if not COMPILED:
        branch = _play_reference(customers, points, rules, until)
        return np.array(branch.called_ms, np.int64), np.array(branch.overtaken, np.int64)
    c, p, r = customers, points, rules
    played: tuple[Ints, Ints] = simulate(
        c.klass, c.placed_ms, c.weight, c.priority, c.overtaken, c.cap, c.service_ms, c.leaves_ms,
        p.serves, p.free_ms, p.vip_run, p.since_priority, p.breaks, p.closes_ms,
        r.mode, r.vip_run_max, r.overdue_ms, r.no_show_ms, until,
    )  # fmt: skip
    return played


# ---- The reference ------------------------------------------------------------------------------------------------


def simulate_reference(customers: Customers, points: Points, rules: Rules, until: int = -1) -> list[int]:
    """The same in plain Python, as the branch would say it. Order and units as in `twin_of`."""
    return _play_reference(customers, points, rules, until).called_ms


def _play_reference(customers: Customers, points: Points, rules: Rules, until: int) -> _Branch:
    branch = _Branch(customers, points, rules)
    while until < 0 or branch.called_ms[until] == NEVER:
        turn = branch.next_turn()
        if turn is None:
            break
        branch.call(*turn)
    return branch


class _Branch:
    """One branch in one run of the reference: plain lists that change as customers are called."""

    def __init__(self, customers: Customers, points: Points, rules: Rules) -> None:
        self.rules = rules
        self.bit = [1 << int(each) for each in customers.klass]
        self.placed: list[int] = customers.placed_ms.tolist()
        self.weight: list[int] = customers.weight.tolist()
        self.priority: list[int] = customers.priority.tolist()
        self.overtaken: list[int] = customers.overtaken.tolist()
        self.cap: list[int] = customers.cap.tolist()
        self.service: list[int] = customers.service_ms.tolist()
        self.leaves: list[int] = customers.leaves_ms.tolist()
        self.serves: list[int] = points.serves.tolist()
        self.free: list[int] = points.free_ms.tolist()
        self.vip_run: list[int] = points.vip_run.tolist()
        self.since_priority: list[int] = points.since_priority.tolist()
        self.breaks: list[int] = points.breaks.tolist()
        self.closes: list[int] = points.closes_ms.tolist()
        self.called_ms = [int(NEVER)] * len(self.placed)
        # Everybody before a point's head has been called or is not for it.
        self.head = [0] * len(self.serves)

    def next_turn(self) -> tuple[int, int] | None:
        """The point that can call next and when: the earliest; of several the one that is free the longest."""
        best: tuple[int, int, int] | None = None
        for j in range(len(self.serves)):
            first = self._first(j)
            if first < len(self.placed):
                turn = (max(self.free[j], self.placed[first], 0), self.free[j], j)
                if turn[0] < self.closes[j]:
                    best = turn if best is None or turn < best else best
        return None if best is None or best[0] >= NEVER else (best[2], best[0])

    def _first(self, j: int) -> int:
        i = self.head[j]
        while i < len(self.placed) and (self.called_ms[i] != NEVER or not self.bit[i] & self.serves[j]):
            i += 1
        self.head[j] = i
        return i

    def call(self, j: int, now: int) -> None:
        """Point j calls somebody; whoever stood before them was overtaken."""
        i, passed_others = self._choose(j, now), False
        for k in range(self.head[j], i):
            if self._waits(k, j, now):
                self.overtaken[k] += 1
                passed_others = passed_others or not self.priority[k]
        self.called_ms[i] = now
        self.vip_run[j] = self.vip_run[j] + 1 if self.priority[i] and passed_others else 0
        self.since_priority[j] = 0 if self.priority[i] else self.since_priority[j] + 1
        self.free[j] = now + (self.service[i] if self.leaves[i] > now else self.rules.no_show_ms)

    def _waits(self, i: int, j: int, now: int) -> bool:
        return self.called_ms[i] == NEVER and bool(self.bit[i] & self.serves[j]) and self.placed[i] <= now

    def _choose(self, j: int, now: int) -> int:
        """Cap before breaker before mode."""
        if self.rules.mode == FIFO_MODE:
            return self.head[j]
        line = [i for i in range(self.head[j], len(self.placed)) if self._waits(i, j, now)]
        capped = [i for i in line if self.overtaken[i] >= self.cap[i]]
        if capped:
            return capped[0]
        chosen = self._by_mode(line, j, now)
        if self.priority[chosen] and self.breaks[j] and self.since_priority[j] < PRIORITY_EVERY - 1:
            others = [i for i in line if not self.priority[i]]
            return self._by_mode(others, j, now) if others else chosen
        return chosen

    def _by_mode(self, line: list[int], j: int, now: int) -> int:
        if self.rules.mode == ACCUMULATING_MODE:
            # Equal scores by place: max keeps the first.
            return max(line, key=lambda i: (now - self.placed[i]) * self.weight[i])
        if now - self.placed[line[0]] > self.rules.overdue_ms:
            return line[0]
        vips = [i for i in line if self.priority[i]]
        if not vips:
            return line[0]
        others = [i for i in line if not self.priority[i] and i < vips[0]]
        return others[0] if others and self.vip_run[j] >= self.rules.vip_run_max else vips[0]


# ---- The core -----------------------------------------------------------------------------------------------------


def _compiled(function: Any, told: Any = None) -> Any:
    """Machine code without the interpreter's lock, so that sockets go on; plain Python without numba.

    With the types of its arguments `told` it is made at import, and for nothing else later: two native threads that
    compile at once under gevent's patched locks wait for each other for ever.
    """
    if not COMPILED:
        return function
    try:
        return numba.njit(told, nogil=True, cache=True)(function)
    except RuntimeError:
        # Nowhere to keep the machine code (a read-only installation without a home): made anew at each start.
        return numba.njit(told, nogil=True)(function)


@_compiled
def _pick_scored(klass, placed, weight, priority, called, serves, head, now, only_others):  # type: ignore[no-untyped-def]
    best, best_score = -1, np.int64(-1)
    for i in range(head, len(placed)):
        if placed[i] > now:
            break
        if called[i] != NEVER or not (serves >> klass[i]) & 1 or (only_others and priority[i]):
            continue
        score = (now - placed[i]) * weight[i]
        if score > best_score:
            best, best_score = i, score
    return best


@_compiled
def _pick_vip(klass, placed, priority, called, serves, head, now, run_over, overdue, only_others):  # type: ignore[no-untyped-def]
    first = other = -1
    for i in range(head, len(placed)):
        if placed[i] > now:
            break
        if called[i] != NEVER or not (serves >> klass[i]) & 1 or (only_others and priority[i]):
            continue
        if first < 0:
            first = i
            if now - placed[i] > overdue:
                return i
        if priority[i]:
            return other if run_over and other >= 0 else i
        if other < 0:
            other = i
    return first


@_compiled
def _first_capped(klass, placed, overtaken, cap, called, serves, head, now):  # type: ignore[no-untyped-def]
    for i in range(head, len(placed)):
        if placed[i] > now:
            break
        if called[i] == NEVER and (serves >> klass[i]) & 1 and overtaken[i] >= cap[i]:
            return i
    return -1


@_compiled
def _next_turn(klass, placed, called, serves, free, closes, head):  # type: ignore[no-untyped-def]
    best, best_at = -1, NEVER
    for j in range(len(serves)):
        i = head[j]
        while i < len(placed) and (called[i] != NEVER or not (serves[j] >> klass[i]) & 1):
            i += 1
        head[j] = i
        if i == len(placed):
            continue
        at = max(free[j], placed[i], 0)
        if at >= closes[j]:
            continue
        if at < best_at or (best >= 0 and at == best_at and free[j] < free[best]):
            best, best_at = j, at
    return best, best_at


@_compiled
def simulate(  # type: ignore[no-untyped-def]
    klass, placed, weight, priority, overtaken_before, cap, service, leaves,
    serves, free_before, vip_run_before, since_before, breaks, closes,
    mode, vip_run_max, overdue, no_show, until,
):  # fmt: skip
    """The compiled core: arguments as flat int64 arrays in the order of the dataclasses; see `play`."""
    overtaken, free = overtaken_before.copy(), free_before.copy()
    vip_run, since = vip_run_before.copy(), since_before.copy()
    called = np.full(len(placed), NEVER, np.int64)
    head = np.zeros(len(serves), np.int64)
    while until < 0 or called[until] == NEVER:
        j, now = _next_turn(klass, placed, called, serves, free, closes, head)
        if j < 0:
            break
        chosen = head[j]
        if mode != FIFO_MODE:
            chosen = _first_capped(klass, placed, overtaken, cap, called, serves[j], head[j], now)
            only_others = False
            while chosen < 0 or only_others:
                if mode == ACCUMULATING_MODE:
                    pick = _pick_scored(klass, placed, weight, priority, called, serves[j], head[j], now, only_others)
                else:
                    run_over = vip_run[j] >= vip_run_max
                    pick = _pick_vip(
                        klass, placed, priority, called, serves[j], head[j], now, run_over, overdue, only_others
                    )
                if pick >= 0:
                    chosen = pick
                if only_others or not (breaks[j] and priority[chosen] and since[j] < PRIORITY_EVERY - 1):
                    break
                only_others = True
        passed_others = False
        for i in range(head[j], chosen):
            if called[i] == NEVER and (serves[j] >> klass[i]) & 1:
                overtaken[i] += 1
                passed_others = passed_others or priority[i] == 0
        called[chosen] = now
        vip_run[j] = vip_run[j] + 1 if priority[chosen] and passed_others else 0
        since[j] = 0 if priority[chosen] else since[j] + 1
        free[j] = now + (service[chosen] if leaves[chosen] > now else no_show)
    return called, overtaken


@partial(_compiled, told=_RUNS_TAKES)
def _runs(  # type: ignore[no-untyped-def]
    klass, placed, weight, priority, overtaken, cap, service, leaves,
    serves, free, vip_run, since, breaks, closes, rules, target,
):  # fmt: skip
    found = np.empty(len(placed), np.int64)
    for r in range(len(placed)):
        # fmt: off
        found[r] = simulate(
            klass[r], placed[r], weight[r], priority[r], overtaken[r], cap[r], service[r], leaves[r],
            serves, free[r], vip_run, since, breaks, closes, rules[0], rules[1], rules[2], rules[3], target,
        )[0][target]
        # fmt: on
    return found


def runs_of(customers: Customers, points: Points, rules: Rules, target: int, *, compiled: bool = COMPILED) -> Ints:
    """When `target` is called in each of R runs, int64[R] in ms.

    Here every array of `customers` and `points.free_ms` has the shape [R, n] (or [R, points]): one row a run.
    """
    c, p = customers, points
    if compiled:
        told = np.array([rules.mode, rules.vip_run_max, rules.overdue_ms, rules.no_show_ms], np.int64)
        arrays = (
            c.klass, c.placed_ms, c.weight, c.priority, c.overtaken, c.cap, c.service_ms, c.leaves_ms,
            p.serves, p.free_ms, p.vip_run, p.since_priority, p.breaks, p.closes_ms, told,
        )  # fmt: skip
        # In rows, as `_RUNS_TAKES` says; most are already.
        found: Ints = _runs(*map(np.ascontiguousarray, arrays), target)
        return found
    called = [
        simulate_reference(row_of(c, r), replace(p, free_ms=p.free_ms[r]), rules, target)
        for r in range(len(c.placed_ms))
    ]
    return np.array([each[target] for each in called], np.int64)


def row_of(customers: Customers, run: int) -> Customers:
    """One run of many."""
    return Customers(**{name: figures[run] for name, figures in vars(customers).items()})
