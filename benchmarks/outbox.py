"""How fast a week's backlog leaves for head office's CRM, and how much memory that takes.

    python -m benchmarks.outbox [STEPS]

The backlog: referrals of five steps each (14,000 steps are a busy branch's week). Head office is a REST CRM in a
process of its own on this machine, which keeps its records in memory. Beside it a witness in the same run: bare
exchanges with the same CRM over as many lanes, without outbox, lease or reading back. Then two backlogs into a folder
of files, for the memory: it should not grow with the backlog.
"""

from __future__ import annotations

import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from lobby_server.kernel.house import House
from lobby_server.kernel.outward import Place
from lobby_server.migrations import migrate
from referral.crm_sync.connectors import file_drop, rest
from referral.crm_sync.courier import Courier
from referral.crm_sync.port import Connector
from referral.crm_sync.rules import LANES
from tests import make
from tests.backlog import fill, grown, left
from tests.crm import TOKEN, Habits, crm_server

WEEK_STEPS, LONG = 14_000, 100_000
EXCHANGES_A_STEP = 3  # look, write, read back; the first step and a new customer differ by one


def main(steps: int) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder, crm_process() as mapping:
        house = branch(Path(folder), "week", steps)
        bare = witness(mapping, min(steps, 3_000))
        took_s, peak = drained(house, rest.connect(mapping, TOKEN))
        print(
            f"{steps} steps to a REST CRM: {steps / took_s:.0f} steps/s, {took_s:.0f} s in all, memory +{peak:.0f} MiB"
        )
        print(
            f"bare exchanges: {bare:.0f}/s; a step costs {bare * took_s / steps:.1f} of them ({EXCHANGES_A_STEP} asked)"
        )
        for count in (steps, LONG):
            drop = Path(folder) / f"drop-{count}"
            drop.mkdir()
            took_s, peak = drained(branch(Path(folder), f"files-{count}", count), file_drop.FileDrop(drop, "utf-8"))
            print(f"{count} steps to files: {count / took_s:.0f} steps/s, memory +{peak:.0f} MiB")


# ---- A backlog ----------------------------------------------------------------------------------------------------


def branch(folder: Path, name: str, steps: int) -> House:
    """A branch of which head office has heard nothing for a week."""
    url = f"sqlite:///{folder / name}.sqlite3"
    migrate(url)
    house = make.house(url)
    fill(house, make.furnish(house), steps)
    return house


# ---- Draining it --------------------------------------------------------------------------------------------------


def drained(house: House, connector: Connector) -> tuple[float, float]:
    """Seconds until nothing is left, and by how many MiB this process grew meanwhile, at most."""
    courier = Courier(house, connector)
    with grown() as peak:
        began = time.perf_counter()
        while left(house):
            courier.drain()
            make.advance(house, 1)
        took_s = time.perf_counter() - began
    courier.close()
    house.database.close()
    return took_s, peak()


def witness(mapping: dict[str, Any], count: int) -> float:
    """Bare exchanges a second over as many lanes as the courier has."""
    place = Place(mapping["address"], mapping["allowed"])
    headers = {"X-Api-Key": TOKEN, "Accept": "application/json"}

    def ask(_number: int) -> None:
        heard = place.ask("GET", "/leads?ext=nobody", headers)
        assert heard.http_code == 200

    began = time.perf_counter()
    with ThreadPoolExecutor(LANES) as lanes:
        list(lanes.map(ask, range(count)))
    place.close()
    return count / (time.perf_counter() - began)


@contextmanager
def crm_process() -> Iterator[dict[str, Any]]:
    """The CRM in a process of its own: how to speak with it."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,))
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send(None)
        process.join()


def _serve(pipe: Connection) -> None:
    with crm_server(Habits()) as crm:
        pipe.send(crm.mapping)
        pipe.recv()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else WEEK_STEPS)
