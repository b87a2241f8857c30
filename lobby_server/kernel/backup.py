"""A copy of the whole database in one file, made while it is used, and put back when nobody uses it.

SQLite copies itself by its own backup interface in one step: readers of a WAL file do not stop its writer. PostgreSQL's
own programs `pg_dump` and `pg_restore` do the same for it. The keys are not in the copy: who finds it reads no name.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from lobby_server.kernel.database import BUSY_TIMEOUT_MS
from lobby_server.kernel.errors import Conflict, Invalid

# Which server wrote it matters: a copy holds one engine's form.
_SQLITE_BEGINS = b"SQLite format 3\0"
_PG_DUMP_BEGINS = b"PGDMP"
_PG_IN_USE = "55006"  # object_in_use


def copy_to(url: str, target: Path) -> None:
    """Write the database at `url` into a new file, complete or not at all; mode 0600.

    Raises FileExistsError for a target that is there, Invalid("bad_copy") when the copy is not sound.
    """
    if target.exists():
        raise FileExistsError(f"{target} is there already; a backup never replaces another")
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        if url.startswith("sqlite"):
            with closing(_opened(_path(url))) as source, closing(sqlite3.connect(part)) as copy:
                source.backup(copy)
                # One file, without a log beside it.
                copy.execute("PRAGMA journal_mode=DELETE").fetchone()
            _look_sound(part)
        else:
            _program(url, "pg_dump", "--format=custom", f"--file={part}")
        _keep(part, target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def look_at(url: str, copy: Path) -> None:
    """Raise Invalid("bad_copy") unless this file is a whole copy of such an engine's database."""
    with copy.open("rb") as file:
        begins = file.read(len(_SQLITE_BEGINS))
    expected = _SQLITE_BEGINS if url.startswith("sqlite") else _PG_DUMP_BEGINS
    if not begins.startswith(expected):
        raise Invalid("bad_copy", expected="SQLite" if url.startswith("sqlite") else "pg_dump")
    if url.startswith("sqlite"):
        _look_sound(copy)
    else:
        _program(None, "pg_restore", "--list", str(copy))


@contextmanager
def putting_back(url: str, copy: Path, now: datetime) -> Iterator[str]:
    """Give the address of another database that holds the copy, to be made ready; then it takes the place of `url`'s.

    An error inside the block changes nothing. What was there before stays, as a file or a database of another name.
    Raises Conflict("in_use") while anybody has the database open.
    """
    if not url.startswith("sqlite"):
        with _beside_on_postgresql(url, copy, now) as beside:
            yield beside
        return
    path = _path(url)
    part = path.with_name(path.name + ".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    part.unlink(missing_ok=True)
    shutil.copyfile(copy, part)
    part.chmod(0o600)
    try:
        yield f"sqlite:///{part}"
        with _alone(path), _alone(part):
            if path.exists():
                path.rename(path.with_name(f"{path.name}.before-{now:%Y%m%dT%H%M%SZ}"))
            _keep(part, path)
    finally:
        part.unlink(missing_ok=True)


def _path(url: str) -> Path:
    return Path(sa.make_url(url).database or "")


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{path}?mode=rw", uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_MS / 1000)


def _look_sound(path: Path) -> None:
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as copy:
            found = copy.execute("PRAGMA integrity_check").fetchall()
    except sqlite3.DatabaseError as error:
        found = [(str(error),)]
    if found != [("ok",)]:
        raise Invalid("bad_copy", found=[row[0] for row in found[:3]])


def _keep(part: Path, target: Path) -> None:
    """Rename what was written to its place, so that neither the content nor the name can be lost with the power."""
    for path in (part, target.parent):
        opened = os.open(path, os.O_RDONLY)
        try:
            os.fsync(opened)
            if path is part:
                part.rename(target)
        finally:
            os.close(opened)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold a file that nobody else has open, with its log taken in: leaving WAL needs exactly that."""
    if not path.exists():
        yield
        return
    with closing(_opened(path)) as old:
        old.execute("PRAGMA busy_timeout=0")
        try:
            mode = old.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
            old.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise Conflict("in_use") from error
        assert mode == "delete", f"SQLite stayed in {mode} mode"
        yield


@contextmanager
def _beside_on_postgresql(url: str, copy: Path, now: datetime) -> Iterator[str]:
    """A new database with the copy in it, renamed at the end; its owner needs the right to make databases."""
    address = sa.make_url(url)
    part, before = f"{address.database}_part", f"{address.database}_before_{now:%Y%m%dt%H%M%Sz}"
    beside = address.set(database=part).render_as_string(hide_password=False)
    engine = sa.create_engine(address.set(database="postgres"), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as server:
            name: Callable[[Any], str] = server.dialect.identifier_preparer.quote
            server.exec_driver_sql(f"DROP DATABASE IF EXISTS {name(part)}")
            server.exec_driver_sql(f"CREATE DATABASE {name(part)} TEMPLATE template0")
            try:
                _program(beside, "pg_restore", "--no-owner", "--exit-on-error", str(copy))
                yield beside
                server.exec_driver_sql(f"ALTER DATABASE {name(address.database)} RENAME TO {name(before)}")
                try:
                    server.exec_driver_sql(f"ALTER DATABASE {name(part)} RENAME TO {name(address.database)}")
                except sa.exc.DBAPIError:
                    server.exec_driver_sql(f"ALTER DATABASE {name(before)} RENAME TO {name(address.database)}")
                    raise
            except sa.exc.OperationalError as error:
                if getattr(error.orig, "sqlstate", None) == _PG_IN_USE:
                    raise Conflict("in_use") from error
                raise
            finally:
                server.exec_driver_sql(f"DROP DATABASE IF EXISTS {name(part)}")
    finally:
        engine.dispose()


def _program(url: str | None, *words: str) -> None:
    """Run one of PostgreSQL's programs; the password goes by the environment, where other users do not see it."""
    told, environment = list(words), dict(os.environ)
    if url is not None:
        address = sa.make_url(url)
        if address.password:
            environment["PGPASSWORD"] = address.password
        plain = address.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
        told.insert(1, f"--dbname={plain}")
    ended = subprocess.run(told, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if ended.returncode != 0:
        raise Invalid("bad_copy", found=ended.stderr.strip().splitlines()[:3])
