"""What happens to the outbox: a step is written, leased, acknowledged, put off, parked, released, told again."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta

from lobby_server.branch import store as branches
from lobby_server.kernel.errors import NotFound
from lobby_server.kernel.event_log import position
from lobby_server.kernel.outward import back_off_s
from lobby_server.kernel.work import Work
from referral.crm_sync import envelope, store
from referral.crm_sync.rules import KEPT, LEASED_AT_ONCE_MAX, Line
from referral.crm_sync.store import Leased
from referral.lifecycle import store as referrals

ADOPTED_AT_ONCE_MAX = 200


def adopt(work: Work, _request: None) -> int:
    """Put a portion of the referrals from before there was an outbox into it, as they stand; how many these were."""
    found = store.untold_referrals(work.db, ADOPTED_AT_ONCE_MAX)
    for of in referrals.as_they_stand(work.db, found):
        told = envelope.envelope(work.ids.new_id(), f"referral.{of.state}", of, None, work.now)
        store.add(work.db, of, told, work.now)
    return len(found)


def lease(work: Work, most: int) -> list[Leased]:
    """Take up to `most` referrals' next steps, to tell them within the lease."""
    assert most <= LEASED_AT_ONCE_MAX
    return store.lease(work.db, work.now, most)


@dataclass(frozen=True)
class Acknowledged:
    """Head office's application has a step: what it holds now, and by which id."""

    held: Leased
    line: Line
    day: date
    remote_id: str | None


def acknowledge(work: Work, request: Acknowledged) -> bool:
    """Note it. False, and nothing changes, when the lease had ended and somebody else holds the step."""
    held = request.held
    if not store.acknowledge(work.db, held, work.now):
        return False
    store.note_record(work.db, request.line, held.branch_id, request.day, request.remote_id)
    return True


def acknowledge_all(work: Work, told: list[Acknowledged]) -> None:
    """Several at once: they were handed over in one piece."""
    for each in told:
        acknowledge(work, each)


@dataclass(frozen=True)
class NotTold:
    """A step that did not get through, and why."""

    held: Leased
    reason: str
    retry_after_s: float | None = None


def put_off(work: Work, request: NotTold) -> None:
    """Try later: each time up to twice as late, at a random moment, so that branches do not come back in step."""
    wait_s = back_off_s(request.held.attempts, random.random(), request.retry_after_s)  # noqa: S311
    store.put_off(work.db, request.held, work.now + timedelta(seconds=wait_s), request.reason)


def park(work: Work, request: NotTold) -> None:
    """Lay it aside for the branch head; its referral waits, the others flow on."""
    if store.park(work.db, request.held, request.reason):
        held = request.held
        work.audit("park_step", held.aggregate, branch_id=held.branch_id, seq=held.seq, reason=request.reason)


def release(work: Work, outbox_id: str) -> str:
    """Try a parked step again: what stood in the way is mended. Raises NotFound("parked")."""
    row = store.find_parked(work.db, work.actor.branch_id, outbox_id)
    if row is None:
        raise NotFound("parked")
    store.reopen(work.db, row.id, work.now)
    work.audit("release_step", row.aggregate, branch_id=row.branch_id, seq=row.seq)
    return outbox_id


def tell_again(work: Work, aggregate: str) -> bool:
    """Head office lost a record or holds it wrongly: its newest step is told once more.

    False while a step is under way, which mends it anyway, and for one that was forgotten long ago.
    """
    row = store.newest(work.db, aggregate)
    if row is None or row.state != "acked":
        return False
    store.reopen(work.db, row.id, work.now)
    work.audit("tell_again", aggregate, branch_id=row.branch_id, seq=row.seq)
    return True


# ---- The road -----------------------------------------------------------------------------------------------------


def begin_epoch(work: Work, branch_id: str) -> int:
    """A branch's first epoch, or the next one after its database came back from a back-up.

    It is the second of its beginning, and more than the one before: two restores of the same back-up still differ, and
    the later one counts.
    """
    # Two couriers that begin it do so one after the other.
    branches.lock_branch(work.db, branch_id)
    before = store.line(work.db, branch_id)
    log_epoch = position(work.db, branch_id).epoch
    if before is not None and before.log_epoch == log_epoch:
        return int(before.epoch)
    epoch = max(int(work.now.timestamp()), before.epoch + 1 if before is not None else 0)
    store.put_line(work.db, branch_id, epoch=epoch, log_epoch=log_epoch)
    work.audit("begin_epoch", branch_id, branch_id=branch_id, epoch=epoch)
    return epoch


@dataclass(frozen=True)
class Meet:
    """Branches that speak to a connector for the first time."""

    branch_ids: tuple[str, ...]
    connector: str


def meet(work: Work, request: Meet) -> None:
    """Whatever another CRM was told counts no more: customers are looked up anew, and all records compared."""
    store.forget_parties(work.db)
    for branch_id in request.branch_ids:
        store.put_line(work.db, branch_id, connector=request.connector, compared_at=None)
        work.audit("meet_head_office", branch_id, branch_id=branch_id, connector=request.connector)


@dataclass(frozen=True)
class Pause:
    """The far side does not let us in, for one reason."""

    branch_ids: tuple[str, ...]
    reason: str


def pause(work: Work, request: Pause) -> None:
    """Let the road rest until the far side lets us in again; deeds go on and wait in the outbox."""
    for branch_id in request.branch_ids:
        row = store.line(work.db, branch_id)
        if row is not None and row.paused_reason is None:
            store.put_line(work.db, branch_id, paused_reason=request.reason, paused_at=work.now)
            work.audit("pause_head_office", branch_id, branch_id=branch_id, reason=request.reason)


def resume(work: Work, branch_ids: tuple[str, ...]) -> None:
    """It answers again: whatever befell it meanwhile, the two sides are compared."""
    for branch_id in branch_ids:
        store.put_line(work.db, branch_id, paused_reason=None, paused_at=None, compared_at=None)
        work.audit("resume_head_office", branch_id, branch_id=branch_id)


def ask_to_compare(work: Work, _request: None) -> str:
    """Compare the two sides at the next round, whenever that was done last; the branch."""
    branch_id = work.actor.branch_id
    # A branch that has no epoch yet is compared anyway when it begins one.
    if store.line(work.db, branch_id) is not None:
        store.put_line(work.db, branch_id, compared_at=None)
    work.audit("ask_to_compare", branch_id)
    return branch_id


@dataclass(frozen=True)
class Compared:
    """How a comparison ended: records told again, and records there of which this branch knows nothing."""

    branch_id: str
    repaired: int
    unknown: int


def note_compared(work: Work, request: Compared) -> None:
    """For the branch head to see."""
    found = {"repaired": request.repaired, "unknown": request.unknown}
    store.put_line(work.db, request.branch_id, compared_at=work.now, **found)
    if request.repaired or request.unknown:
        work.audit("compare_with_head_office", request.branch_id, branch_id=request.branch_id, **found)


@dataclass(frozen=True)
class PartyTold:
    """A customer's record at head office."""

    customer_id: str
    remote_id: str
    told_index: bytes


def note_party(work: Work, request: PartyTold) -> None:
    """Remember it, so that it is not told with every step."""
    store.note_party(work.db, request.customer_id, request.remote_id, request.told_index)


def forget_parties(work: Work, _request: None) -> None:
    """Look every customer up again."""
    store.forget_parties(work.db)


def forget_old(work: Work, _request: None) -> int:
    """Drop a portion of what head office has had for longer than it is kept."""
    return store.forget(work.db, work.now - KEPT)
