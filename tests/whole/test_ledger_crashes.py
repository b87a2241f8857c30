"""PostgreSQL is killed while the ledger posts: what was acknowledged is there once, and every sum holds."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from lobby_server.kernel.errors import Unavailable
from lobby_server.kernel.house import House
from lobby_server.migrations import migrate
from referral.incentives.rules import Win
from referral.incentives.tables import credit
from tests import make, servers
from tests.ledger import Books, books

ROUNDS, TELLERS = 5, 4
FLAT_MINOR = 10_001
PAUSE_S = (0.1, 0.6)
DEAD_S_MAX, BOOKED_S_MAX = 15.0, 30.0

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def server() -> Iterator[servers.PostgreSQL]:
    """A PostgreSQL of this test's own, which keeps what it says it kept."""
    with servers.postgresql_server(fsync=True) as running:
        yield running


@pytest.fixture
def ledger_house(server: servers.PostgreSQL) -> Iterator[House]:
    """A house over it."""
    url = server.fresh_database()
    migrate(url)
    built = make.house(url)
    yield built
    built.database.close()


class _Teller:
    """Reports bookings one after the other, each until it is acknowledged, as head office does."""

    def __init__(self, of: Books) -> None:
        self._of = of
        self.rest = threading.Event()
        self.acknowledged: list[str] = []

    def report_until_told(self) -> None:
        while not self.rest.is_set():
            win = self._of.win()
            self._insist(win)
            self.acknowledged.append(win.booking_id)

    def _insist(self, win: Win) -> None:
        while True:
            with contextlib.suppress(sa.exc.DBAPIError, Unavailable):
                self._of.accrued(win)
                return
            time.sleep(0.05)


def _something_more_is_acknowledged(tellers: list[_Teller]) -> None:
    """Between two kills something must happen, however busy the machine is."""
    seen, until = sum(len(each.acknowledged) for each in tellers), time.monotonic() + BOOKED_S_MAX
    while sum(len(each.acknowledged) for each in tellers) == seen:
        assert time.monotonic() < until, "nothing is booked"
        time.sleep(0.01)


def kill_at_once(server: servers.PostgreSQL) -> None:
    """End the server and its workers with kill -9, as a power cut ends them."""
    running = server.process.running
    assert running is not None
    workers = [int(each) for each in Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()]
    for pid in (running.pid, *workers):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    server.process.kill()
    until = time.monotonic() + DEAD_S_MAX
    while any(Path(f"/proc/{pid}").exists() for pid in workers) and time.monotonic() < until:
        time.sleep(0.02)


def test_what_the_ledger_acknowledged_outlives_kill_9_of_the_database(
    server: servers.PostgreSQL, ledger_house: House
) -> None:
    of = books(ledger_house, make.furnish(ledger_house))
    chance = random.Random(20261123)
    tellers = [_Teller(of) for _ in range(TELLERS)]
    threads = [threading.Thread(target=each.report_until_told) for each in tellers]
    for thread in threads:
        thread.start()
    for _ in range(ROUNDS):
        _something_more_is_acknowledged(tellers)
        time.sleep(chance.uniform(*PAUSE_S))
        kill_at_once(server)
        server.start()
    for each in tellers:
        each.rest.set()
    for thread in threads:
        thread.join()
    acknowledged = [booking for each in tellers for booking in each.acknowledged]
    with ledger_house.database.read() as db:
        stored = db.scalars(sa.select(credit.c.booking_id)).all()
    assert sorted(stored) == sorted(acknowledged) and len(acknowledged) > ROUNDS
    assert of.balances()["expense"] == FLAT_MINOR * len(acknowledged)
    assert of.faults() == []
