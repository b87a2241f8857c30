"""What each order of service does to whom: three windows at load .9, five rules, the same customers.

    python benchmarks/discipline_table.py [--seeds 200] [--customers 260] [--load .9] [--mean-s 300]
        [--vip .15] [--vulnerable .10]

The twin plays Poisson arrivals and log-normal services (coefficient of variation .8) at three windows that serve
everybody. Strict priority is accumulating priority with weights a million times apart; the leading product's rotation
(2:1:1) is not a mode of the twin and is played by the loop in this file. Minutes to the call, 95th percentile;
overtakes are calls of later arrivals. Each seed is a day that begins empty, of so many customers. Writes
var/bench/discipline_table.json.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from lobby_server.queue.twin import ACCUMULATING_MODE, NEVER, Customers, Ints, Points, Rules, twin_of

WINDOWS = 3
CV = 0.8
LEVELS = ("vip", "vulnerable", "ordinary")
WEIGHTS = {"fair": (4000, 2500, 1000), "strict": (10**9, 10**3, 1)}
ROTATION = (0, 0, 1, 2)  # two VIPs, one vulnerable, one ordinary
NO_CAP = 10**9


def arrivals(seed: int, count: int, load: float, mean_s: float, shares: tuple[float, float]) -> tuple[Customers, Ints]:
    """The day's customers and the level of each (index into LEVELS)."""
    random = np.random.default_rng(seed)
    placed = np.cumsum(random.exponential(mean_s * 1000 / WINDOWS / load, count)).astype(np.int64)
    sigma = np.sqrt(np.log1p(CV**2))
    service = (1000 * mean_s * random.lognormal(-(sigma**2) / 2, sigma, count)).astype(np.int64)
    level: Ints = random.choice(3, count, p=[*shares, 1 - sum(shares)]).astype(np.int64)
    nought = np.zeros(count, np.int64)
    priority = (level == 0).astype(np.int64)
    people = Customers(
        nought, placed, nought + 1000, priority, nought, nought + NO_CAP, service, np.full(count, NEVER, np.int64)
    )
    return people, level


def by_rule(name: str, people: Customers, level: Ints) -> Ints:
    """When each is called under one of the five rules."""
    points = Points.fresh([1] * WINDOWS, [0] * WINDOWS)
    fair, strict = (np.array(WEIGHTS[each], np.int64)[level] for each in ("fair", "strict"))
    if name == "first come first served":
        return twin_of(people, points, Rules())
    if name == "strict priority":
        return twin_of(replace(people, weight=strict), points, Rules(mode=ACCUMULATING_MODE))
    if name == "2:1:1 rotation":
        return rotation(people, level)
    cap = people.cap * 0 + (5 if name.endswith("cap 5") else NO_CAP)
    return twin_of(replace(people, weight=fair, cap=cap), points, Rules(mode=ACCUMULATING_MODE))


def rotation(people: Customers, level: Ints) -> Ints:
    """Each window goes round VIP, VIP, vulnerable, ordinary; an empty turn passes to the next."""
    placed, service = people.placed_ms.tolist(), people.service_ms.tolist()
    queues: tuple[list[int], ...] = ([], [], [])
    heads = [0, 0, 0]
    free, turn = [0] * WINDOWS, [0] * WINDOWS
    called = np.zeros(len(placed), np.int64)
    arrived = done = 0
    while done < len(placed):
        j = min(range(WINDOWS), key=free.__getitem__)
        now = free[j]
        if arrived == done:
            now = max(now, placed[arrived])
        while arrived < len(placed) and placed[arrived] <= now:
            queues[int(level[arrived])].append(arrived)
            arrived += 1
        while heads[ROTATION[turn[j]]] == len(queues[ROTATION[turn[j]]]):
            turn[j] = (turn[j] + 1) % len(ROTATION)
        which = ROTATION[turn[j]]
        i = queues[which][heads[which]]
        heads[which] += 1
        turn[j] = (turn[j] + 1) % len(ROTATION)
        called[i], free[j], done = now, now + service[i], done + 1
    return called


def most_overtakes(called: Ints) -> int:
    """The most later arrivals that were called before one customer; the array is in order of arrival."""
    most, not_before = 0, np.minimum.accumulate(called[::-1])[::-1]
    for i, mine in enumerate(called.tolist()):
        found, k = 0, i + 1
        # Behind the last one who is called before them nobody needs to be looked at.
        while k < len(called) and not_before[k] < mine:
            found += int(called[k] < mine)
            k += 1
        most = max(most, found)
    return most


RULES = (
    "first come first served",
    "strict priority",
    "2:1:1 rotation",
    "accumulating priority",
    "accumulating, cap 5",
)


def main() -> None:
    """Play, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--customers", type=int, default=260, help="customers a seed")
    parser.add_argument("--load", type=float, default=0.9)
    parser.add_argument("--mean-s", type=float, default=300.0, help="mean service in seconds")
    parser.add_argument("--vip", type=float, default=0.15)
    parser.add_argument("--vulnerable", type=float, default=0.10)
    told = parser.parse_args()
    days = [
        arrivals(each, told.customers, told.load, told.mean_s, (told.vip, told.vulnerable))
        for each in range(told.seeds)
    ]
    rows = []
    print(f"{'rule':26}" + "".join(f"{level + ' p95':>16}" for level in LEVELS) + f"{'most overtakes':>16}")
    for rule in RULES:
        played = [(by_rule(rule, people, level), people, level) for people, level in days]
        waits = np.concatenate([called - people.placed_ms for called, people, _ in played]) / 60_000
        levels = np.concatenate([level for _, _, level in played])
        p95 = {name: float(np.quantile(waits[levels == i], 0.95)) for i, name in enumerate(LEVELS)}
        most = max(most_overtakes(called) for called, _, _ in played)
        print(f"{rule:26}" + "".join(f"{each:16.1f}" for each in p95.values()) + f"{most:16}")
        rows.append({"rule": rule, "p95_min": p95, "most_overtakes": most})
    path = Path("var/bench/discipline_table.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"told": vars(told), "rules": rows}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
