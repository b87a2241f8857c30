"""Expected waits: the picture that they are computed from, and announcing those that moved."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from lobby_server.branch.rules import ServicePoint, ServiceType
from lobby_server.kernel.work import Work
from lobby_server.queue import store
from lobby_server.queue.events import ExpectedWaitChanged
from lobby_server.queue.forecast import Assumed, Line, OpenPoint
from lobby_server.queue.rules import PRIORITY, QueuePolicy, Ticket, Waits


@dataclass(frozen=True)
class RefreshWaits:
    """The waits that were computed outside, for a branch."""

    branch_id: str
    waits: Mapping[str, Waits]


def announce_waits(work: Work, request: RefreshWaits) -> bool:
    """Announce waits that moved by a minute somewhere; returns whether they did."""
    queue = store.lock_queue(work.db, request.branch_id)
    if is_same_announcement(queue.waits, request.waits):
        return False
    store.save_waits(work.db, request.branch_id, request.waits)
    work.record(ExpectedWaitChanged(request.branch_id, request.waits))
    return True


def is_same_announcement(before: Mapping[str, Waits], now: Mapping[str, Waits]) -> bool:
    """Whether people would be told the same minutes."""
    return _in_minutes(before) == _in_minutes(now)


def _in_minutes(waits: Mapping[str, Waits]) -> dict[str, tuple[int, int]]:
    return {name: (-(-each.p50_s // 60), -(-each.p90_s // 60)) for name, each in waits.items()}


def line_of(
    tickets: Collection[Ticket],
    points: Collection[ServicePoint],
    types: Mapping[str, ServiceType],
    now: datetime | None = None,
    policy: QueuePolicy | None = None,
) -> Line:
    """The live state that waits are computed from; `now` and `policy` (else fifo) are needed for the waits only."""
    return Line(
        tickets=list(tickets),
        points=[OpenPoint(each.code, each.serves) for each in points if each.is_open],
        typical_s={each.code: each.typical_s for each in types.values()},
        now=now,
        assumed=_assumed(policy) if policy else Assumed(),
    )


def _assumed(policy: QueuePolicy) -> Assumed:
    """What the simulation is told of a branch's policy. Leavers and future arrivals are not estimated yet."""
    told = policy.parameters
    return Assumed(
        mode=policy.discipline,
        weights=told.weights,
        priority=PRIORITY,
        vip_run_max=told.vip_run_max,
        overdue_s=told.overdue_s,
        points_planned=told.points_planned or 0,
        cap=policy.overtake_cap,
    )
