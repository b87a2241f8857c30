"""simpy, which somebody else wrote, serves the same customers and calls them at the same moments."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import pytest
import simpy

from lobby_server.queue.twin import NEVER, Customers, Points, Rules, twin_of

CUSTOMERS = 2_000


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("windows", [1, 3, 6])
def test_simpy_calls_everybody_at_the_same_moment(seed: int, windows: int) -> None:
    people = busy_day(seed, windows)
    called = twin_of(people, Points.fresh([1] * windows, [0] * windows), Rules())
    assert called.tolist() == by_simpy(people, windows)


def busy_day(seed: int, windows: int) -> Customers:
    """Arrivals at load .9, log-normal services; every tenth has left before long."""
    random = np.random.default_rng(seed)
    placed = np.cumsum(random.integers(1, round(2 * 300_000 / windows / 0.9), CUSTOMERS))
    service = random.lognormal(np.log(300_000), 0.7, CUSTOMERS).astype(np.int64)
    leaves = np.where(random.random(CUSTOMERS) < 0.1, placed + 120_000, NEVER)
    nought = np.zeros(CUSTOMERS, np.int64)
    return Customers(nought, placed, nought + 1000, nought, nought, nought, service, leaves)


def by_simpy(people: Customers, windows: int) -> list[int]:
    """The moments at which simpy's processes get one of the windows, first come first served."""
    world = simpy.Environment()
    pool = simpy.Resource(world, windows)
    called = [0] * len(people.placed_ms)

    def visit(i: int, placed_ms: int, service_ms: int, leaves_ms: int) -> Generator[simpy.Event, object, None]:
        yield world.timeout(placed_ms)
        with pool.request() as turn:
            yield turn
            called[i] = int(world.now)
            yield world.timeout(service_ms if leaves_ms > world.now else Rules().no_show_ms)

    columns = (people.placed_ms.tolist(), people.service_ms.tolist(), people.leaves_ms.tolist())
    for i, told in enumerate(zip(*columns, strict=True)):
        world.process(visit(i, *told))
    world.run()
    return called
