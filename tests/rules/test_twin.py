"""The twin: the reference and the compiled core agree, and both agree with what is known about queues."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lobby_server.queue import twin
from lobby_server.queue.twin import NEVER, Customers, Points, Rules, simulate_reference, twin_of

SEEDS = 12
TOLERANCE = 0.015
CUSTOMERS = 400_000


def customers(placed_ms: list[int], service_ms: list[int], **given: list[int]) -> Customers:
    """Customers of one class without priority, unless told otherwise."""
    n = len(placed_ms)
    plain = {"klass": [0] * n, "weight": [1000] * n, "priority": [0] * n, "overtaken": [0] * n, "cap": [5] * n}
    told = {**plain, "leaves_ms": [NEVER] * n, "placed_ms": placed_ms, "service_ms": service_ms, **given}
    return Customers(**{name: np.array(figures, np.int64) for name, figures in told.items()})


# The ranges of each array of Points: closes_ms last, within reach of what is played.
_OF_POINTS = ((1, 7), (0, 6), (0, 3), (0, 3), (0, 1), (3, 90))


@st.composite
def branches(draw: st.DrawFn) -> tuple[Customers, Points, Rules, int]:
    """Small branches in any mode, skill set and state; small numbers so that ties are common."""
    n, points = draw(st.integers(1, 9)), draw(st.integers(1, 4))

    def figures(low: int, high: int, count: int = n) -> list[int]:
        return draw(st.lists(st.integers(low, high), min_size=count, max_size=count))

    people = customers(
        sorted(figures(-8, 8)),
        figures(0, 6),
        klass=figures(0, 2),
        weight=[[1000, 2500, 4000][each] for each in figures(0, 2)],
        priority=figures(0, 1),
        overtaken=figures(0, 3),
        cap=figures(0, 4),
        leaves_ms=[NEVER if each > 10 else each for each in figures(-5, 25)],
    )
    at = Points(*(np.array(figures(low, high, points), np.int64) for low, high in _OF_POINTS))
    rules = Rules(
        mode=draw(st.sampled_from(sorted(twin.MODES.values()))),
        vip_run_max=draw(st.integers(1, 3)),
        overdue_ms=draw(st.integers(1, 12)),
        no_show_ms=draw(st.integers(0, 3)),
    )
    return people, at, rules, draw(st.integers(-1, n - 1))


@settings(max_examples=400)
@given(branches())
def test_the_compiled_core_agrees_with_the_reference_to_the_tick(
    branch: tuple[Customers, Points, Rules, int],
) -> None:
    assert twin.COMPILED
    assert twin_of(*branch).tolist() == simulate_reference(*branch)


@settings(max_examples=200)
@given(branches())
def test_nobody_is_passed_more_often_than_the_cap_says(branch: tuple[Customers, Points, Rules, int]) -> None:
    """Where all windows serve everybody: whoever is called first although they came later has overtaken."""
    people, at, rules, _ = branch
    called = simulate_reference(people, replace(at, serves=at.serves * 0 + 7), rules)
    for i, mine in enumerate(called):
        before, cap = int(people.overtaken[i]), int(people.cap[i])
        passed = sum(called[k] < mine for k in range(i + 1, len(called)))
        # Of calls at the same moment the order is not in the answer: they are left out.
        assert before + passed <= max(cap, before)


pools = st.tuples(
    st.lists(st.integers(0, 50), min_size=1, max_size=12),
    st.lists(st.integers(0, 60), min_size=1, max_size=5),
)


@given(pools, st.integers(0, 50), st.integers(0, 12))
def test_one_more_in_front_never_shortens_a_wait(
    pool: tuple[list[int], list[int]], service_ms: int, where: int
) -> None:
    services, free = pool
    more = [*services[: where % len(services)], service_ms, *services[where % len(services) :]]
    assert _last_called(more, free) >= _last_called(services, free)


@given(pools, st.integers(0, 60))
def test_one_more_open_window_never_lengthens_a_wait(pool: tuple[list[int], list[int]], free_ms: int) -> None:
    services, free = pool
    assert _last_called(services, [*free, free_ms]) <= _last_called(services, free)


def _last_called(services: list[int], free: list[int]) -> int:
    people = customers(list(range(-len(services), 0)), services)
    return int(twin_of(people, Points.fresh([1] * len(free), free), Rules())[-1])


def test_with_different_skills_one_more_in_front_may_even_help() -> None:
    """Why the two facts above speak of windows that serve the same: a newcomer can push a long task elsewhere."""
    at = Points.fresh([0b11, 0b01], [0, 10])
    without = customers([-2, -1], [500, 1], klass=[0, 1])
    with_one_more = customers([-3, -2, -1], [15, 500, 1], klass=[0, 0, 1])
    assert twin_of(without, at, Rules()).tolist() == [0, 500]
    assert twin_of(with_one_more, at, Rules()).tolist() == [0, 10, 15]


def test_whoever_left_silently_costs_a_call_and_no_service() -> None:
    people = customers([-2, -1], [1000, 1], leaves_ms=[-1, NEVER])
    assert twin_of(people, Points.fresh([1], [0]), Rules(no_show_ms=60)).tolist() == [0, 60]


def test_in_degraded_mode_priority_takes_at_most_every_third_call() -> None:
    people = customers(
        list(range(-8, 0)), [10] * 8, priority=[0] * 4 + [1] * 4, weight=[1] * 4 + [4000] * 4, cap=[9] * 8
    )
    rules = Rules(mode=twin.ACCUMULATING_MODE)
    degraded = replace(Points.fresh([1], [0]), breaks=np.ones(1, np.int64))
    called = simulate_reference(people, degraded, rules)
    order = sorted(range(8), key=lambda i: called[i])
    assert [int(each >= 4) for each in order] == [1, 0, 0, 1, 0, 0, 1, 1]


def test_a_point_that_closes_calls_nobody_from_then_on() -> None:
    people = customers([-3, -2, -1], [10, 10, 10])
    closing = replace(Points.fresh([1], [0]), closes_ms=np.array([20], np.int64))
    assert twin_of(people, closing, Rules()).tolist() == [0, 10, NEVER]


@pytest.mark.parametrize(("windows", "load"), [(1, 0.6), (3, 0.75), (6, 0.8)])
def test_mean_waits_agree_with_erlang_c(windows: int, load: float) -> None:
    """Erlang (1917): M/M/c, mean wait = C(c, a) x mean / (c - a), over 12 seeds."""
    mean_ms = 300_000
    found = [_mean_wait_ms(windows, load, mean_ms, seed) for seed in range(SEEDS)]
    offered = windows * load
    expected = erlang_c(windows, offered) * mean_ms / (windows - offered)
    assert math.isclose(sum(found) / SEEDS, expected, rel_tol=TOLERANCE)


def erlang_c(windows: int, offered: float) -> float:
    """The share of customers who wait, by Erlang's recursion of the blocking probability."""
    blocked = 1.0
    for k in range(1, windows + 1):
        blocked = offered * blocked / (k + offered * blocked)
    return blocked / (1 - (offered / windows) * (1 - blocked))


def _mean_wait_ms(windows: int, load: float, mean_ms: int, seed: int) -> float:
    random = np.random.default_rng(seed)
    placed = np.cumsum(random.exponential(mean_ms / (windows * load), CUSTOMERS)).astype(np.int64)
    service = random.exponential(mean_ms, CUSTOMERS).astype(np.int64)
    nought = np.zeros(CUSTOMERS, np.int64)
    never = np.full(CUSTOMERS, NEVER, np.int64)
    people = Customers(nought, placed, nought + 1000, nought, nought, nought, service, never)
    called = twin_of(people, Points.fresh([1] * windows, [0] * windows), Rules())
    return float((called - placed).mean())
