"""What the administrator's pages show of a whole day: who did what, and what head office sent."""

from __future__ import annotations

from typing import Any

from lobby_server.doors.reading import Wire


class DoneBy(Wire):
    """Who did it: a colleague, a device or a program of head office by name; or the server (`kind` is system)."""

    kind: str
    name: str
    staff_no: str | None = None


class DeedSeen(Wire):
    """One line of the audit. `subject` is an id; `facts` hold ids and codes, never names or numbers of people."""

    audit_seq: int
    at: str
    by: DoneBy
    deed: str
    subject: str
    facts: dict[str, Any]


class AuditPage(Wire):
    """A day's lines, newest first; `before` is what to ask for next, None at the end. `timezone` is the branch's."""

    day: str
    timezone: str
    deeds: list[DeedSeen]
    before: int | None


class FeedSeen(Wire):
    """A kind of file, and the newest one of it that was taken.

    Where it is fetched: when head office was last asked, and why its answer was not taken.
    """

    feed: str
    as_of: str | None
    row_count: int | None
    asked_at: str | None
    refused: str | None


class FeedsSeen(Wire):
    """Every kind of file that head office may send."""

    feeds: list[FeedSeen]


class Taken(Wire):
    """What a file did, or with `?dry_run=1` would do; `is_known` for one that was taken before."""

    added: int
    changed: int
    gone: int
    unchanged: int
    is_known: bool
    is_dry: bool
