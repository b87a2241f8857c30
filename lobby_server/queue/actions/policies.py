"""How the queue is to be served: the policy as a setting, and what another would have done to a recorded day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import sqlalchemy as sa

from lobby_server.branch import store as branches
from lobby_server.branch.rules import Branch, ServicePoint, day_start, points_planned
from lobby_server.kernel.errors import Conflict, Invalid, NotFound
from lobby_server.kernel.work import Work
from lobby_server.queue import store
from lobby_server.queue.actions import StartQueue, change_policy
from lobby_server.queue.discipline import planned
from lobby_server.queue.rules import MODES, QueuePolicy, check_policy
from lobby_server.queue.store import history
from lobby_server.queue.what_if import Change, RecordedDay


@dataclass(frozen=True)
class SetPolicy:
    """The policy that the branch head wants; `version` is the one that they saw when they changed it."""

    policy: QueuePolicy
    version: int


def set_policy(work: Work, request: SetPolicy) -> QueuePolicy:
    """Serve by this policy from the next call on, as the next version.

    Raises Conflict("changed") with the version that somebody else has made meanwhile, Invalid("bad_policy").
    """
    branch_id = work.actor.branch_id
    before = store.lock_queue(work.db, branch_id).policy
    if before.version != request.version:
        raise Conflict("changed", version=before.version)
    policy = replace(request.policy, version=before.version + 1)
    change_policy(work, StartQueue(branch_id, policy))
    return policy


@dataclass(frozen=True)
class Wish:
    """What is to be tried: points by their codes, and a mode by its name or a policy whole."""

    opened: tuple[str, ...]
    closed: tuple[str, ...]
    discipline: str | None = None
    policy: QueuePolicy | None = None


def recorded_day(db: sa.Connection, branch_id: str, day: date) -> RecordedDay:
    """What is kept of a business day. Raises NotFound("recorded_day") when nobody was called or no point was open."""
    branch = _branch(db, branch_id)
    came = history.came_on(db, branch_id, day)
    spans = history.spans_between(db, branch_id, day_start(day, branch), day_start(day + timedelta(days=1), branch))
    if not came or not spans:
        raise NotFound("recorded_day")
    policy = store.look_at_queue(db, branch_id).policy
    by_plan = points_planned(branch.plan, branch.local(spans[0].opened_at))
    return RecordedDay(day, came, spans, policy, planned(policy.parameters, by_plan))


def last_recorded_day(db: sa.Connection, branch_id: str) -> RecordedDay:
    """The last business day before the running one. Raises NotFound("recorded_day")."""
    today = store.look_at_queue(db, branch_id).business_day
    day = history.last_day_before(db, branch_id, today) if today else None
    if day is None:
        raise NotFound("recorded_day")
    return recorded_day(db, branch_id, day)


def change_of(db: sa.Connection, branch_id: str, wish: Wish) -> Change:
    """The wish with the points' own classes.

    Raises NotFound("service_point"), Invalid("no_person_works_there"), Invalid("bad_policy") for one that cannot be,
    Invalid("open_and_close").
    """
    if wish.discipline is not None and wish.discipline not in MODES:
        raise Invalid("bad_policy", field="discipline")
    if wish.policy is not None:
        check_policy(wish.policy)
    if set(wish.opened) & set(wish.closed):
        raise Invalid("open_and_close")
    opened = {code: _staffed(db, branch_id, code) for code in wish.opened}
    closed = frozenset(_staffed(db, branch_id, code).code for code in wish.closed)
    profiles = {code: (each.serves, each.kind == "window") for code, each in opened.items()}
    return Change(profiles, closed, wish.discipline, wish.policy)


def _staffed(db: sa.Connection, branch_id: str, code: str) -> ServicePoint:
    point = branches.find_service_point(db, branch_id, code)
    if point is None:
        raise NotFound("service_point")
    if point.kind == "machine":
        raise Invalid("no_person_works_there", service_point=code)
    return point


def _branch(db: sa.Connection, branch_id: str) -> Branch:
    found = branches.find_branch(db, branch_id)
    if found is None:
        raise NotFound("branch")
    return found
