"""Head office's files, once they are read: which were taken before, what one would change, when it must ask.

A feed is one kind of file (`customers`, `staff`). Its lines are the business of the room that they describe; that
a file is taken once, wholly, and in order is the same for all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from lobby_server.kernel.database import insert_into
from lobby_server.kernel.errors import Conflict
from lobby_server.kernel.tables import feed_cursor, feed_hint, feed_taken
from lobby_server.kernel.work import Work

L = TypeVar("L")
K = TypeVar("K")
V = TypeVar("V")

# A full file that lost a fifth is more likely cut at its source than true: somebody has to say so.
SHRINKS_MAX_PERCENT = 20


@dataclass(frozen=True)
class Mark:
    """A file's own words about itself. `is_full`: who is not in it is gone; otherwise only changes are."""

    feed: str
    as_of: date
    source: str
    sha256: str
    is_full: bool = False


@dataclass(frozen=True)
class Seal:
    """Who says that a file is theirs: the number of their key, and the signature; nobody has checked it yet."""

    kid: int
    signature: bytes


@dataclass(frozen=True)
class FeedFile(Generic[L]):
    """A file that is whole and right in itself, its lines in the words of their room."""

    mark: Mark
    lines: tuple[L, ...]
    seal: Seal | None = None


@dataclass(frozen=True)
class TakeFeed(Generic[L]):
    """A file to be taken; with `is_dry` nothing is kept, with `may_shrink` a full file may lose a fifth."""

    file: FeedFile[L]
    is_dry: bool = False
    may_shrink: bool = False


@dataclass(frozen=True)
class Outcome:
    """What a file did, or with a dry run would do."""

    added: int = 0
    changed: int = 0
    gone: int = 0
    unchanged: int = 0
    is_known: bool = False


class DryRun(Exception):
    """Carries the outcome out of a transaction that must not be kept, where only doing it tells what it would do."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


def is_taken(db: sa.Connection, mark: Mark) -> bool:
    """Whether exactly this file was taken before. Raises Conflict("file_older") for one that came too late."""
    mine = sa.select(feed_taken.c.as_of).where(feed_taken.c.feed == mark.feed)
    if db.scalar(mine.where(feed_taken.c.sha256 == mark.sha256)) is not None:
        return True
    newest: date | None = db.scalar(sa.select(sa.func.max(feed_taken.c.as_of)).where(feed_taken.c.feed == mark.feed))
    if newest is not None and mark.as_of < newest:
        raise Conflict("file_older", newest=newest.isoformat(), as_of=mark.as_of.isoformat())
    return False


def newest_taken(db: sa.Connection) -> dict[str, tuple[date, int]]:
    """Of each feed, the day of the newest file that was taken, and how many lines it had."""
    rows = db.execute(sa.select(feed_taken).order_by(feed_taken.c.as_of))
    return {row.feed: (row.as_of, row.row_count) for row in rows}


@dataclass(frozen=True)
class Fetched:
    """How far a feed was fetched: head office's own mark, when it was last asked, and why its answer was not taken."""

    cursor: str
    asked_at: datetime
    refused: str | None


def fetched(db: sa.Connection) -> dict[str, Fetched]:
    """Of each feed that was ever asked for."""
    rows = db.execute(sa.select(feed_cursor))
    return {row.feed: Fetched(row.cursor, row.asked_at, row.refused) for row in rows}


def note_fetched(db: sa.Connection, feed: str, now: Fetched) -> None:
    """The same, from now on."""
    _put(db, feed_cursor, feed, vars(now))


def note_hint(db: sa.Connection, feed: str, at: datetime) -> None:
    """Head office says that a feed has something new."""
    _put(db, feed_hint, feed, {"at": at})


def _put(db: sa.Connection, table: sa.Table, feed: str, now: Mapping[str, Any]) -> None:
    """The one row of a feed, new or changed."""
    new = insert_into(db, table).values(feed=feed, **now)
    db.execute(new.on_conflict_do_update(index_elements=["feed"], set_=now))


def hinted(db: sa.Connection) -> frozenset[str]:
    """The feeds that have not been asked for since head office said so."""
    asked = sa.select(feed_cursor.c.feed).where(
        feed_cursor.c.feed == feed_hint.c.feed, feed_cursor.c.asked_at >= feed_hint.c.at
    )
    return frozenset(db.scalars(sa.select(feed_hint.c.feed).where(~asked.exists())))


def count_taken(db: sa.Connection, feed: str) -> int:
    """How many files of a feed were taken: tells whether one came in between."""
    return db.scalar(sa.select(sa.func.count()).select_from(feed_taken).where(feed_taken.c.feed == feed)) or 0


def check_size(request: TakeFeed[L], known: int, gone: int) -> None:
    """Raises Conflict("file_shrank") for a full file in which too many are missing, unless that is meant."""
    if gone * 100 >= known * SHRINKS_MAX_PERCENT and gone > 0 and not request.may_shrink:
        raise Conflict("file_shrank", known=known, gone=gone, percent_max=SHRINKS_MAX_PERCENT)


@dataclass(frozen=True)
class Difference(Generic[K, V]):
    """What a file says against what is known, by the key of each thing."""

    added: Mapping[K, V]
    changed: Mapping[K, V]
    gone: frozenset[K]
    unchanged: int

    @property
    def outcome(self) -> Outcome:
        """The same in numbers."""
        return Outcome(len(self.added), len(self.changed), len(self.gone), self.unchanged)


def compare(known: Mapping[K, V], told: Mapping[K, V], *, is_full: bool) -> Difference[K, V]:
    """What is new, what differs, and in a full file what is missing."""
    added = {key: value for key, value in told.items() if key not in known}
    changed = {key: value for key, value in told.items() if key in known and known[key] != value}
    gone = frozenset(known.keys() - told.keys()) if is_full else frozenset[K]()
    return Difference(added, changed, gone, len(told) - len(added) - len(changed))


def take(
    work: Work,
    request: TakeFeed[L],
    known: Mapping[K, V],
    told: Mapping[K, V],
    enter: Callable[[Difference[K, V]], None],
) -> Outcome:
    """Take a file that is small enough for one transaction: compare, ask, enter, note.

    `enter` writes the difference; with a dry run it is not called. Raises Conflict("file_older", "file_shrank").
    """
    mark = request.file.mark
    if is_taken(work.db, mark):
        return Outcome(is_known=True)
    difference = compare(known, told, is_full=mark.is_full)
    check_size(request, len(known), len(difference.gone))
    outcome = difference.outcome
    if not request.is_dry:
        enter(difference)
        note_taken(work.db, mark, len(told))
        note_audit(work, mark, outcome)
    return outcome


def note_audit(work: Work, mark: Mark, outcome: Outcome) -> None:
    """Who took which file, and what it did."""
    counts: dict[str, Any] = {"added": outcome.added, "changed": outcome.changed, "gone": outcome.gone}
    work.audit(f"take_{mark.feed}_file", mark.sha256[:16], **counts)


def note_taken(db: sa.Connection, mark: Mark, row_count: int) -> None:
    """This file is in."""
    db.execute(feed_taken.insert().values(feed=mark.feed, sha256=mark.sha256, as_of=mark.as_of, row_count=row_count))
