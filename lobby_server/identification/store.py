"""Every query about signing keys and used codes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from lobby_server.identification.rules import CodeBody, SigningKey
from lobby_server.identification.tables import signing_key, used_code
from lobby_server.kernel.database import insert_into
from lobby_server.kernel.privacy import Keyring

_PRIVATE = "signing_key.private"


def signing_keys(db: sa.Connection) -> dict[int, SigningKey]:
    """Head office's list, by key id."""
    rows = db.execute(sa.select(signing_key.c.kid, signing_key.c.public_key, signing_key.c.revoked_at))
    return {row.kid: SigningKey(row.kid, bytes(row.public_key), revoked=row.revoked_at is not None) for row in rows}


def add_signing_key(db: sa.Connection, keys: Keyring, new: SigningKey, private_key: bytes | None = None) -> None:
    """A key of the list; with `private_key` (sealed) only in the demo, which plays the bank's app itself."""
    sealed = keys.seal(private_key.hex(), _PRIVATE) if private_key is not None else None
    db.execute(signing_key.insert().values(kid=new.kid, public_key=new.public_key, private_sealed=sealed))


def revoke_signing_key(db: sa.Connection, kid: int, now: datetime) -> None:
    """Refuse what it signed."""
    mine = sa.and_(signing_key.c.kid == kid, signing_key.c.revoked_at.is_(None))
    db.execute(signing_key.update().where(mine).values(revoked_at=now))


def demo_key(db: sa.Connection, keys: Keyring) -> tuple[int, bytes] | None:
    """The key that this server may sign with itself: only in a demo."""
    row = db.execute(
        sa.select(signing_key).where(signing_key.c.private_sealed.is_not(None), signing_key.c.revoked_at.is_(None))
    ).first()
    return (row.kid, bytes.fromhex(keys.open(row.private_sealed, _PRIVATE))) if row else None


def use_code(db: sa.Connection, code: CodeBody, used_by: str, visit_id: str, now: datetime) -> bool:
    """Use a code up for a visit; False when it was used before. Two at once: the database lets one in."""
    used = db.execute(
        insert_into(db, used_code)
        .values(
            kid=code.kid,
            cust_ref=code.cust_ref,
            nonce=code.nonce,
            issued_at=code.issued_at,
            used_at=now,
            used_by=used_by,
            visit_id=visit_id,
        )
        .on_conflict_do_nothing()
        .returning(used_code.c.kid)
    )
    # A row comes back only for the first; the count of an INSERT is not told by every driver.
    return used.one_or_none() is not None


def first_use(db: sa.Connection, code: CodeBody) -> sa.Row[Any]:
    """Who used it, when, and for which visit."""
    return db.execute(
        sa.select(used_code).where(
            used_code.c.kid == code.kid,
            used_code.c.cust_ref == code.cust_ref,
            used_code.c.nonce == code.nonce,
            used_code.c.issued_at == code.issued_at,
        )
    ).one()


def forget_used_codes(db: sa.Connection, before: datetime) -> None:
    """Codes used so long ago that they would be refused as expired anyway."""
    db.execute(used_code.delete().where(used_code.c.used_at < before))
