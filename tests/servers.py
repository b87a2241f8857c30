"""The tests' own PostgreSQL and Redis: private, on free loopback ports, gone when the tests are.

Plain context managers, usable without pytest (benchmarks use them too). Nothing is skipped when a server is missing: a
build that silently left out one of the two engines would prove nothing.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

START_S_MAX = 30.0
STOP_S_MAX = 15.0
# A port found free can be taken by someone else before the server binds it; then another one is tried.
START_TRIES = 3


class ServerMissing(Exception):
    """A server's program is not on this machine, or would not start: one sentence, with what to do."""


def free_port() -> int:
    """A loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Child:
    """One child process: its own log, and an end by its own id."""

    command: list[str]
    folder: Path
    stop_signal: signal.Signals
    user: str | None = None
    running: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start it in its folder; what it says goes to `log` there."""
        with (self.folder / "log").open("ab") as log:
            self.running = subprocess.Popen(
                self.command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A Ctrl-C in the terminal is for the tests; they end their servers themselves.
                start_new_session=True,
                user=self.user,
                group=group_of(self.user),
                extra_groups=[] if self.user else None,
            )

    def is_alive(self) -> bool:
        """Whether it runs."""
        return self.running is not None and self.running.poll() is None

    def stop(self) -> None:
        """End it in good order, or by force when it does not go; nothing happens when it is gone already."""
        self._end(self.stop_signal)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self.running is None:
            return
        if self.running.poll() is None:
            self.running.send_signal(how)
        try:
            self.running.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            self.running.kill()
            self.running.wait()
        self.running = None

    def said(self) -> str:
        """The last of what it wrote, for the message when it fails."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")[-2000:]


def group_of(user: str | None) -> int | None:
    """The group that a child of this user belongs to; None to stay in ours."""
    return None if user is None else pwd.getpwnam(user).pw_gid


@contextlib.contextmanager
def private_folder(name: str, owner: str | None) -> Iterator[Path]:
    """A folder that only its owner may enter, removed at the end.

    It lies in /tmp whatever TMPDIR says when another user owns it, for root's own places are closed to that user.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"branch-lobby-{name}-", dir="/tmp" if owner else None))
    try:
        if owner:
            shutil.chown(folder, owner)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def wait_until(ready: Callable[[], bool], process: Child, what: str) -> bool:
    """Ask `ready` until it says yes; False when the process ended, ServerMissing when the time is up."""
    until = time.monotonic() + START_S_MAX
    while time.monotonic() < until:
        if not process.is_alive():
            return False
        if ready():
            return True
        time.sleep(0.02)
    said = process.said()
    process.stop()
    raise ServerMissing(f"{what} did not answer within {START_S_MAX:.0f} s: {said}")


# ---- PostgreSQL ---------------------------------------------------------------------------------------------------


