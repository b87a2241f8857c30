"""Letting devices in: enrolment codes that are used once, challenges to sign, and tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from lobby_server.branch.tables import device_challenge, device_token, enrolment_code


def add_enrolment_code(
    db: sa.Connection, code_index: bytes, branch_id: str, kind: str, service_point: str | None, expires_at: datetime
) -> None:
    """A code that lets one device in."""
    db.execute(
        enrolment_code.insert().values(
            code_index=code_index, branch_id=branch_id, kind=kind, service_point=service_point, expires_at=expires_at
        )
    )


def count_try(db: sa.Connection, code_index: bytes) -> None:
    """One more try of this code."""
    mine = enrolment_code.c.code_index == code_index
    db.execute(enrolment_code.update().where(mine).values(tries=enrolment_code.c.tries + 1))


def find_enrolment_code(db: sa.Connection, code_index: bytes) -> sa.Row[Any] | None:
    """The code, used or not."""
    return db.execute(sa.select(enrolment_code).where(enrolment_code.c.code_index == code_index)).one_or_none()


def use_enrolment_code(db: sa.Connection, code_index: bytes, now: datetime) -> bool:
    """Use it up; False when somebody else just did."""
    used = db.execute(
        enrolment_code.update()
        .where(enrolment_code.c.code_index == code_index, enrolment_code.c.used_at.is_(None))
        .values(used_at=now)
    )
    return bool(used.rowcount)


def add_challenge(db: sa.Connection, nonce_index: bytes, device_id: str, expires_at: datetime) -> None:
    """A number to sign."""
    db.execute(device_challenge.insert().values(nonce_index=nonce_index, device_id=device_id, expires_at=expires_at))


def use_challenge(db: sa.Connection, nonce_index: bytes, device_id: str, now: datetime) -> bool:
    """Use it up; False when it is unknown, another device's, old or used."""
    used = db.execute(
        device_challenge.delete().where(
            device_challenge.c.nonce_index == nonce_index,
            device_challenge.c.device_id == device_id,
            device_challenge.c.expires_at > now,
        )
    )
    return bool(used.rowcount)


def add_token(db: sa.Connection, token_index: bytes, device_id: str, expires_at: datetime) -> None:
    """A token that opens the doors for a while."""
    db.execute(device_token.insert().values(token_index=token_index, device_id=device_id, expires_at=expires_at))


def forget_old_tokens(db: sa.Connection, now: datetime) -> None:
    """Remove tokens and challenges that no longer open anything."""
    db.execute(device_token.delete().where(device_token.c.expires_at <= now))
    db.execute(device_challenge.delete().where(device_challenge.c.expires_at <= now))
