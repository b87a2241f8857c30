"""Asks head office for what is new, feed by feed, from where the last answer ended.

    GET {path}   with `{feed}` and `{cursor}`, which is empty the first time

204 is nothing new. 200 is a file as `branch-lobby import` takes it, and in `X-Next-Cursor` head office's own mark of
how far it goes, which is only ever given back. A file is taken first and the mark kept then: whoever dies in between
asks for the same again, and it changes nothing. What is refused is not passed over: the mark stays, and people see why.
A hint of head office's only makes it ask at once.
"""

from __future__ import annotations

import logging
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from lobby_server.admin.feeds import KINDS, Import, take
from lobby_server.admin.head_office import read_part
from lobby_server.branch import store as branches
from lobby_server.kernel.actor import Actor, system
from lobby_server.kernel.errors import Refusal
from lobby_server.kernel.feeds import Fetched, fetched, hinted, note_fetched, note_hint
from lobby_server.kernel.house import House
from lobby_server.kernel.outward import BadPlace, Place, Unanswered
from lobby_server.kernel.work import Work

log = logging.getLogger(__name__)

CURSOR_LENGTH_MAX = 500  # an opaque mark is a key or a number; a longer one is something else
ANSWERS_AT_ONCE_MAX = 200  # of a feed, each up to a mebibyte; the rest comes with the next round
EVERY_S_MIN, EVERY_S = 10, 300


@dataclass(frozen=True)
class Source:
    """Where head office's feeds are, and which of them are fetched."""

    place: Place
    path: str
    feeds: tuple[str, ...]
    headers: Mapping[str, str]
    every_s: int


def source_of(house: House) -> Source | None:
    """The part `[feeds]` of head office's file; None where there is none. Raises BadSettings naming what is wrong."""
    return read_part(house, "feeds", {"feeds", "every_s"}, _read)


def _read(told: Mapping[str, Any], headers: Mapping[str, str]) -> Source:
    path, feeds, every_s = str(told.get("path", "")), tuple(told.get("feeds", ())), told.get("every_s", EVERY_S)
    names = {name for _text, name, _format, _conversion in string.Formatter().parse(path) if name is not None}
    if names != {"feed", "cursor"}:
        raise ValueError(f"path {path!r}: expected {{feed}} and {{cursor}} in it")
    if not feeds or set(feeds) - KINDS.keys():
        raise ValueError(f"feeds {feeds}: expected some of {', '.join(sorted(KINDS))}")
    if type(every_s) is not int or every_s < EVERY_S_MIN:
        raise ValueError(f"every_s {every_s!r}: expected {EVERY_S_MIN} or more")
    return Source(Place(told.get("address", ""), told.get("allowed", ())), path, feeds, headers, every_s)


def hint(work: Work, feed: str) -> None:
    """Have a feed asked for before its time."""
    note_hint(work.db, feed, work.now)
    work.audit("hint_feed", feed)


class Fetcher:
    """One for a server. Two at work on one database take everything once."""

    def __init__(self, house: House, source: Source) -> None:
        self._house = house
        self._source = source
        self._next_at_s = 0.0

    def fetch(self) -> None:
        """Ask for every feed, when it is time, and before it for those of which head office says that they are new.

        In the settings' order, for one may name what another brings.
        """
        is_time = self._house.clock.elapsed_s() >= self._next_at_s
        if is_time:
            self._next_at_s = self._house.clock.elapsed_s() + self._source.every_s
        with self._house.database.read() as db:
            new = hinted(db)
            wanted = [each for each in self._source.feeds if is_time or each in new]
            branch_id = next((each.id for each in branches.all_branches(db)), None) if wanted else None
        if branch_id is not None:
            for feed in wanted:
                self._fetch(feed, system(branch_id))

    def _fetch(self, feed: str, who: Actor) -> None:
        with self._house.database.read() as db:
            before = fetched(db).get(feed)
        cursor = before.cursor if before else ""
        for _ in range(ANSWERS_AT_ONCE_MAX):
            try:
                told = self._ask(feed, cursor, who)
            except _NotTaken as why:
                log.warning("feed_not_taken", extra={"facts": {"feed": feed, "code": why.code}})
                self._note(feed, cursor, why.code)
                return
            self._note(feed, told or cursor, None)
            if told is None or told == cursor:
                return
            cursor = told

    def _ask(self, feed: str, cursor: str, who: Actor) -> str | None:
        """Take what is new after a mark; the mark of how far that goes, None where nothing is."""
        path = self._source.path.format(feed=feed, cursor=quote(cursor, safe=""))
        try:
            heard = self._source.place.ask("GET", path, self._source.headers)
        except (Unanswered, BadPlace) as lost:
            raise _NotTaken(lost.code) from lost
        if heard.http_code == 204:
            return None
        if heard.http_code != 200:
            raise _NotTaken(f"http_{heard.http_code}")
        told = heard.headers.get("x-next-cursor", "")
        if not 0 < len(told) <= CURSOR_LENGTH_MAX:
            raise _NotTaken("no_cursor")
        try:
            take(self._house, Import(feed, heard.body), who)
        except Refusal as refused:
            raise _NotTaken(refused.code) from refused
        return told

    def _note(self, feed: str, cursor: str, refused: str | None) -> None:
        now = Fetched(cursor, self._house.clock.now(), refused)
        self._house.database.run(lambda db: note_fetched(db, feed, now))


class _NotTaken(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
