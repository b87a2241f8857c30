"""How long from a customer's arrival until a colleague sees it, and how many arrivals one process bears.

    python benchmarks/arrival_to_glass.py [--rounds 2] [--seconds 2] [--rate 50] [--tablets 30 300] [--engine sqlite]

Two servers are measured in one run, with one load generator in C (benchmarks/load): **ours**, as `branch-lobby demo`
runs it (`--form serve`: as under gunicorn), with everything that the product promises; and the **bare** witness
(benchmarks/bare_server.py), the same framework with one commit and one emit a request and nothing else. Rounds
alternate their order (ABBA), so that a machine that slows down slows both. Every step meets a freshly started server
with a freshly furnished branch, is warmed up, and ends with a `kill -9`; then every invariant of `branch-lobby check`
is asked of what our database kept.

Rows, all with tablets listening in the branch where the arrivals are:

- *visits* and *tickets*, closed loop, 30 tablets: each of 1, 8 or 32 kiosks posts the next customer as soon as the last
  one is done; arrivals a second. A visit is one post and one event; with its ticket it is two posts, in our server with
  three events.
- at a steady random rate, each arrival a visit with its ticket, milliseconds: *glass* from the moment when the customer
  stands at the kiosk (also while it is busy) to its `visit.arrived` on a tablet, each tablet a sample; *last tablet*
  until all have it; *ticket* from the ticket's post to its `ticket.issued`; *post* until the kiosk has its answer.
- *CPU*: processor milliseconds of the server (and of PostgreSQL) an arrival, user and system, idle work included.
- *memory*: the server's resident 10^6 bytes at the end of a step.

How to read it: the last column, ours divided by bare, is what may be compared with another run or another machine; the
rest depends on the disk (its fsync stands in the first line) and on the processor, which the generator shares, and so
does whoever else is at work: when the first line says that others used more than a few per cent, only CPU can be
trusted. Below 1 is better for times, CPU and memory, above 1 for arrivals a second. Figures are means over the rounds;
every single one is in var/bench/arrival_to_glass.json, with counts of refused, lost and doubled ones; whatever is not
nought there is printed under the table as WRONG. The witness may have gaps on PostgreSQL: it promises no order. Nothing
is asserted: a slow machine is no fault.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import contestants, generator, processes  # noqa: E402
from benchmarks.generator import Load  # noqa: E402
from tests.servers import PostgreSQL, postgresql_server  # noqa: E402

OUT = ROOT / "var" / "bench"
KIOSKS = (1, 8, 32)
KIOSKS_AT_RATE = 16
FSYNCS = 50

Result = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """One measurement: its name in the table, and the load."""

    name: str
    load: Load


def plan(given: argparse.Namespace) -> list[Step]:
    """All steps, closed loops first."""
    fewest = min(given.tablets)
    steps = []
    for name, with_ticket in (("visits", False), ("tickets", True)):
        for kiosks in KIOSKS:
            load = Load(tablets=fewest, kiosks=kiosks, seconds=given.seconds, with_ticket=with_ticket)
            steps.append(Step(f"{name}, {kiosks} kiosk{'s' if kiosks > 1 else ''}", load))
    for tablets in given.tablets:
        load = Load(tablets=tablets, kiosks=KIOSKS_AT_RATE, rate=given.rate, seconds=given.seconds)
        steps.append(Step(f"{given.rate:g}/s, {tablets} tablets", load))
    return steps


def measure(contestant: contestants.Contestant, step: Step, seed: int) -> Result:
    """Start it, load it, kill it, look at what it kept."""
    OUT.mkdir(parents=True, exist_ok=True)
    # Beside the repository, not in /tmp: that may be memory, where an fsync costs nothing.
    with tempfile.TemporaryDirectory(prefix="step-", dir=OUT) as name:
        folder = Path(name)
        with contestant.running(folder) as server, generator.ready(server.port, server.keys, step.load, seed) as load:
            began, before_s, busy_s = time.monotonic(), server.cpu_s(), processes.machine_busy_s()
            found: Result = load.go()
            used_s, took_s = server.cpu_s() - before_s, time.monotonic() - began
            others_s = processes.machine_busy_s() - busy_s - used_s - found["generator_cpu_s"]
            found["cpu_ms"] = 1000 * used_s / max(1, found["answered"])
            found["memory_mb"] = server.memory_mb()
            found["others_share"] = max(0.0, others_s / took_s / (os.cpu_count() or 1))
        kept = (found["http_codes"].get(code, 0) for code in ("201", "200"))
        found["faults"] = contestant.faults(folder, *kept)
    return found


def run(both: list[contestants.Contestant], steps: list[Step], rounds: int) -> dict[str, dict[str, list[Result]]]:
    """Every step, every round, each contestant: results by step and contestant."""
    found: dict[str, dict[str, list[Result]]] = {each.name: {"ours": [], "bare": []} for each in steps}
    for turn in range(rounds):
        for step in steps:
            for contestant in both if turn % 2 == 0 else reversed(both):
                note(f"round {turn + 1}: {step.name}, {contestant.name}")
                found[step.name][contestant.name].append(measure(contestant, step, seed=turn + 1))
    note("")
    return found


def note(what: str) -> None:
    """Say on a terminal what is going on now; a log has no use for it."""
    if sys.stderr.isatty():
        print(f"{what:<60}", end="\r", file=sys.stderr, flush=True)


def fsync_ms(folder: Path) -> float:
    """The median time that this disk takes to keep 4 KiB."""
    folder.mkdir(parents=True, exist_ok=True)
    times = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(FSYNCS):
            file.write(bytes(4096))
            file.flush()
            start = time.perf_counter()
            os.fsync(file.fileno())
            times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


# ---- The table ----------------------------------------------------------------------------------------------------

Row = tuple[str, Callable[[Result], float | None]]


def quantile(name: str, which: str) -> Callable[[Result], float | None]:
    """Reads one quantile of one kind of time."""
    return lambda result: result[name][which] if result.get(name) else None


_AT_RATE: list[Row] = [
    ("glass p50 ms", quantile("glass", "p50")),
    ("glass p99 ms", quantile("glass", "p99")),
    ("last tablet p50 ms", quantile("glass_all", "p50")),
    ("last tablet p99 ms", quantile("glass_all", "p99")),
    ("ticket p99 ms", quantile("ticket_glass", "p99")),
    ("post p50 ms", quantile("post", "p50")),
    ("post p99 ms", quantile("post", "p99")),
]
_CLOSED: list[Row] = [("arrivals/s", lambda result: result["per_s"]), ("glass p99 ms", quantile("glass", "p99"))]
_ALWAYS: list[Row] = [
    ("CPU ms an arrival", lambda result: result["cpu_ms"]),
    ("memory MB", lambda result: result["memory_mb"]),
]


def mean(results: list[Result], read: Callable[[Result], float | None]) -> float | None:
    """Over the rounds that have it."""
    values = [value for value in map(read, results) if value is not None]
    return statistics.mean(values) if values else None


def table(steps: list[Step], found: dict[str, dict[str, list[Result]]]) -> list[Result]:
    """Each row's figures: step, what, ours, bare and the ratio."""
    rows = []
    for step in steps:
        for what, read in (_AT_RATE if step.load.rate else _CLOSED) + _ALWAYS:
            ours, bare = (mean(found[step.name][name], read) for name in ("ours", "bare"))
            ratio = ours / bare if ours is not None and bare else None
            rows.append({"step": step.name, "what": what, "ours": ours, "bare": bare, "ratio": ratio})
    return rows


