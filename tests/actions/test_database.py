"""A unit happens wholly or not at all, and whoever reads sees one moment, on both engines."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from lobby_server.kernel.database import Database
from lobby_server.kernel.errors import Conflict
from tests import servers
from tests.actions.racing import at_once

POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
notes = sa.table("note", sa.column("id", sa.Integer), sa.column("text", sa.String))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with one empty table of our own."""
    made = Database(database_url)
    made.run(lambda db: db.execute(sa.text("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")))
    yield made
    made.close()


def write(number: int, text: str = "字") -> Callable[[sa.Connection], int]:
    def unit(db: sa.Connection) -> int:
        db.execute(notes.insert().values(id=number, text=text))
        return number

    return unit


def ids(database: Database) -> list[int]:
    with database.read() as db:
        return list(db.scalars(sa.select(notes.c.id).order_by(notes.c.id)))


# ---- Both engines -------------------------------------------------------------------------------------------------


def test_a_unit_that_raises_leaves_no_trace_and_its_error_arrives(database: Database) -> None:
    def fail(db: sa.Connection) -> None:
        write(1)(db)
        raise Conflict("changed", state="called")

    with pytest.raises(Conflict) as refused:
        database.run(fail)
    assert refused.value.facts == {"state": "called"}
    assert ids(database) == []
    assert database.run(write(1)) == 1


def test_a_unit_whose_statement_fails_leaves_no_trace(database: Database) -> None:
    def twice(db: sa.Connection) -> None:
        write(1)(db)
        write(1)(db)

    with pytest.raises(sa.exc.IntegrityError):
        database.run(twice)
    assert ids(database) == []


def test_reading_sees_one_moment_and_cannot_write(database: Database) -> None:
    database.run(write(1))
    with database.read() as db:
        before = db.scalar(sa.select(sa.func.count()).select_from(notes))
        database.run(write(2))
        assert db.scalar(sa.select(sa.func.count()).select_from(notes)) == before == 1
    with database.read() as db, pytest.raises(sa.exc.DBAPIError):
        db.execute(notes.insert().values(id=3, text="x"))
    assert ids(database) == [1, 2]


def test_an_error_of_the_database_tells_nothing_of_the_values(database: Database) -> None:
    database.run(write(1))
    with pytest.raises(sa.exc.IntegrityError) as failed:
        database.run(write(1, "王建明 6225880137001234"))
    assert "王" not in str(failed.value) and "6225" not in str(failed.value)


def test_many_writers_at_once_all_get_through(database: Database) -> None:
    answers = at_once([partial(database.run, write(n)) for n in range(100)])
    assert sorted(answers) == list(range(100)) == ids(database)


def test_building_a_database_makes_its_folder_and_starts_nothing(tmp_path: Path) -> None:
    before = threading.active_count()
    made = Database(f"sqlite:///{tmp_path}/new/branch/lobby.sqlite3")
    assert (tmp_path / "new" / "branch").is_dir()
    assert threading.active_count() == before
    made.close()


# ---- PostgreSQL ---------------------------------------------------------------------------------------------------


@POSTGRESQL
def test_a_deadlocks_victim_starts_over_and_both_get_through(database: Database) -> None:
    database.run(write(1))
    database.run(write(2))
    meeting, tries = threading.Barrier(2), list[int]()

    def cross(first: int, second: int) -> int:
        def unit(db: sa.Connection) -> int:
            tries.append(first)
            db.execute(notes.update().where(notes.c.id == first).values(text=f"{first} first"))
            if tries.count(first) == 1:
                meeting.wait(10)
            db.execute(notes.update().where(notes.c.id == second).values(text=f"{first} first"))
            return first

        return database.run(unit)

    assert sorted(at_once([lambda: cross(1, 2), lambda: cross(2, 1)])) == [1, 2]
    assert len(tries) >= 3  # a victim that is quick may become one once more
    with database.read() as db:
        assert len(set(db.scalars(sa.select(notes.c.text)))) == 1


@POSTGRESQL
def test_a_unit_that_is_always_a_victim_is_told_after_four_tries(database: Database) -> None:
    tries: list[int] = []

    def unit(db: sa.Connection) -> None:
        tries.append(1)
        db.execute(sa.text("DO $$ BEGIN RAISE EXCEPTION 'victim' USING ERRCODE = '40P01'; END $$"))

    with pytest.raises(sa.exc.OperationalError):
        database.run(unit)
    assert len(tries) == 4


@POSTGRESQL
def test_after_the_server_came_back_work_goes_on(postgresql: servers.PostgreSQL, database: Database) -> None:
    database.run(write(1))
    with database.read() as db:
        mine = db.scalar(sa.text("SELECT current_database()"))
    killer = sa.create_engine(postgresql.url(), isolation_level="AUTOCOMMIT")
    with killer.connect() as db:
        db.execute(
            sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :mine"), {"mine": mine}
        )
    killer.dispose()
    outcomes = []
    for number in (2, 3, 4):
        try:
            outcomes.append(database.run(write(number)))
        except sa.exc.DBAPIError:
            outcomes.append(0)
    assert outcomes[-1] == 4
    assert ids(database) == [1, *(each for each in outcomes if each)]
