"""The database: SQLite in one branch's box, PostgreSQL for many; the same tables and promises on both.

A unit is what must happen wholly or not at all. On SQLite one writer takes every unit that waits, up to
64, runs each inside a SAVEPOINT of its own and lets them share one COMMIT, that is one fsync; nobody is
answered before it (group commit; the measurements are in docs/decisions/). On PostgreSQL each unit has
a connection of its own and the row locks keep the order.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.pool import StaticPool

from lobby_server.kernel.clock import from_wire, to_wire
from lobby_server.kernel.errors import Unavailable

T = TypeVar("T")
Unit = Callable[[sa.Connection], T]
Offload = Callable[[Callable[[], Any]], Any]

log = logging.getLogger(__name__)

UNITS_A_COMMIT = 64  # more would make the first of a group wait longer than its fsync saves
UNITS_WAITING_MAX = 2000  # about five seconds of work; beyond it callers are told to come back
BUSY_TIMEOUT_MS = 5000  # another process (an import at the console) may hold the file this long
PG_ATTEMPTS = 4  # a deadlock's victim starts over; four in a row means something else is wrong
PG_PAUSE_S = (0.005, 0.05)  # between two tries; a unit takes about 5 ms
_PG_TRY_AGAIN = ("40001", "40P01")  # serialization failure, deadlock detected
EXIT_IO_ERROR = 74  # sysexits EX_IOERR

# In a table's `info`: the name of the table for which its sealed values were sealed, where that is another.
SEALED_AS = "sealed_as"

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(sa.types.TypeDecorator[datetime]):
    """An aware moment: timestamptz on PostgreSQL, sortable RFC 3339 text on SQLite."""

    impl = sa.String(27)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """The column type of each engine."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(sa.TIMESTAMP(timezone=True))
        return dialect.type_descriptor(sa.String(27))

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> Any:
        """To the database; a naive moment is our mistake."""
        if value is None or dialect.name == "postgresql":
            return value
        return to_wire(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        """From the database, aware, in UTC."""
        if value is None or isinstance(value, datetime):
            return value
        return from_wire(value)


class Json(sa.types.TypeDecorator[Any]):
    """Canonical JSON text (sorted keys, no spaces): equal values are equal bytes, for hashing."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        """To canonical text."""
        return None if value is None else canonical(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        """Back to values."""
        return None if value is None else json.loads(value)


def canonical(value: object) -> str:
    """JSON with sorted keys and no spaces."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def directly(deed: Callable[[], T]) -> T:
    """Run here and now: the offload of processes without an event hub."""
    return deed()


class Database:
    """Reads on connections of their own; writes only through `run`."""

    def __init__(self, url: str, *, offload: Offload = directly, pool_size: int = 20) -> None:
        self.is_sqlite = url.startswith("sqlite")
        if self.is_sqlite:
            # Made now, not on the first customer.
            Path(sa.make_url(url).database or ".").parent.mkdir(parents=True, exist_ok=True)
        # An error's text goes to the log, and what was to be stored must not.
        options: dict[str, Any] = {"hide_parameters": True}
        options |= {"pool_size": pool_size, "max_overflow": 20, "pool_timeout": 10}
        if self.is_sqlite:
            options["connect_args"] = {"check_same_thread": False}
        self.engine = sa.create_engine(url, **options)
        self._writer: _Writer | None = None
        if self.is_sqlite:
            _set_up_sqlite(self.engine, "BEGIN", is_reader=True)
            self._writer = _Writer(url, offload)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """One consistent view, nothing written."""
        with self.engine.connect() as connection:
            if not self.is_sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            yield connection

    def run(self, unit: Unit[T]) -> T:
        """Run a unit in a transaction and return its answer after COMMIT has returned.

        What the unit raises is raised here and the unit leaves no trace. Raises Unavailable("busy") when
        too many wait or the server ends, and Unavailable("no_room") when the disk is full.
        """
        return self._writer.run(unit) if self._writer else self._run_on_postgresql(unit)

    def _run_on_postgresql(self, unit: Unit[T]) -> T:
        for attempt in range(1, PG_ATTEMPTS + 1):
            try:
                with self.engine.begin() as connection:
                    return unit(connection)
            except sa.exc.DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in _PG_TRY_AGAIN or attempt == PG_ATTEMPTS:
                    raise
                # The two that fought must not meet again in step.
                time.sleep(random.uniform(*PG_PAUSE_S))  # noqa: S311
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Let go of every connection; units that wait are finished first."""
        if self._writer:
            self._writer.close()
        self.engine.dispose()


def _set_up_sqlite(engine: sa.Engine, begin: str, *, is_reader: bool = False) -> None:
    """Every connection: WAL, FULL, foreign keys; every transaction begins as told; a reader cannot write."""

    @sa.event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _record: object) -> None:
        # sqlite3 would otherwise begin transactions on its own and break SAVEPOINT.
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        # The answer must be read: an unread one can swallow an error and leave the file in DELETE mode.
        mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        assert mode in ("wal", "memory"), f"SQLite stayed in {mode} mode"
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        # REPLACE removes a row without asking the triggers, unless told so: history must not be replaced either.
        connection.execute("PRAGMA recursive_triggers=ON")
        if is_reader:
            connection.execute("PRAGMA query_only=ON")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)


def insert_into(db: sa.Connection, table: sa.Table) -> Any:
    """An INSERT that knows what to do where the row is there already (`on_conflict_…`), on either engine."""
    return postgresql.insert(table) if db.dialect.name == "postgresql" else sqlite.insert(table)


class _Asked:
    """One caller's unit on its way through the writer."""

    __slots__ = ("answer", "done", "error", "unit")

    def __init__(self, unit: Unit[Any]) -> None:
        self.unit = unit
        self.done = threading.Event()
        self.answer: Any = None
        self.error: BaseException | None = None


class _Writer:
    """The only one in this process that writes to SQLite."""

    def __init__(self, url: str, offload: Offload) -> None:
        self._engine = sa.create_engine(
            url, connect_args={"check_same_thread": False}, poolclass=StaticPool, hide_parameters=True
        )
        _set_up_sqlite(self._engine, "BEGIN IMMEDIATE")
        self._offload = offload
        self._asked: queue.SimpleQueue[_Asked | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._is_closed = False
        self._entering = threading.Lock()

    def run(self, unit: Unit[T]) -> T:
        asked = _Asked(unit)
        with self._entering:
            # Whoever came after the last word would wait for ever: nobody is there who answers.
            if self._is_closed or self._asked.qsize() >= UNITS_WAITING_MAX:
                raise Unavailable("busy", retry_after_s=1)
            # Started by the first caller, so that building a Database starts nothing.
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="sqlite-writer", daemon=True)
                self._thread.start()
            self._asked.put(asked)
        asked.done.wait()
        if asked.error is not None:
            raise asked.error
        answer: T = asked.answer
        return answer

    def close(self) -> None:
        with self._entering:
            self._is_closed = True
            if self._thread is not None:
                self._asked.put(None)
        if self._thread is not None:
            self._thread.join()
        self._engine.dispose()

    def _serve(self) -> None:
        while (first := self._asked.get()) is not None:
            group = [first]
            closing = False
            while len(group) < UNITS_A_COMMIT and not self._asked.empty():
                following = self._asked.get()
                if following is None:
                    closing = True
                    break
                group.append(following)
            self._commit_together(group)
            for asked in group:
                asked.done.set()
            if closing:
                return

    def _commit_together(self, group: list[_Asked]) -> None:
        try:
            with self._engine.connect() as connection:
                transaction = connection.begin()
                try:
                    for asked in group:
                        self._run_alone(connection, asked)
                    # The commit waits for the disk; in a native thread, so that sockets are served meanwhile.
                    self._offload(connection.connection.commit)
                    transaction.commit()
                except BaseException:
                    transaction.close()
                    raise
        except BaseException as error:
            refusal = _meaning_of(error)
            for asked in group:
                asked.error = refusal

    @staticmethod
    def _run_alone(connection: sa.Connection, asked: _Asked) -> None:
        """One unit: its error rolls back only its own deeds."""
        try:
            with connection.begin_nested():
                asked.answer = asked.unit(connection)
        except Exception as error:
            trouble = _disk_trouble_in(error)
            if trouble is not None:
                raise trouble from error
            driver = connection.connection.driver_connection
            if driver is None or not driver.in_transaction:
                raise
            asked.error = error


def _disk_trouble_in(error: BaseException | None) -> BaseException | None:
    """The disk's complaint that an error goes back to.

    On a full disk SQLite may roll the whole transaction back by itself, and what is raised last is only
    that the SAVEPOINT is gone.
    """
    while error is not None:
        if _sqlite_code(error) in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CORRUPT):
            return error
        error = error.__cause__ or error.__context__
    return None


def _sqlite_code(error: BaseException) -> int:
    """The primary result code, or 0."""
    origin = getattr(error, "orig", error)
    return int(getattr(origin, "sqlite_errorcode", 0)) & 0xFF


def _meaning_of(error: BaseException) -> BaseException:
    """What a failed commit means for those who wait. After an I/O error there is no second try."""
    code = _sqlite_code(error)
    if code == sqlite3.SQLITE_IOERR:
        # What the kernel could not write may be dropped from its cache, and a repeated fsync would
        # report success: only a fresh start from disk is honest.
        log.critical("disk_io_error", exc_info=error)
        os._exit(EXIT_IO_ERROR)
    if code == sqlite3.SQLITE_FULL:
        return Unavailable("no_room", retry_after_s=5)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Unavailable("busy", retry_after_s=1)
    return error
