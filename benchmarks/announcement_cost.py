"""What one announcement costs: the same 200 runs by the compiled core, by the reference and by simpy.

    python benchmarks/announcement_cost.py [--waiting 50] [--repeats 30]

Six windows with different skills, first come first served and accumulating priority with future arrivals; the median
of the repeats, after one call that compiles. simpy plays the first come first served runs with the same draws. The
ratios of one run on one machine are what counts. Writes var/bench/announcement_cost.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import simpy

from lobby_server.queue import twin
from lobby_server.queue.forecast import Assumed, Line, OpenPoint
from lobby_server.queue.forecast.draws import RUNS, service_s
from lobby_server.queue.rules import Ticket, TicketState

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
WINDOWS = ("AB", "AB", "ABC", "AC", "BD", "ABCD")
TYPICAL_S = {"A": 300, "B": 600, "C": 900, "D": 1200}
FAIR = Assumed(
    mode="accumulating",
    weights={"vip": 4.0, "vulnerable": 2.5},
    priority=frozenset({"vip"}),
    arrivals_per_h={("A", "ordinary"): 20.0, ("B", "vip"): 12.0, ("C", "ordinary"): 5.0, ("D", "vulnerable"): 3.0},
)


def picture(waiting: int) -> Line:
    """So many tickets of four classes and three levels; every window free from now."""
    tickets = []
    for i in range(waiting):
        name, level = "AABABCABAD"[i % 10], ("ordinary", "ordinary", "vulnerable", "ordinary", "vip")[i % 5]
        arrived_at = NOW - timedelta(seconds=30 * (waiting - i))
        tickets.append(
            Ticket(
                id=f"ticket {i}",
                branch_id="0001",
                business_day=NOW.date(),
                series=name,
                ordinal=i + 1,
                visit_id=f"visit {i}",
                service_type=name,
                ticket_class=name,
                service_level=level,
                language="zh-CN",
                overtake_cap=5,
                state=TicketState.WAITING,
                arrived_at=arrived_at,
                placed_at=arrived_at,
                issued_at=arrived_at,
            )
        )
    points = [OpenPoint(f"W{i}", tuple(serves)) for i, serves in enumerate(WINDOWS, 1)]
    return Line(tickets, points, TYPICAL_S, NOW)


def by_simpy(line: Line) -> None:
    """The same runs, first come first served: each window takes the earliest that it serves from one store."""
    drawn = service_s([each.id for each in line.tickets], [TYPICAL_S[each.service_type] for each in line.tickets])
    for run in range(RUNS):
        world = simpy.Environment()
        lobby = simpy.FilterStore(world)
        lobby.items = list(enumerate(line.tickets))
        for point in line.points:
            world.process(_window(world, lobby, point, drawn[run].tolist()))
        world.run()


def _window(
    world: simpy.Environment, lobby: simpy.FilterStore, point: OpenPoint, drawn_s: list[float]
) -> Generator[simpy.Event, tuple[int, Ticket], None]:
    while True:
        i, _ = yield lobby.get(lambda item: item[1].ticket_class in point.serves)
        yield world.timeout(drawn_s[i])


def median_s(deed: Callable[[], object], repeats: int) -> float:
    """The middle of so many times."""
    deed()
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        deed()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--waiting", type=int, default=50)
    parser.add_argument("--repeats", type=int, default=30)
    told = parser.parse_args()
    assert twin.COMPILED, "numba is not installed: pip install branch-lobby[learn]"
    line = picture(told.waiting)
    fair = replace(line, assumed=FAIR)
    # Whole announcement: draws, arrays, runs and quantiles, for somebody of class A who comes now.
    ms = {
        "announcement, fifo, compiled": 1000 * median_s(lambda: line.wait("A"), told.repeats),
        "announcement, accumulating, compiled": 1000 * median_s(lambda: fair.wait("A"), told.repeats),
        "announcement, fifo, reference": 1000 * median_s(lambda: line.runs("A", compiled=False), 5),
        "announcement, accumulating, reference": 1000 * median_s(lambda: fair.runs("A", compiled=False), 2),
        "runs alone, fifo, simpy": 1000 * median_s(lambda: by_simpy(line), 1),
    }
    # The runs alone, without draws and arrays, which all three share.
    places, target = line._line_with("A", None, "ordinary")
    people, bits = line._customers(places, target)
    points, rules = line._points(bits), line.assumed.rules()
    for name, compiled in (("compiled", True), ("reference", False)):
        runs = median_s(lambda c=compiled: twin.runs_of(people, points, rules, target, compiled=c), 5)  # type: ignore[misc]
        ms[f"runs alone, fifo, {name}"] = 1000 * runs
    for what, each_ms in ms.items():
        print(f"{what:40}{each_ms:10.3f} ms")
    fast = ms["runs alone, fifo, compiled"]
    ratios = {name: ms[f"runs alone, fifo, {name}"] / fast for name in ("reference", "simpy")}
    print("runs alone, against the compiled core: " + ", ".join(f"{name} {x:.0f} times" for name, x in ratios.items()))
    us = fast * 1000 / (RUNS * (told.waiting + 1))
    print(f"compiled: {us:.3f} us a customer and run")
    path = Path("var/bench/announcement_cost.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    machine = f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}"
    kept = {"told": vars(told), "machine": machine, "ms": ms, "ratios": ratios, "us_a_customer": us}
    path.write_text(json.dumps(kept, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
