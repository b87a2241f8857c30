"""The database's shape through time: built from nothing it is what the tables say, however often and from wherever."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from lobby_server.branch.tables import branch, device
from lobby_server.kernel.database import metadata
from lobby_server.migrations import _config, is_at_head, migrate
from tests import make, servers

ROOT = Path(__file__).parents[2]
RUNNERS = 2


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without a table, on each engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'new' / 'lobby.sqlite3'}"
        return
    server: servers.PostgreSQL = request.getfixturevalue("postgresql")
    url = server.fresh_database()
    yield url
    server.drop_database(url)


def differences(url: str) -> list[object]:
    """Where the database is not what `tables.py` says."""
    engine = sa.create_engine(url)
    with engine.connect() as db:
        context = MigrationContext.configure(db, opts={"compare_type": True, "compare_server_default": True})
        found: list[object] = list(compare_metadata(context, metadata))
    engine.dispose()
    return found


def triggers(url: str) -> set[str]:
    engine = sa.create_engine(url)
    asked = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if url.startswith("sqlite")
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    )
    with engine.connect() as db:
        found = set(db.scalars(sa.text(asked)))
    engine.dispose()
    return found


def at_head(url: str) -> bool:
    engine = sa.create_engine(url)
    with engine.connect() as db:
        found = is_at_head(db)
    engine.dispose()
    return found


def test_built_from_nothing_it_is_what_the_tables_say(empty_url: str) -> None:
    migrate(empty_url)
    assert differences(empty_url) == []
    assert at_head(empty_url)
    assert len(metadata.tables) > 15
    for table in ("event", "audit"):
        assert [name for name in triggers(empty_url) if name.startswith(table)], table


def test_the_comparison_itself_bites(empty_url: str) -> None:
    migrate(empty_url)
    engine = sa.create_engine(empty_url)
    with engine.begin() as db:
        db.execute(sa.text("ALTER TABLE visit ADD COLUMN mood INTEGER"))
    engine.dispose()
    assert len(differences(empty_url)) == 1


def test_migrating_twice_changes_nothing(empty_url: str) -> None:
    migrate(empty_url)
    house = make.house(empty_url)
    cast = make.furnish(house)
    make.ticket(house, cast.kiosk)
    house.database.close()
    migrate(empty_url)
    assert differences(empty_url) == []
    house = make.house(empty_url)
    assert make.ticket(house, cast.kiosk).number == "A002"
    house.database.close()


def test_migrating_under_a_running_server_does_not_disturb_it(database_url: str) -> None:
    house = make.house(database_url)
    cast = make.furnish(house)
    make.ticket(house, cast.kiosk)
    migrate(database_url)
    assert make.ticket(house, cast.kiosk).number == "A002"
    house.database.close()


def test_several_runners_at_once_build_it_once(empty_url: str) -> None:
    """Each in a process of its own, as when several servers start."""
    told = f"from lobby_server.migrations import migrate; input(); migrate({empty_url!r})"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", told], cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(RUNNERS)
    ]
    for each in running:
        assert each.stdin is not None
        each.stdin.write("\n")
        each.stdin.flush()
    ends = [each.communicate(timeout=60)[1].strip().splitlines()[-1:] for each in running]
    assert ends == [[]] * RUNNERS
    assert differences(empty_url) == []


def test_a_step_that_is_cut_off_is_as_if_it_had_never_begun(empty_url: str) -> None:
    """The power goes after the first tables; the next start must not find them half built."""
    told = (
        "import os; from alembic import op; from lobby_server.migrations import migrate; "
        f"op.create_index = lambda *given, **more: os._exit(9); migrate({empty_url!r})"
    )
    cut = subprocess.run([sys.executable, "-c", told], cwd=ROOT, check=False, timeout=60)
    assert cut.returncode == 9
    migrate(empty_url)
    assert differences(empty_url) == []


def test_a_kiosk_keeps_the_series_that_it_says_it_numbers_by_and_the_others_follow(empty_url: str) -> None:
    """Two kiosks came up with the old default of 1, a third was given 2, a fourth never told, one was shut out."""
    told: list[dict[str, object]] = [{"series": 1}, {"series": 1}, {"series": 2}, {}, {"series": 4}]
    if empty_url.startswith("sqlite"):
        Path(str(sa.make_url(empty_url).database)).parent.mkdir()
    command.upgrade(_config(empty_url), "20261123_0750")
    engine = sa.create_engine(empty_url)
    with engine.begin() as db:
        place = {"id": make.HERE, "names": {}, "timezone": "Asia/Shanghai", "cut_over_minute": 240}
        db.execute(branch.insert().values(place))
        for at, health in enumerate(told):
            about = {"branch_id": make.HERE, "kind": "kiosk", "name": "Kiosk", "public_key": {}, "health": health}
            moment = make.MORNING + timedelta(minutes=at)
            known = {**about, "id": f"kiosk {at}", "enrolled_at": moment, "revoked_at": moment if at == 4 else None}
            db.execute(device.insert().values(known))
        db.execute(device.insert().values({**known, "id": "wall", "kind": "wall", "revoked_at": None}))
    migrate(empty_url)
    with engine.begin() as db:
        given = {row.id: row.series for row in db.execute(sa.select(device.c.id, device.c.series))}
    engine.dispose()
    assert given == {"kiosk 0": 1, "kiosk 1": 3, "kiosk 2": 2, "kiosk 3": 4, "kiosk 4": None, "wall": None}