def postgresql_programs() -> Path:
    """The folder of `initdb` and `postgres`; Debian keeps them off the PATH, one folder a version."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if not versions:
        raise ServerMissing("PostgreSQL is not on this machine: run `make test`, or apt-get install postgresql.")
    return versions[-1].parent


@dataclass
class PostgreSQL:
    """A running server. Addresses are SQLAlchemy's (`postgresql+psycopg://...`)."""

    port: int
    password: str
    process: Child
    _numbers: Iterator[int] = field(default_factory=itertools.count, repr=False)

    def url(self, database: str = "postgres") -> str:
        """The address of one database."""
        return f"postgresql+psycopg://postgres:{self.password}@127.0.0.1:{self.port}/{database}"

    def fresh_database(self, template: str = "template1") -> str:
        """Make a database that nobody has used and give its address.

        `template` may name a database made before (migrated once, say); nobody may be connected to it.
        """
        name = f"t{next(self._numbers)}_{secrets.token_hex(3)}"
        self._command(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Remove a database, whoever is still connected to it."""
        name = url.rsplit("/", 1)[1]
        self._command(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def start(self) -> None:
        """Start it again on the same port and data after `process.stop()` or `process.kill()`."""
        self.process.start()
        if not wait_until(self.answers, self.process, "PostgreSQL"):
            raise ServerMissing(f"PostgreSQL ended at once: {self.process.said()}")

    def answers(self) -> bool:
        """Whether it accepts a connection."""
        try:
            with self._connect():
                return True
        except psycopg.OperationalError:
            return False

    def _command(self, command: sql.Composed) -> None:
        with self._connect() as connection:
            connection.execute(command)

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="postgres",
            password=self.password,
            dbname="postgres",
            autocommit=True,
            connect_timeout=5,
        )


@contextlib.contextmanager
def postgresql_server(*, fsync: bool = True) -> Iterator[PostgreSQL]:
    """Run a PostgreSQL of our own. Without `fsync` it is faster and a power cut loses data: not for crash tests."""
    programs = postgresql_programs()
    # PostgreSQL refuses to run as root; Debian's package brings the user.
    user = "postgres" if os.geteuid() == 0 else None
    with private_folder("postgresql", user) as folder:
        password = secrets.token_urlsafe(16)
        make_cluster(programs, folder, user, password)
        server = start_postgresql(programs, folder, user, password, fsync=fsync)
        try:
            yield server
        finally:
            server.process.stop()


def make_cluster(programs: Path, folder: Path, user: str | None, password: str) -> None:
    """Lay the empty data folder. Everyone on this machine can reach the port, so a password guards it."""
    secret = folder / "password"
    secret.touch(mode=0o600)
    secret.write_text(password, encoding="utf-8")
    if user:
        shutil.chown(secret, user)
    command = [str(programs / "initdb"), "--pgdata", str(folder / "data"), "--username=postgres", "--encoding=UTF8"]
    command += ["--locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={secret}", "--no-sync"]
    made = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        user=user,
        group=group_of(user),
        extra_groups=[] if user else None,
    )
    if made.returncode != 0:
        raise ServerMissing(f"initdb could not lay a data folder: {made.stderr.strip()}")
    secret.unlink()


def start_postgresql(programs: Path, folder: Path, user: str | None, password: str, *, fsync: bool) -> PostgreSQL:
    """Start the server on a free port, on another one when that was snatched away."""
    said = ""
    for _ in range(START_TRIES):
        port = free_port()
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "port": str(port),
            "max_connections": "200",
            "shared_buffers": "64MB",
            "timezone": "UTC",
            "fsync": "on" if fsync else "off",
            "synchronous_commit": "on" if fsync else "off",
            "full_page_writes": "on" if fsync else "off",
        }
        command = [str(programs / "postgres"), "-D", str(folder / "data")]
        command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        # SIGINT is PostgreSQL's "fast shutdown": it does not wait for clients.
        process = Child(command, folder, signal.SIGINT, user)
        process.start()
        server = PostgreSQL(port, password, process)
        if wait_until(server.answers, process, "PostgreSQL"):
            return server
        said = process.said()
    raise ServerMissing(f"PostgreSQL did not start: {said}")


# ---- Redis --------------------------------------------------------------------------------------------------------


@dataclass
class Redis:
    """A running server that keeps nothing on disk."""

    port: int
    process: Child

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it again, empty, on the same port."""
        self.process.start()
        if not wait_until(self.answers, self.process, "Redis"):
            raise ServerMissing(f"Redis ended at once: {self.process.said()}")

    def answers(self) -> bool:
        """Whether it answers a PING."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False


@contextlib.contextmanager
def redis_server() -> Iterator[Redis]:
    """Run a Redis of our own."""
    program = shutil.which("redis-server")
    if program is None:
        raise ServerMissing("Redis is not on this machine: run `make test`, or apt-get install redis-server.")
    with private_folder("redis", None) as folder:
        server = start_redis(program, folder)
        try:
            yield server
        finally:
            server.process.stop()


def start_redis(program: str, folder: Path) -> Redis:
    """Start the server on a free port, on another one when that was snatched away."""
    said = ""
    for _ in range(START_TRIES):
        port = free_port()
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        command += ["--dir", str(folder), "--daemonize", "no"]
        process = Child(command, folder, signal.SIGTERM)
        process.start()
        server = Redis(port, process)
        if wait_until(server.answers, process, "Redis"):
            return server
        said = process.said()
    raise ServerMissing(f"Redis did not start: {said}")
