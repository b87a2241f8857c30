"""Every query about webhooks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from lobby_server.kernel.privacy import Keyring
from lobby_server.kernel.tables import branch_clock
from lobby_server.webhooks.rules import Webhook
from lobby_server.webhooks.tables import webhook

SECRET = "webhook.secret"


def add(db: sa.Connection, keys: Keyring, new: Webhook, secret: str, at: datetime) -> None:
    """A webhook that has heard nothing yet."""
    row = {"id": new.id, "branch_id": new.branch_id, "url": new.url, "epoch": new.epoch, "after": new.after}
    sealed = {"secret_sealed": keys.seal(secret, SECRET), "failures": 0, "next_at": at, "made_at": at}
    db.execute(webhook.insert().values(**row, **sealed))


def listed(db: sa.Connection, branch_id: str) -> list[sa.Row[Any]]:
    """A branch's webhooks, the oldest first."""
    mine = webhook.c.branch_id == branch_id
    return list(db.execute(sa.select(webhook).where(mine).order_by(webhook.c.made_at, webhook.c.id)))


def lock(db: sa.Connection, branch_id: str, webhook_id: str) -> Webhook | None:
    """A webhook of this branch, taken for this transaction."""
    mine = sa.and_(webhook.c.id == webhook_id, webhook.c.branch_id == branch_id)
    row = db.execute(sa.select(webhook).where(mine).with_for_update()).one_or_none()
    return _webhook(row) if row else None


def ripe(db: sa.Connection, now: datetime) -> list[Webhook]:
    """Webhooks that may be told now, and have not heard everything yet."""
    asked = sa.select(webhook).join(branch_clock, branch_clock.c.branch_id == webhook.c.branch_id)
    asked = asked.where(webhook.c.next_at <= now, branch_clock.c.seq > webhook.c.after)
    return [_webhook(row) for row in db.execute(asked.order_by(webhook.c.next_at, webhook.c.id))]


def secret_of(db: sa.Connection, keys: Keyring, webhook_id: str) -> str:
    """What its messages are signed with; empty when it was taken away meanwhile."""
    sealed = db.scalar(sa.select(webhook.c.secret_sealed).where(webhook.c.id == webhook_id))
    return keys.open(sealed, SECRET) if sealed else ""


def failing_since(db: sa.Connection, webhook_id: str) -> datetime | None:
    """Since when it has not answered."""
    found: datetime | None = db.scalar(sa.select(webhook.c.failing_since).where(webhook.c.id == webhook_id))
    return found


def change(db: sa.Connection, webhook_id: str, **changes: object) -> None:
    """How it stands from now on."""
    db.execute(webhook.update().where(webhook.c.id == webhook_id).values(changes))


def remove(db: sa.Connection, webhook_id: str) -> None:
    """It hears nothing any more."""
    db.execute(webhook.delete().where(webhook.c.id == webhook_id))


def _webhook(row: sa.Row[Any]) -> Webhook:
    return Webhook(row.id, row.branch_id, row.url, row.epoch, row.after, row.failures)
