"""What happens to webhooks: added, removed, replayed; one heard, or did not."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta

from lobby_server.branch import store as branches
from lobby_server.kernel.errors import Conflict, NotFound
from lobby_server.kernel.event_log import position
from lobby_server.kernel.outward import back_off_s
from lobby_server.kernel.work import Work
from lobby_server.webhooks import store
from lobby_server.webhooks.rules import GIVEN_UP_AFTER, SECRET_BYTES, WEBHOOKS_MAX, Webhook


@dataclass(frozen=True)
class Added:
    """A webhook and the secret that it is told this once."""

    webhook: Webhook
    secret: str


def add_webhook(work: Work, url: str) -> Added:
    """From the next event on this address hears what happens.

    Raises Conflict("webhook_known") for the same address, Conflict("too_many_webhooks").
    """
    branch_id = work.actor.branch_id
    branches.lock_branch(work.db, branch_id)
    known = store.listed(work.db, branch_id)
    if any(each.url == url for each in known):
        raise Conflict("webhook_known")
    if len(known) >= WEBHOOKS_MAX:
        raise Conflict("too_many_webhooks", most=WEBHOOKS_MAX)
    now = position(work.db, branch_id)
    new = Webhook(work.ids.new_id(), branch_id, url, now.epoch, now.seq)
    secret = work.ids.secret(SECRET_BYTES)
    store.add(work.db, work.keys, new, secret, work.now)
    work.audit("add_webhook", new.id, url=url)
    return Added(new, secret)


def remove_webhook(work: Work, webhook_id: str) -> str:
    """Tell it nothing any more; its id. Raises NotFound("webhook")."""
    found = _found(work, webhook_id)
    store.remove(work.db, found.id)
    work.audit("remove_webhook", found.id, url=found.url)
    return found.id


@dataclass(frozen=True)
class Replay:
    """A webhook, and the number after which it hears everything again."""

    webhook_id: str
    after: int


def replay(work: Work, request: Replay) -> str:
    """Tell it everything after a number again, and begin at once; its id.

    Raises NotFound("webhook"), Conflict("not_yet") for a number that has not come.
    """
    found = _found(work, request.webhook_id)
    now = position(work.db, found.branch_id)
    if request.after > now.seq:
        raise Conflict("not_yet", seq=now.seq)
    told = {"epoch": now.epoch, "after": request.after, "next_at": work.now}
    store.change(work.db, found.id, **told, failures=0, failing_since=None, reason=None)
    work.audit("replay_webhook", found.id, after=request.after)
    return found.id


@dataclass(frozen=True)
class Heard:
    """A webhook confirmed everything up to a number of a history."""

    webhook: Webhook
    epoch: str
    up_to: int


def confirm(work: Work, request: Heard) -> None:
    """Go on from there; unless it was replayed or removed meanwhile."""
    hook = request.webhook
    now = store.lock(work.db, hook.branch_id, hook.id)
    if now is not None and (now.epoch, now.after) == (hook.epoch, hook.after):
        told = {"epoch": request.epoch, "after": request.up_to, "next_at": work.now}
        store.change(work.db, hook.id, **told, failures=0, failing_since=None, reason=None)


@dataclass(frozen=True)
class NotHeard:
    """A webhook that did not confirm, and why."""

    webhook: Webhook
    reason: str


def put_off(work: Work, request: NotHeard) -> None:
    """Try later, at growing intervals; after three days not until somebody replays it."""
    hook = request.webhook
    now = store.lock(work.db, hook.branch_id, hook.id)
    if now is None or (now.epoch, now.after) != (hook.epoch, hook.after):
        return
    since = store.failing_since(work.db, hook.id) or work.now
    is_over = work.now - since >= GIVEN_UP_AFTER
    later = work.now + timedelta(seconds=back_off_s(now.failures, random.random()))  # noqa: S311
    told = {"failures": now.failures + 1, "failing_since": since, "reason": request.reason[:120]}
    store.change(work.db, hook.id, **told, next_at=None if is_over else later)
    if is_over:
        work.audit("give_up_webhook", hook.id, branch_id=hook.branch_id, reason=request.reason)


def _found(work: Work, webhook_id: str) -> Webhook:
    found = store.lock(work.db, work.actor.branch_id, webhook_id)
    if found is None:
        raise NotFound("webhook")
    return found
