"""The two servers that are measured: ours and the bare witness, each fresh for every step.

A branch is furnished once (windows open, kiosks enrolled, colleagues signed in) and copied for each start, so that
every step begins in the same small hall and no step sees the queue, the cache or the garbage of the one before.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from benchmarks import processes
from lobby_server.admin.check import run_checks
from lobby_server.admin.furnish import furnish, played_colleague
from lobby_server.app import build_house
from lobby_server.branch import store as branches
from lobby_server.branch.actions import TOKEN_PURPOSE
from lobby_server.branch.rules import Device
from lobby_server.branch.store import letting_in
from lobby_server.kernel.actor import system
from lobby_server.kernel.house import House
from lobby_server.kernel.privacy import load_keyring
from lobby_server.kernel.settings import Settings
from lobby_server.kernel.work import Work
from lobby_server.migrations import migrate
from lobby_server.queue.actions import open_service_point
from lobby_server.staff import store as staff
from lobby_server.staff.actions import sign_in
from tests.servers import PostgreSQL, free_port

ROOT = Path(__file__).resolve().parents[1]
BRANCH = "0001"
LISTENER = "L001"
CONNECTIONS_A_SIGN_IN = 3  # lobby_server.realtime.sockets.CONNECTIONS_MAX
KIOSKS = 40  # a device may ask 60 times a second: together more than this server can answer
OPEN_WINDOWS = {"T001": "W1", "T002": "W2", "T003": "W3", "R001": "D1"}
TOKENS_LIVE = timedelta(hours=12)  # longer than any run; the real ones live 15 minutes and are renewed
START_S_MAX = 20.0


@dataclass(frozen=True)
class Running:
    """A server that answers: where, with which keys for the load, and in which processes (with their children)."""

    port: int
    keys: Path
    server: int
    database: int | None

    def cpu_s(self) -> float:
        """Processor seconds that the server and its database have used so far."""
        return processes.cpu_s(self.server) + (processes.cpu_s(self.database) if self.database else 0.0)

    def kill(self) -> None:
        """As hard as a power cut."""
        kill_family(self.server)

    def memory_mb(self) -> float:
        """Resident memory of the server alone, in 10^6 bytes."""
        return processes.memory_bytes(self.server) / 1e6


class Contestant(Protocol):
    """One of the two servers."""

    name: str

    def running(self, folder: Path) -> AbstractContextManager[Running]:
        """Start it fresh in an empty folder, kill it at the end."""

    def faults(self, folder: Path, visits_answered: int, tickets_answered: int = 0) -> list[str]:
        """What the database says is wrong after the kill, one sentence each."""


def kill_family(root: int) -> None:
    """A process and its children at once, the root first so that it starts no new ones."""
    for each in processes.family(root):
        with suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)


def write_keys(path: Path, cookies: list[str], tokens: list[str]) -> None:
    """The file that the load reads."""
    lines = [f"cookie lobby={each}" for each in cookies for _ in range(CONNECTIONS_A_SIGN_IN)]
    path.write_text("\n".join(lines + [f"token {each}" for each in tokens]) + "\n")


@contextmanager
def started(command: list[str], environment: Mapping[str, str], folder: Path, port: int) -> Iterator[int]:
    """Run a server until the context ends; gives its process id once it answers."""
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        _wait_for(server, port, folder / "log")
        yield server.pid
    finally:
        # What was answered must be in the database all the same.
        kill_family(server.pid)
        server.wait()


def _wait_for(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + START_S_MAX
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=1):
                return
        except OSError:
            time.sleep(0.02)
    raise SystemExit(f"a server did not start: {log.read_text(errors='replace')[-2000:]}")


def _database_process(postgresql: PostgreSQL | None) -> int | None:
    running = postgresql.process.running if postgresql else None
    return running.pid if running else None


class Bare:
    """benchmarks/bare_server.py. It takes any key for good."""

    name = "bare"

    def __init__(self, postgresql: PostgreSQL | None) -> None:
        self._postgresql = postgresql

    @contextmanager
    def running(self, folder: Path) -> Iterator[Running]:
        """See Contestant."""
        port, keys = free_port(), folder / "keys"
        write_keys(keys, ["any"] * 200, ["any"])
        database = str(folder / "bare.sqlite3")
        if self._postgresql is not None:
            database = self._postgresql.fresh_database().replace("+psycopg", "")
        command = [sys.executable, str(ROOT / "benchmarks" / "bare_server.py"), "--port", str(port)]
        with started([*command, "--database", database], {}, folder, port) as server:
            yield Running(port, keys, server, _database_process(self._postgresql))

    def faults(self, folder: Path, visits_answered: int, tickets_answered: int = 0) -> list[str]:
        """It promises nothing."""
        return []


class Ours:
    """The real server: `branch-lobby demo --no-traffic`, or `serve` under gunicorn."""

    name = "ours"

    def __init__(self, folder: Path, postgresql: PostgreSQL | None, *, sockets: int, command: str = "demo") -> None:
        self._template = folder
        self._postgresql = postgresql
        self._sign_ins = -(-sockets // CONNECTIONS_A_SIGN_IN)
        self._command = command
        self._url = ""
        self._furnish()

    @contextmanager
    def running(self, folder: Path) -> Iterator[Running]:
        """See Contestant."""
        shutil.copytree(self._template, folder, dirs_exist_ok=True)
        port, environment = free_port(), {"LOBBY_DEMO_PASSWORD": "bench-pass"}
        if self._postgresql is not None:
            environment["LOBBY_DATABASE_URL"] = self._postgresql.fresh_database(self._url.rsplit("/", 1)[1])
            (folder / "url").write_text(environment["LOBBY_DATABASE_URL"])
        command = [sys.executable, "-m", "lobby_server", self._command, "--port", str(port), "--data-dir", str(folder)]
        command += ["--no-traffic"] if self._command == "demo" else []
        with started(command, environment, folder, port) as server:
            yield Running(port, folder / "keys", server, _database_process(self._postgresql))

    def faults(self, folder: Path, visits_answered: int, tickets_answered: int = 0) -> list[str]:
        """Every invariant of `branch-lobby check`, and whether all that was answered is there."""
        url = folder / "url"
        house = build_house(Settings(data_dir=folder, database_url=url.read_text() if url.exists() else ""))
        try:
            with house.database.read() as db:
                found = [fault for faults in run_checks(db, house.keys).values() for fault in faults]
                visits = db.scalar(sa.text("SELECT count(*) FROM visit")) or 0
                tickets = db.scalar(sa.text("SELECT count(*) FROM ticket")) or 0
        finally:
            house.database.close()
        for what, answered, kept in (("visits", visits_answered, visits), ("tickets", tickets_answered, tickets)):
            if kept < answered:
                found.append(f"{answered} {what} were answered and {kept} are kept")
        return found

    def _furnish(self) -> None:
        self._template.mkdir(parents=True)
        self._url = self._postgresql.fresh_database() if self._postgresql else ""
        settings = Settings(data_dir=self._template, database_url=self._url)
        load_keyring(settings.secrets, make=True)
        migrate(settings.database)
        house = build_house(settings)
        try:
            furnish(house, "no password matches this")
            cookies, tokens = house.works.run(_let_in, self._sign_ins, system(BRANCH))
            _open_windows(house)
        finally:
            house.database.close()
        write_keys(self._template / "keys", cookies, tokens)


def _let_in(work: Work, sign_ins: int) -> tuple[list[str], list[str]]:
    """Sign one colleague in on many tablets and enrol the kiosks; gives the secrets of both."""
    found = staff.find(work.db, work.keys, BRANCH, LISTENER)
    assert found is not None
    cookies = [sign_in(work, found[0])[1] for _ in range(sign_ins)]
    tokens = []
    for ordinal in range(KIOSKS):
        kiosk = Device(work.ids.new_id(), BRANCH, "kiosk", f"bench {ordinal}", None, None)
        branches.add_device(work.db, kiosk, {}, work.now)
        tokens.append(work.ids.secret(32))
        letting_in.add_token(work.db, work.keys.index(tokens[-1], TOKEN_PURPOSE), kiosk.id, work.now + TOKENS_LIVE)
    return cookies, tokens


def _open_windows(house: House) -> None:
    """Waits are only computed where somebody works."""
    for staff_no, point in OPEN_WINDOWS.items():
        house.works.run(open_service_point, point, played_colleague(house, staff_no))
