"""A running device agent as a process of its own, and the page that talks to it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.kiosk_card import token_keys_file
from tests.servers import free_port
from tests.whole.running import Caller, Demo

ORIGIN = "http://127.0.0.1:8000"
WAIT_S = 25.0


@dataclass
class Page:
    """The kiosk page, as far as the agent can tell."""

    link: ClientConnection
    # A ticket may be on paper before the word that is waited for comes.
    printed: list[dict[str, Any]] = field(default_factory=list)
    welcomed_with: dict[str, Any] = field(default_factory=dict)

    def say(self, type_: str, **facts: object) -> None:
        """One word to the agent."""
        self.link.send(json.dumps({"type": type_, **facts}))

    def hear(self, type_: str, **facts: object) -> dict[str, Any]:
        """The next message of this type and these facts; others are passed over."""
        until = time.monotonic() + WAIT_S
        for before in self.printed:
            if type_ == "printed" and facts.items() <= before.items():
                self.printed.remove(before)
                return before
        while True:
            message: dict[str, Any] = json.loads(self.link.recv(timeout=until - time.monotonic()))
            if message["type"] == type_ and facts.items() <= message.items():
                return message
            if message["type"] == "printed":
                self.printed.append(message)

    def hear_health(self, **facts: object) -> dict[str, Any]:
        """The first news of health with these facts; what the welcome told is the first news, and is told only once."""
        health, self.welcomed_with = self.welcomed_with, {}
        while not facts.items() <= health.items():
            health = self.hear("health")["facts"]
        return health


@dataclass
class Agent:
    """`branch-lobby-kiosk` with a folder of its own."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def address(self) -> str:
        """Where its page listens."""
        return f"ws://127.0.0.1:{self.port}"

    @property
    def secret(self) -> str:
        """This boot's."""
        return (self.folder / "page-secret").read_text()

    def log(self) -> str:
        """What it has said."""
        return (self.folder / "log").read_text()

    @contextlib.contextmanager
    def page(self) -> Iterator[Page]:
        """A page that was let in and has heard its welcome."""
        with connect(self.address, origin=Origin(ORIGIN)) as link:
            page = Page(link)
            page.say("hello", secret=self.secret)
            page.welcomed_with = page.hear("welcome")["facts"]
            yield page

    def drivers(self) -> list[int]:
        """The processes that run its drivers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(each) for each in children.split()]


def write_config(folder: Path, port: int, devices: str, server: str, more: str = "") -> Path:
    """A kiosk.toml in a folder of its own."""
    path = folder / "kiosk.toml"
    keys = token_keys_file(folder)
    path.write_text(
        f'server = "{server}"\ndata_dir = "{folder}/data"\nport = {port}\npage_origins = ["{ORIGIN}", "{server}"]\n'
        f'secret_file = "{folder}/page-secret"\ntoken_keys_file = "{keys}"\n{more}{devices}'
    )
    return path


@contextlib.contextmanager
def agent(
    folder: Path, devices: str, server: str = "http://127.0.0.1:1", more: str = "", port: int | None = None
) -> Iterator[Agent]:
    """A running agent, ended in good order afterwards."""
    port = port or free_port()
    config = write_config(folder, port, devices, server, more)
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-m", "kiosk.agent", "--config", str(config)]
        process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "PYTHONWARNINGS": "error"})
    running = Agent(folder, port, process)
    try:
        until = time.monotonic() + WAIT_S
        while not answers(running):
            assert process.poll() is None and time.monotonic() < until, running.log()
            time.sleep(0.05)
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            assert process.wait(WAIT_S) == 0, running.log()
        finally:
            process.kill()
            process.wait()


def let_in(folder: Path, server: Demo) -> None:
    """Enrol the kiosk of a folder with a code from the server's command line."""
    made = server.command("devices", "code", "--branch", "0001", "--kind", "kiosk")
    config = write_config(folder, free_port(), "", server.address)
    command = [sys.executable, "-m", "kiosk.agent", "--config", str(config), "--enrol", made.stdout.strip()]
    subprocess.run(command, check=True, timeout=WAIT_S)


def numbers_in_line(colleague: Caller) -> list[str]:
    """The tickets that wait at the branch, as a colleague sees them."""
    return [each["number"] for each in colleague.get("/lobby")["tickets"]]


def answers(running: Agent) -> bool:
    """Whether the page may come."""
    try:
        with connect(running.address, origin=Origin(ORIGIN)):
            return True
    except OSError:
        return False
