"""Every query about API clients."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from lobby_server.clients.rules import ApiClient
from lobby_server.clients.tables import api_client
from lobby_server.kernel.privacy import Keyring

TOKEN_PURPOSE = "client_token"


def add(db: sa.Connection, keys: Keyring, new: ApiClient, token: str, at: datetime) -> None:
    """A client, with the trace of its token."""
    row = {"id": new.id, "branch_id": new.branch_id, "name": new.name, "scopes": sorted(new.scopes)}
    db.execute(api_client.insert().values(**row, token_index=keys.index(token, TOKEN_PURPOSE), made_at=at))


def lock(db: sa.Connection, branch_id: str, name: str) -> ApiClient | None:
    """The client of a branch that bears a name now, taken for this transaction."""
    mine = sa.and_(api_client.c.branch_id == branch_id, api_client.c.name == name, api_client.c.revoked_at.is_(None))
    return _one(db, sa.select(api_client).where(mine).with_for_update())


def revoke(db: sa.Connection, client_id: str, at: datetime) -> None:
    """Its token opens nothing any more."""
    db.execute(api_client.update().where(api_client.c.id == client_id).values(revoked_at=at))


def of_token(db: sa.Connection, keys: Keyring, token: str) -> ApiClient | None:
    """Whose token this is, unless it was revoked."""
    mine = sa.and_(api_client.c.token_index == keys.index(token, TOKEN_PURPOSE), api_client.c.revoked_at.is_(None))
    return _one(db, sa.select(api_client).where(mine))


def listed(db: sa.Connection, branch_id: str) -> list[tuple[ApiClient, datetime | None]]:
    """Every client that a branch ever had, and when it was revoked."""
    rows = db.execute(
        sa.select(api_client).where(api_client.c.branch_id == branch_id).order_by(api_client.c.made_at, api_client.c.id)
    )
    return [(_client(row), row.revoked_at) for row in rows]


def _one(db: sa.Connection, asked: sa.Select[tuple[object, ...]]) -> ApiClient | None:
    row = db.execute(asked).one_or_none()
    return _client(row) if row else None


def _client(row: sa.Row[tuple[object, ...]]) -> ApiClient:
    return ApiClient(row.id, row.branch_id, row.name, frozenset(row.scopes))
