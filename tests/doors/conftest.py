"""What every test at the doors may ask for: a web process over a furnished branch, and those who knock."""

from __future__ import annotations

import pytest

from lobby_server import app
from lobby_server.app import Lobby
from lobby_server.kernel.house import House
from tests.doors import calling
from tests.doors.calling import Callers
from tests.make import Cast


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
