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
from lobby_server.queue.rules import PRIORITY, Ticket, Usual, Waits


@dataclass(frozen=True)
class RefreshWaits:
    """The waits that were computed outside, for a branch."""

    branch_id: str
    waits: Mapping[str, Waits]


def announce_waits(work: Work, request: RefreshWaits) -> bool:
    """Announce waits that moved by a minute somewhere; returns whether they did.

    Everybody is told those of ordinary customers; what another level is told, it is told at the kiosk.
    """
    queue = store.lock_queue(work.db, request.branch_id)
    if is_same_announcement(queue.announced, request.waits):
        return False
    store.save_waits(work.db, request.branch_id, request.waits)
    told = store.look_at_queue(work.db, request.branch_id).waits
    if not is_same_announcement(queue.waits, told):
        work.record(ExpectedWaitChanged(request.branch_id, told))
    return True


@dataclass(frozen=True)
class LearnUsual:
    """What a branch's last days were like at this hour, as it was computed outside."""

    branch_id: str
    usual: Usual


def learn_usual(work: Work, request: LearnUsual) -> None:
    """Take over what this hour is usually like."""
    store.lock_queue(work.db, request.branch_id)
    store.save_usual(work.db, request.branch_id, request.usual)


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
    queue: store.Queue | None = None,
) -> Line:
    """The live state that waits are computed from; `now` and `queue` (else fifo) are needed for the waits only."""
    recent = queue.recent if queue else {}
    return Line(
        tickets=list(tickets),
        points=[
            OpenPoint(each.code, each.serves, each.kind == "window", recent.get(each.code, ()))
            for each in points
            if each.is_open
        ],
        typical_s={each.code: each.typical_s for each in types.values()},
        now=now,
        assumed=_assumed(queue, types) if queue else Assumed(),
    )


def _assumed(queue: store.Queue, types: Mapping[str, ServiceType]) -> Assumed:
    """What the simulation is told: the branch's policy, how it is manned, and what its last days were like."""
    policy, told = queue.policy, queue.policy.parameters
    by_class: dict[str, list[int]] = {}
    for each in types.values():
        by_class.setdefault(each.ticket_class, []).append(each.typical_s)
    return Assumed(
        mode=policy.discipline,
        weights=told.weights,
        priority=PRIORITY,
        vip_run_max=told.vip_run_max,
        overdue_s=told.overdue_s,
        points_planned=queue.standing.points_planned,
        devices_down=queue.standing.kiosks_down or queue.standing.machines_down,
        cap=policy.overtake_cap,
        leavers_per_h=queue.usual.leavers_per_h,
        arrivals_per_h=queue.usual.arrivals_per_h,
        arriving_s={name: sum(times) / len(times) for name, times in by_class.items()},
    )
