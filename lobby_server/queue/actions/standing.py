"""How the queue stands as a whole is said anew whenever it changes: its manning, its rule, who is served by nobody."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from lobby_server.branch import store as branches
from lobby_server.branch.rules import ServicePoint, points_planned
from lobby_server.doors.who import KIOSK, MACHINE
from lobby_server.kernel.work import Work
from lobby_server.queue import store
from lobby_server.queue.discipline import can_call, is_degraded, planned
from lobby_server.queue.events import QueueChanged
from lobby_server.queue.forecast import Line, OpenPoint, unserved
from lobby_server.queue.rules import Standing, Ticket, TicketState, is_crowded


def settle(work: Work, branch_id: str) -> None:
    """Tell every screen how the queue stands, if it stands otherwise than they were told."""
    queue = store.lock_queue(work.db, branch_id)
    standing = standing_of(work.db, queue, work.now)
    if standing != queue.standing:
        store.save_standing(work.db, branch_id, standing)
        work.record(QueueChanged(branch_id, queue.policy, standing))


def settle_policy(work: Work, branch_id: str) -> None:
    """The same after a change of the rule, of which every screen is told whatever else stays."""
    queue = store.lock_queue(work.db, branch_id)
    standing = standing_of(work.db, queue, work.now)
    store.save_standing(work.db, branch_id, standing)
    work.record(QueueChanged(branch_id, queue.policy, standing))


def settle_ticket(work: Work, ticket: Ticket) -> None:
    """The same after one ticket moved: all is looked at only if nobody serves it now, or if nobody did before."""
    known = ticket.id in store.look_at_queue(work.db, ticket.branch_id).standing.unserved
    if known or (ticket.state is TicketState.WAITING and not _is_served(work, ticket)):
        settle(work, ticket.branch_id)


def _is_served(work: Work, ticket: Ticket) -> bool:
    points = branches.service_points(work.db, ticket.branch_id)
    return any(each.is_open and can_call(ticket, each.code, each.serves) for each in points)


def standing_of(db: sa.Connection, queue: store.Queue, now: datetime) -> Standing:
    """How a queue stands at this moment."""
    points = branches.service_points(db, queue.branch_id)
    open_points = [OpenPoint(each.code, each.serves) for each in points if each.is_open]
    waiting = store.waiting(db, queue.branch_id)
    longest_s = max(((now - each.placed_at).total_seconds() for each in waiting), default=0.0)
    left = unserved(Line(waiting, open_points, {}))
    windows_open = count_windows_open(points)
    should_be_open = planned(queue.policy.parameters, planned_now(db, queue.branch_id, now))
    down = branches.kinds_down(db, queue.branch_id)
    kiosks_down, machines_down = KIOSK in down, MACHINE in down
    return Standing(
        points_open=windows_open,
        points_planned=should_be_open,
        kiosks_down=kiosks_down,
        machines_down=machines_down,
        is_degraded=is_degraded(should_be_open, windows_open, devices_down=kiosks_down or machines_down),
        is_crowded=is_crowded(len(waiting), longest_s, before=queue.standing.is_crowded),
        unserved={each.id: each.ticket_class if each.only_at is None else f"@{each.only_at}" for each in left},
    )


def count_windows_open(points: list[ServicePoint]) -> int:
    """Windows at which somebody works; desks and machines are not in the plan."""
    return sum(each.is_open for each in points if each.kind == "window")


def planned_now(db: sa.Connection, branch_id: str, now: datetime) -> int | None:
    """How many windows the branch's own plan has open at this moment; None where it plans nothing, and on holidays."""
    branch = branches.find_branch(db, branch_id)
    assert branch is not None
    local = branch.local(now)
    return None if local.date() in branch.closed_on else points_planned(branch.plan, local)
