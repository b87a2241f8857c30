"""A real Tryton for the tests: a copy of the database that `make` built, served by Tryton's own server."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lobby_server.admin.trial_crm import DATABASE, HOME, LOGIN, command_of
from lobby_server.kernel.outward import Place
from referral.crm_sync.connectors.tryton import Tryton
from tests.servers import START_TRIES, Child, ServerMissing, free_port, private_folder, wait_until

LOOPBACK = ("127.0.0.0/8",)


@dataclass
class TrytonServer:
    """A running Tryton with one database."""

    port: int
    password: str
    process: Child = field(repr=False)

    @property
    def address(self) -> str:
        """Where it is asked."""
        return f"http://127.0.0.1:{self.port}"

    def connector(self, password: str | None = None) -> Tryton:
        """Sign in as the courier does."""
        return Tryton(Place(self.address, LOOPBACK), DATABASE, LOGIN, password or self.password)

    def start(self) -> None:
        """Start it, again if it was killed, on the same port and data."""
        self.process.start()
        if not wait_until(self.answers, self.process, "Tryton"):
            raise ServerMissing(f"Tryton ended at once: {self.process.said()}")

    def answers(self) -> bool:
        """Whether somebody listens; the first question may still take seconds, for modules are loaded by it."""
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=2).close()
        except OSError:
            return False
        return True


@contextlib.contextmanager
def tryton_server() -> Iterator[TrytonServer]:
    """Run a Tryton of our own over a copy of the template."""
    template = HOME / "database"
    if not (template / "password").is_file():
        raise ServerMissing("Tryton is not in this checkout: run `make tryton`.")
    with private_folder("tryton", None) as folder:
        shutil.copy(template / f"{DATABASE}.sqlite", folder)
        password = (template / "password").read_text(encoding="utf-8")
        server = _start(folder, password)
        try:
            yield server
        finally:
            server.process.stop()


def _start(folder: Path, password: str) -> TrytonServer:
    """On a free port, on another one when that was snatched away."""
    for _ in range(START_TRIES):
        port = free_port()
        command = command_of(folder, f"127.0.0.1:{port}")
        server = TrytonServer(port, password, Child(command, folder, signal.SIGTERM))
        with contextlib.suppress(ServerMissing):
            server.start()
            return server
    raise ServerMissing("Tryton did not start")
