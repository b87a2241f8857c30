"""How a branch is set up: its points, hours, hall, promises and services.

Each change names the version of the settings that somebody saw, and is refused where another has come since.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from lobby_server.branch import store
from lobby_server.branch.events import ServicePointChanged
from lobby_server.branch.rules import (
    POINTS_MAX,
    SERVICE_TYPES_FILE,
    Branch,
    Hours,
    Names,
    Planned,
    Promise,
    ServicePoint,
    check_change,
    check_hours,
    check_point,
    offered_codes,
    read_service_types,
)
from lobby_server.kernel import feeds
from lobby_server.kernel.errors import Conflict, Invalid, NotFound
from lobby_server.kernel.feeds import Difference, Outcome, TakeFeed
from lobby_server.kernel.work import Work


def _next_version(work: Work, seen: int) -> Branch:
    """This branch as the next version of its settings, for whoever saw the one in force.

    Raises Conflict("changed") with the version that somebody else has made meanwhile.
    """
    branch = store.lock_branch(work.db, work.actor.branch_id)
    if branch.version != seen:
        raise Conflict("changed", version=branch.version)
    following = replace(branch, version=seen + 1)
    store.save_settings(work.db, following)
    return following


@dataclass(frozen=True)
class SetPoint:
    """How a service point should be; `version` is that of the settings in which somebody changed it."""

    point: ServicePoint
    version: int


def set_point(work: Work, request: SetPoint) -> ServicePoint:
    """Set a service point up, or anew, at this branch; whoever works there goes on.

    Raises Invalid for a point that cannot be, Conflict("in_use") for another kind of point while it is used,
    Invalid("too_many_points"), Conflict("changed") as every setting.
    """
    branch, wanted = _next_version(work, request.version), request.point
    check_point(wanted, branch.zones)
    known = store.lock_service_point(work.db, wanted.branch_id, wanted.code)
    if known is None:
        if len(store.service_points(work.db, branch.id)) >= POINTS_MAX:
            raise Invalid("too_many_points", most=POINTS_MAX)
        store.add_service_point(work.db, wanted)
        changed = wanted
    else:
        check_change(known, wanted)
        changed = replace(wanted, staff_id=known.staff_id, opened_at=known.opened_at, visit_id=known.visit_id)
        store.save_service_point(work.db, changed)
    work.audit("set_service_point", changed.code, kind=changed.kind, serves=list(changed.serves), zone=changed.zone)
    work.record(ServicePointChanged(changed.branch_id, changed))
    return changed


@dataclass(frozen=True)
class SetCalendar:
    """When this branch is open, and how many windows should be; `version` is what somebody changed."""

    hours: tuple[Hours, ...]
    closed_on: frozenset[date]
    plan: tuple[Planned, ...]
    version: int


def set_calendar(work: Work, request: SetCalendar) -> Branch:
    """Replace this branch's calendar and plan.

    Raises Invalid("hours_backward"), Invalid("hours_overlap"), Conflict("changed") as every setting.
    """
    check_hours(request.hours)
    check_hours(request.plan)
    branch = _next_version(work, request.version)
    changed = replace(branch, hours=request.hours, closed_on=request.closed_on, plan=request.plan)
    store.save_settings(work.db, changed)
    work.audit("set_calendar", branch.id, closed_days=len(request.closed_on))
    return changed


@dataclass(frozen=True)
class SetZones:
    """The parts of this branch's hall, by code, with their names; `version` is what somebody changed."""

    zones: Mapping[str, Names]
    version: int


def set_zones(work: Work, request: SetZones) -> Branch:
    """Replace the zones of this branch's hall.

    Raises Conflict("in_use") naming the points that stand in one which would be gone, Conflict("changed") as every
    setting.
    """
    branch = _next_version(work, request.version)
    points = store.service_points(work.db, branch.id)
    left = sorted(each.code for each in points if each.zone is not None and each.zone not in request.zones)
    if left:
        raise Conflict("in_use", service_points=left)
    changed = replace(branch, zones=dict(request.zones))
    store.save_settings(work.db, changed)
    work.audit("set_zones", branch.id, zones=sorted(request.zones))
    return changed


@dataclass(frozen=True)
class SetPromises:
    """What this branch promises each service level; `version` is what somebody changed."""

    promises: Mapping[str, Promise]
    version: int


def set_promises(work: Work, request: SetPromises) -> Branch:
    """Replace this branch's promises. They count for whoever comes, or is given another level, from now on.

    Raises Conflict("changed") as every setting.
    """
    branch = _next_version(work, request.version)
    changed = replace(branch, promises=dict(request.promises))
    store.save_settings(work.db, changed)
    was, now = (_by_part(of.promises) for of in (branch, changed))
    changes: dict[str, Any] = {
        part: {"from": was[part], "to": value} for part, value in now.items() if value != was[part]
    }
    work.audit("set_promises", branch.id, **changes)
    return changed


def _by_part(promises: Mapping[str, Promise]) -> dict[str, int]:
    """Each number by its level and name, as the audit tells of it."""
    return {f"{level}.{name}": value for level, each in promises.items() for name, value in vars(each).items()}


def take_services(work: Work, request: TakeFeed[tuple[str, frozenset[str]]]) -> Outcome:
    """Which service types each branch offers: what its kind may serve and is not named is withheld.

    A branch that is not in the file stays as it is, even in a full one. Raises NotFound("branch"),
    Invalid("unknown_service_type") for one that a branch of this kind may not serve, and what `feeds.take` raises.
    """
    told = dict(request.file.lines)
    may = {}
    for branch_id, codes in told.items():
        found = store.find_branch(work.db, branch_id)
        if found is None:
            raise NotFound("branch", branch=branch_id)
        may[branch_id] = offered_codes(read_service_types(SERVICE_TYPES_FILE), found.kind, ())
        if not codes <= may[branch_id]:
            raise Invalid("unknown_service_type", branch=branch_id, unknown=sorted(codes - may[branch_id]))

    def enter(difference: Difference[str, frozenset[str]]) -> None:
        for branch_id, codes in difference.changed.items():
            store.set_withheld(work.db, branch_id, may[branch_id] - codes)

    known = {branch_id: store.service_codes(work.db, branch_id) for branch_id in told}
    return feeds.take(work, request, known, told, enter)
