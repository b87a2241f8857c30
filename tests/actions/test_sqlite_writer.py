"""SQLite's one writer: many units share a commit, and what befalls it befalls all of them alike."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa

from lobby_server.admin.check import run_checks
from lobby_server.kernel.database import UNITS_WAITING_MAX, Database
from lobby_server.kernel.errors import Conflict, Unavailable
from lobby_server.kernel.house import House
from tests import make
from tests.actions.test_database import ids, write
from tests.make import Cast

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@dataclass
class Disk:
    """Carries out commits for the writer; refuses the next one when told to. `commits` counts them."""

    refuses_with: Exception | None = None
    commits: int = 0

    def __call__(self, commit: Callable[[], Any]) -> Any:
        error, self.refuses_with = self.refuses_with, None
        if error is not None:
            raise error
        self.commits += 1
        return commit()


@dataclass
class Gate:
    """A unit that waits inside the writer until opened, so that others gather behind it."""

    inside: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)

    def unit(self, _db: sa.Connection) -> None:
        self.inside.set()
        assert self.opened.wait(10)


@pytest.fixture
def disk() -> Disk:
    """The disk under `database`."""
    return Disk()


@pytest.fixture
def database(database_url: str, disk: Disk) -> Iterator[Database]:
    """A database with one empty table of our own."""
    made = Database(database_url, offload=disk)
    made.run(lambda db: db.execute(sa.text("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")))
    yield made
    made.close()


def together(database: Database, units: list[Callable[[sa.Connection], Any]]) -> list[Any]:
    """Hand units to the writer while it is busy, so that they share a commit; returns answers and errors in order."""
    gate = Gate()
    outcomes: list[Any] = [None] * len(units)

    def ask(at: int) -> None:
        try:
            outcomes[at] = database.run(units[at])
        except Exception as error:
            outcomes[at] = error

    first = threading.Thread(target=database.run, args=(gate.unit,))
    first.start()
    assert gate.inside.wait(10)
    threads = [threading.Thread(target=ask, args=(at,)) for at in range(len(units))]
    for thread in threads:
        thread.start()
        _wait_until_asked(database, threads.index(thread) + 1)
    gate.opened.set()
    for thread in (first, *threads):
        thread.join(10)
    return outcomes


def _wait_until_asked(database: Database, count: int) -> None:
    assert database._writer is not None
    while database._writer._asked.qsize() < count:
        threading.Event().wait(0.001)


def test_every_connection_really_is_in_wal_mode_with_full_syncs(database: Database) -> None:
    def modes(db: sa.Connection) -> list[Any]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [db.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]

    assert database.run(modes) == ["wal", 2, 1]
    with database.read() as one, database.read() as other:
        assert modes(one) == modes(other) == ["wal", 2, 1]


def test_units_that_wait_share_one_commit_and_each_gets_its_answer(database: Database, disk: Disk) -> None:
    before = disk.commits
    assert together(database, [write(n) for n in range(10)]) == list(range(10))
    assert disk.commits - before == 2  # the gate's, and one for all ten
    assert ids(database) == list(range(10))


def test_one_units_error_rolls_back_alone_within_a_shared_commit(database: Database, disk: Disk) -> None:
    def half_done(db: sa.Connection) -> None:
        write(50)(db)
        write(51)(db)
        raise Conflict("changed")

    before = disk.commits
    outcomes = together(database, [write(1), half_done, write(2), write(2), write(3)])
    assert [outcomes[0], outcomes[2], outcomes[4]] == [1, 2, 3]
    assert isinstance(outcomes[1], Conflict) and isinstance(outcomes[3], sa.exc.IntegrityError)
    assert disk.commits - before == 2
    assert ids(database) == [1, 2, 3]


def test_a_commit_that_fails_fails_all_its_units_and_the_writer_lives_on(database: Database, disk: Disk) -> None:
    outcomes = together(database, [_refuse_next(disk), write(1), write(2)])
    assert [str(each) for each in outcomes] == ["disk trouble"] * 3
    assert ids(database) == []
    assert database.run(write(1)) == 1
    assert ids(database) == [1]


@pytest.mark.parametrize(
    ("code", "meaning"),
    [(sqlite3.SQLITE_FULL, "no_room"), (sqlite3.SQLITE_BUSY, "busy"), (sqlite3.SQLITE_LOCKED, "busy")],
)
def test_what_a_failed_commit_means_is_told_to_all_who_wait(
    database: Database, disk: Disk, code: int, meaning: str
) -> None:
    error = sqlite3.OperationalError("as the library words it")
    error.sqlite_errorcode = code
    outcomes = together(database, [_refuse_next(disk, error), write(1), write(2)])
    assert [(type(each), each.code) for each in outcomes] == [(Unavailable, meaning)] * 3
    assert all(each.facts["retry_after_s"] > 0 for each in outcomes)
    assert ids(database) == []


def _refuse_next(disk: Disk, error: Exception | None = None) -> Callable[[sa.Connection], None]:
    """A unit after which the commit that it shares is refused."""

    def unit(_db: sa.Connection) -> None:
        disk.refuses_with = error or sqlite3.OperationalError("disk trouble")

    return unit


def test_a_full_disk_is_told_and_forgotten_when_there_is_room_again(house: House, cast: Cast) -> None:
    database = house.database
    acknowledged: list[str] = []

    def take_tickets_until_refused() -> Unavailable:
        while True:
            try:
                acknowledged.append(make.ticket(house, cast.kiosk).id)
            except Unavailable as refusal:
                return refusal

    _limit(database, _pages(database) + 4)
    for _ in range(3):
        refusal = take_tickets_until_refused()
        assert (refusal.code, refusal.facts) == ("no_room", {"retry_after_s": 5})
        assert _tickets(house) == acknowledged
    _limit(database, 2**30)
    acknowledged += [make.ticket(house, cast.kiosk).id for _ in range(3)]
    assert _tickets(house) == acknowledged
    with database.read() as db:
        assert not any(run_checks(db, house.keys).values())


def test_a_full_disk_fails_those_who_share_the_commit_and_nobody_is_half_done(database: Database) -> None:
    """SQLite ends the whole transaction by itself then: who came before must not be told that all is well."""
    _limit(database, _pages(database) + 2)
    outcomes = together(database, [write(1), write(2, "字" * 100_000), write(3)])
    assert [repr(each) for each in outcomes] == ["Unavailable('no_room')"] * 3
    assert ids(database) == []
    _limit(database, 2**30)
    assert database.run(write(1)) == 1


def _pages(database: Database) -> int:
    return int(database.run(lambda db: db.exec_driver_sql("PRAGMA page_count").scalar()) or 0)


def _limit(database: Database, pages: int) -> None:
    """As full as a disk that has room for this many pages."""
    database.run(lambda db: db.exec_driver_sql(f"PRAGMA max_page_count = {pages}").scalar())


def _tickets(house: House) -> list[str]:
    with house.database.read() as db:
        return list(db.scalars(sa.text("SELECT id FROM ticket ORDER BY series, ordinal")))


def test_whoever_comes_when_too_many_wait_is_told_to_come_back(database: Database) -> None:
    gate = Gate()
    first = threading.Thread(target=database.run, args=(gate.unit,))
    first.start()
    assert gate.inside.wait(10)
    assert database._writer is not None
    answered = _Nobody()
    for _ in range(UNITS_WAITING_MAX):
        database._writer._asked.put(answered)  # type: ignore[arg-type]
    with pytest.raises(Unavailable, match="busy"):
        database.run(write(1))
    gate.opened.set()
    first.join(10)
    assert database.run(write(1)) == 1


class _Nobody:
    """One of those who wait; asks for nothing."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.answer: Any = None
        self.error: BaseException | None = None

    def unit(self, _db: sa.Connection) -> None:
        return


