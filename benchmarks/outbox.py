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
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil

from lobby_server.customers import store as customers
from lobby_server.kernel.actor import system
from lobby_server.kernel.house import House
from lobby_server.kernel.outward import Place
from lobby_server.kernel.work import Work
from lobby_server.migrations import migrate
from referral.crm_sync import envelope, store
from referral.crm_sync.connectors import file_drop, rest
from referral.crm_sync.courier import Courier
from referral.crm_sync.port import Connector
from referral.crm_sync.rules import LANES
from referral.lifecycle import store as referrals
from referral.lifecycle.rules import Consent, Referral, ReferralState, protected_until
from tests import make
from tests.crm import TOKEN, Habits, crm_server
from tests.make import HERE, LI, Cast

WEEK_STEPS, LONG = 14_000, 100_000
STATES = ("created", "offered", "accepted", "contacted", "lost")
CUSTOMERS = 400
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
    cast = make.furnish(house)
    visit_id = make.arrival(house, cast.kiosk).visit.id
    house.works.run(_backlog, (cast, visit_id, steps), system(HERE))
    return house


def _backlog(work: Work, told: tuple[Cast, str, int]) -> None:
    cast, visit_id, steps = told
    known = [
        replace(LI, id=work.ids.new_id(), customer_no=f"W{number}", ref=number.to_bytes(8, "big"))
        for number in range(CUSTOMERS)
    ]
    customers.add_all(work.db, work.keys, known)
    for number in range(steps // len(STATES)):
        of = _referral(work, cast, visit_id, known[number % CUSTOMERS].id)
        referrals.add(work.db, work.keys, of, None)
        for seq, state in enumerate(STATES):
            step = replace(of, state=ReferralState(state), step_count=seq)
            told_then = envelope.envelope(work.ids.new_id(), f"referral.{state}", step, None, work.now)
            store.add(work.db, step, told_then, work.now)


def _referral(work: Work, cast: Cast, visit_id: str, customer_id: str) -> Referral:
    return Referral(
        id=work.ids.new_id(),
        branch_id=HERE,
        visit_id=visit_id,
        customer_id=customer_id,
        product_line="wealth",
        need="idle_money",
        state=ReferralState.LOST,
        referrer_id=cast.zhou.id,
        receiver_id=cast.wu.id,
        created_at=work.now,
        protected_until=protected_until("wealth", work.now),
        is_late_entry=False,
        consent=Consent("refer_internal", "2026-03", "counter", cast.zhou.id, work.now),
        accepted_at=work.now + timedelta(minutes=1),
        step_count=len(STATES) - 1,
    )


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


def left(house: House) -> int:
    """Steps that are not confirmed."""
    with house.database.read() as db:
        return store.backlog(db, HERE)[0]


@contextmanager
def grown() -> Iterator[Callable[[], float]]:
    """Watch this process's memory twenty times a second."""
    me, stopped, peaks = psutil.Process(), threading.Event(), [0]
    before = me.memory_info().rss

    def watch() -> None:
        while not stopped.wait(0.05):
            peaks[0] = max(peaks[0], me.memory_info().rss - before)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield lambda: peaks[0] / 2**20
    finally:
        stopped.set()
        watching.join()


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
