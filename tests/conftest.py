"""What every test may ask for: the servers, and the conditions under which all tests run."""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from lobby_server.kernel.house import House
from lobby_server.migrations import migrate
from tests import make, network, servers

# ---- Conditions: closed network, varied time zones ----------------------------------------------------------------

# West and east of UTC, half an hour off, and the branch's own: code that reads the machine's zone fails in one of them.
TIME_ZONES = ("UTC", "Asia/Shanghai", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Kiritimati")

# No deadline: on a busy machine a slow example is no fault. The blob lets a failure be repeated from the build's log.
hypothesis.settings.register_profile("house", deadline=None, print_blob=True)
hypothesis.settings.load_profile("house")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Close the network and choose this run's time zone by the seed that also shuffles the tests, so -p repeats it."""
    network.close_network()
    seed = config.getoption("randomly_seed", default=0)
    os.environ["TZ"] = random.Random(seed).choice(TIME_ZONES)
    time.tzset()


def pytest_report_header() -> str:
    """Name the time zone, which is part of what a failure depends on."""
    return f"time zone: {os.environ['TZ']}"


# ---- Servers ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgresql() -> Iterator[servers.PostgreSQL]:
    """One PostgreSQL for the whole run; without fsync, for no test here cuts its power."""
    with servers.postgresql_server(fsync=False) as server:
        yield server


@pytest.fixture(scope="session")
def fresh_database(postgresql: servers.PostgreSQL) -> Callable[..., str]:
    """Each call makes a new database and gives its address; `template=` names the database to copy."""
    return postgresql.fresh_database


@pytest.fixture
def postgresql_url(postgresql: servers.PostgreSQL) -> Iterator[str]:
    """The address of an empty database of this test's own."""
    url = postgresql.fresh_database()
    yield url
    postgresql.drop_database(url)


@pytest.fixture(scope="session")
def redis() -> Iterator[servers.Redis]:
    """One Redis for the whole run."""
    with servers.redis_server() as server:
        yield server


@pytest.fixture(scope="session")
def redis_url(redis: servers.Redis) -> str:
    """Its address."""
    return redis.url


# ---- A branch on each engine --------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, built once and copied for each test."""
    path = tmp_path_factory.mktemp("template") / "lobby.sqlite3"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_template(postgresql: servers.PostgreSQL) -> str:
    """The name of a migrated PostgreSQL database, built once and copied for each test."""
    url = postgresql.fresh_database()
    migrate(url)
    return url.rsplit("/", 1)[1]


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a migrated, empty database: every test that asks for it runs on both engines."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "lobby.sqlite3")
        yield f"sqlite:///{tmp_path / 'lobby.sqlite3'}"
        return
    server: servers.PostgreSQL = request.getfixturevalue("postgresql")
    url = server.fresh_database(request.getfixturevalue("postgresql_template"))
    yield url
    server.drop_database(url)


@pytest.fixture
def new_database(request: pytest.FixtureRequest, sqlite_template: Path, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Each call makes one more migrated, empty database of the engine that the test's parameter `engine` names."""
    made: list[str] = []

    def make_one() -> str:
        if request.node.callspec.params["engine"] == "postgresql":
            server: servers.PostgreSQL = request.getfixturevalue("postgresql")
            url = server.fresh_database(request.getfixturevalue("postgresql_template"))
        else:
            copy = shutil.copy(sqlite_template, tmp_path / f"{len(made)}.sqlite3")
            url = f"sqlite:///{copy}"
        made.append(url)
        return url

    yield make_one
    for url in made:
        if url.startswith("postgresql"):
            request.getfixturevalue("postgresql").drop_database(url)
        else:
            Path(url.removeprefix("sqlite:///")).unlink(missing_ok=True)


@pytest.fixture
def house(database_url: str) -> Iterator[House]:
    """A house over an empty database, its clock standing still at ten in the morning."""
    built = make.house(database_url)
    yield built
    built.database.close()


@pytest.fixture
def cast(house: House) -> make.Cast:
    """The furnished branch's people and devices."""
    return make.furnish(house)


# ---- Golden files -------------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--write-golden` writes the files of tests/golden anew instead of comparing; read the diff before you keep it."""
    parser.addoption("--write-golden", action="store_true", help="write the golden files anew instead of comparing")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares a text with a file of tests/golden, or writes the file when asked to."""

    def compare(name: str, text: str) -> None:
        path = Path(__file__).with_name("golden") / name
        if request.config.getoption("--write-golden"):
            path.write_text(text, encoding="utf-8")
        assert path.read_text(encoding="utf-8").splitlines() == text.splitlines()

    return compare
