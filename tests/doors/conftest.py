"""What every test at the doors may ask for: a web process over a furnished branch, and those who knock."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lobby_server import app
from lobby_server.admin.furnish import furnish
from lobby_server.app import Lobby, build_house
from lobby_server.kernel.house import House
from lobby_server.kernel.privacy import load_keyring
from lobby_server.kernel.settings import Settings
from lobby_server.migrations import migrate
from tests.doors import calling
from tests.doors.calling import Callers
from tests.doors.terminal import Console
from tests.make import Cast

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _pages_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading and packing all browser files for each test would take most of its time."""
    monkeypatch.setattr(app, "load_pages", calling.read_pages)


@pytest.fixture
def lobby(house: House, cast: Cast) -> Lobby:
    """A web process in this one, over a furnished branch."""
    return calling.open_doors(house)


@pytest.fixture
def callers(lobby: Lobby) -> Callers:
    """One of each who may knock."""
    return calling.let_in(lobby)


# ---- The command line ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def child() -> Iterator[subprocess.Popen[str]]:
    """The process behind the terminal."""
    command = [sys.executable, "-m", "tests.doors.console"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LOBBY_")}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        yield running
        assert running.stdin is not None
        running.stdin.close()
        running.wait(10)


@pytest.fixture(scope="module")
def furnished_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trial's data folder, made once."""
    folder = tmp_path_factory.mktemp("furnished")
    settings = Settings(data_dir=folder)
    load_keyring(settings.secrets, make=True)
    migrate(settings.database)
    house = build_house(settings)
    furnish(house, "no password matches this")
    house.database.close()
    return folder


@pytest.fixture
def console(child: subprocess.Popen[str], furnished_folder: Path, tmp_path: Path) -> Console:
    """A terminal at a furnished branch."""
    shutil.copytree(furnished_folder, tmp_path / "branch")
    return Console(child, tmp_path / "branch")
