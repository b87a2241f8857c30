"""How the road to head office stands, as a branch head sees it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from lobby_server.doors.reading import Wire
from lobby_server.kernel.clock import to_wire


class ParkedSeen(Wire):
    """A step that head office will not take, and how many wait behind it."""

    id: str
    referral_id: str
    seq: int
    type: str
    reason: str
    attempts: int
    at: str
    waiting: int


class ConfirmedSeen(Wire):
    """A step that head office has; `url` opens its record there, where the settings say how."""

    referral_id: str
    seq: int
    type: str
    at: str
    remote_id: str | None
    url: str | None


class RoadSeen(Wire):
    """How the road to head office stands. `oldest_at` is the oldest step that is not acknowledged.

    `repaired` and `unknown` are what the last comparison found: records told again, and records there of which this
    branch knows nothing. `compared_at` is null until it is done, and while one is asked for.
    """

    connector: str | None
    paused_reason: str | None
    paused_at: str | None
    pending: int
    oldest_at: str | None
    compared_at: str | None
    repaired: int
    unknown: int
    parked: list[ParkedSeen]
    latest: list[ConfirmedSeen]


class ReleasedSeen(Wire):
    """A step that is tried again."""

    id: str


class AskedSeen(Wire):
    """A comparison that is asked for."""

    branch: str


def parked_seen(row: Any, waiting: int) -> ParkedSeen:
    """A parked row of the outbox."""
    return ParkedSeen(
        id=row.id,
        referral_id=row.aggregate,
        seq=row.seq,
        type=row.type,
        reason=row.reason,
        attempts=row.attempts,
        at=to_wire(row.at),
        waiting=waiting,
    )


def confirmed_seen(row: Any, record_url: str | None) -> ConfirmedSeen:
    """An acknowledged row of the outbox, with its record's id there."""
    has_place = record_url is not None and row.remote_id is not None
    return ConfirmedSeen(
        referral_id=row.aggregate,
        seq=row.seq,
        type=row.type,
        at=to_wire(row.acked_at),
        remote_id=row.remote_id,
        url=str(record_url).replace("{id}", row.remote_id) if has_place else None,
    )


def road_seen(
    name: str | None,
    line: Any | None,
    backlog: tuple[int, datetime | None],
    parked: list[ParkedSeen],
    latest: list[ConfirmedSeen],
) -> RoadSeen:
    """A branch's road; `line` is None until its first step was told."""
    return RoadSeen(
        connector=name,
        paused_reason=line.paused_reason if line else None,
        paused_at=_moment(line.paused_at if line else None),
        pending=backlog[0],
        oldest_at=_moment(backlog[1]),
        compared_at=_moment(line.compared_at if line else None),
        repaired=line.repaired if line else 0,
        unknown=line.unknown if line else 0,
        parked=parked,
        latest=latest,
    )


def _moment(at: datetime | None) -> str | None:
    return to_wire(at) if at else None