def show(rows: list[Result]) -> Iterator[str]:
    """The table as text."""
    yield f"{'':<22}{'':<22}{'ours':>9}{'bare':>9}{'ours/bare':>11}"
    before = ""
    for row in rows:
        figures = "".join(f"{'-' if row[name] is None else format(row[name], '.1f'):>9}" for name in ("ours", "bare"))
        ratio = "-" if row["ratio"] is None else format(row["ratio"], ".2f")
        yield f"{row['step'] if row['step'] != before else '':<22}{row['what']:<22}{figures}{ratio:>11}"
        before = row["step"]


def wrongs(found: dict[str, dict[str, list[Result]]]) -> Iterator[str]:
    """Everything that should be nought and is not."""
    for step, by_name in found.items():
        for name, results in by_name.items():
            for result in results:
                wrong = {each: result[each] for each in generator.MUST_BE_NOUGHT if result[each]}
                if name == "bare":
                    wrong.pop("gaps", None)
                refused = {code: count for code, count in result["http_codes"].items() if not code.startswith("2")}
                if wrong or refused or result["faults"]:
                    said = result["first_refusal"][:160]
                    yield f"{step}, {name}: {wrong} refused {refused} {said} {result['faults']}"


def disturbance(found: dict[str, dict[str, list[Result]]]) -> float:
    """How much of the machine, 0 to 1, was used by what is not measured here, on average."""
    every = [result["others_share"] for by_name in found.values() for results in by_name.values() for result in results]
    return statistics.mean(every) if every else 0.0


# ---- The command --------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def engine(name: str) -> Iterator[PostgreSQL | None]:
    """PostgreSQL of our own with fsync, or nothing to start."""
    if name == "sqlite":
        yield None
        return
    with postgresql_server() as server:
        yield server


def read_words() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=2, help="how often each step is measured on each server (2)")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of a measurement (2)")
    parser.add_argument("--rate", type=float, default=50.0, help="arrivals a second of the steps at a rate (50)")
    parser.add_argument("--tablets", type=int, nargs="+", default=[30, 300], help="sockets of the steps at a rate")
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], default="sqlite", help="of both servers (sqlite)")
    parser.add_argument("--form", choices=["demo", "serve"], default="demo", help="how ours is started (demo)")
    parser.add_argument("--only", default="", help="only steps whose name holds this text")
    return parser.parse_args()


def main() -> None:
    """Measure, print, keep."""
    given = read_words()
    began = time.monotonic()
    generator.build()
    steps = [step for step in plan(given) if given.only in step.name]
    with engine(given.engine) as postgresql, tempfile.TemporaryDirectory(prefix="template-", dir=OUT) as template:
        ours = contestants.Ours(Path(template) / "branch", postgresql, sockets=max(given.tablets), command=given.form)
        found = run([ours, contestants.Bare(postgresql)], steps, given.rounds)
    rows = table(steps, found)
    disk_ms = fsync_ms(OUT)
    print(f"Arrival to glass: {given.engine}, {given.form}, {given.rounds} rounds, {os.cpu_count()} cores,", end=" ")
    print(f"fsync {disk_ms:.2f} ms, others used {100 * disturbance(found):.0f} % of the machine,", end=" ")
    print(f"took {time.monotonic() - began:.0f} s")
    print("\n".join(show(rows)))
    for wrong in wrongs(found):
        print(f"WRONG  {wrong}")
    kept = {"asked": vars(given), "fsync_ms": disk_ms, "cores": os.cpu_count(), "table": rows, "rounds": found}
    kept["steps"] = [asdict(step) for step in steps]
    (OUT / "arrival_to_glass.json").write_text(json.dumps(kept, indent=1))


if __name__ == "__main__":
    main()
