"""Head office's files, once they are read: which were taken before, what one would change, when it must ask.

A feed is one kind of file (`customers`, `staff`). Its lines are the business of the room that they describe; that
a file is taken once, wholly, and in order is the same for all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

import sqlalchemy as sa

from lobby_server.kernel.errors import Conflict
from lobby_server.kernel.tables import feed_taken

L = TypeVar("L")

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
class FeedFile(Generic[L]):
    """A file that is whole and right in itself, its lines in the words of their room."""

    mark: Mark
    lines: tuple[L, ...]


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


def is_taken(db: sa.Connection, mark: Mark) -> bool:
    """Whether exactly this file was taken before. Raises Conflict("file_older") for one that came too late."""
    mine = sa.select(feed_taken.c.as_of).where(feed_taken.c.feed == mark.feed)
    if db.scalar(mine.where(feed_taken.c.sha256 == mark.sha256)) is not None:
        return True
    newest: date | None = db.scalar(sa.select(sa.func.max(feed_taken.c.as_of)).where(feed_taken.c.feed == mark.feed))
    if newest is not None and mark.as_of < newest:
        raise Conflict("file_older", newest=newest.isoformat(), as_of=mark.as_of.isoformat())
    return False


def count_taken(db: sa.Connection, feed: str) -> int:
    """How many files of a feed were taken: tells whether one came in between."""
    return db.scalar(sa.select(sa.func.count()).select_from(feed_taken).where(feed_taken.c.feed == feed)) or 0


def check_size(request: TakeFeed[L], known: int, gone: int) -> None:
    """Raises Conflict("file_shrank") for a full file in which too many are missing, unless that is meant."""
    if gone * 100 >= known * SHRINKS_MAX_PERCENT and gone > 0 and not request.may_shrink:
        raise Conflict("file_shrank", known=known, gone=gone, percent_max=SHRINKS_MAX_PERCENT)


def note_taken(db: sa.Connection, mark: Mark, row_count: int) -> None:
    """This file is in."""
    db.execute(feed_taken.insert().values(feed=mark.feed, sha256=mark.sha256, as_of=mark.as_of, row_count=row_count))