def test_those_who_wait_at_the_end_are_finished_first(database: Database) -> None:
    gate = Gate()
    threads = [threading.Thread(target=database.run, args=(unit,)) for unit in (gate.unit, write(1))]
    threads[0].start()
    assert gate.inside.wait(10)
    threads[1].start()
    _wait_until_asked(database, 1)
    closing = threading.Thread(target=database.close)
    closing.start()
    gate.opened.set()
    for thread in (*threads, closing):
        thread.join(10)
    assert ids(database) == [1]


def test_whoever_comes_after_the_end_is_told_so_and_waits_for_nothing(database: Database) -> None:
    assert database.run(write(1)) == 1
    database.close()
    with pytest.raises(Unavailable, match="busy"):
        database.run(write(2))
    database.close()
    assert ids(database) == [1]


def test_of_many_who_meet_the_end_each_is_answered_or_told(database: Database) -> None:
    """What was answered is there, what was refused is not, and nobody waits for ever."""
    answered: list[int] = []
    refused: list[int] = []
    start = threading.Barrier(9)

    def write_many(first: int) -> None:
        start.wait()
        for n in range(first, first + 50):
            try:
                answered.append(database.run(write(n)))
            except Unavailable:
                refused.append(n)

    threads = [threading.Thread(target=write_many, args=(100 * lane,), daemon=True) for lane in range(1, 9)]
    for thread in threads:
        thread.start()
    start.wait()
    while not answered:
        time.sleep(0.001)
    database.close()
    for thread in threads:
        thread.join(20)
    assert [thread for thread in threads if thread.is_alive()] == []
    assert refused and sorted(answered) == ids(database)
    assert len(answered) + len(refused) == 400


def test_another_process_that_writes_meanwhile_is_waited_for(database: Database, database_url: str) -> None:
    path = database_url.removeprefix("sqlite:///")
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(0.2, lambda: other.execute("COMMIT")).start()
    assert database.run(write(1)) == 1
    other.close()
