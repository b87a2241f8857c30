"""Every query about branches, service points and devices."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from lobby_server.branch.rules import Branch, Device, ServicePoint
from lobby_server.branch.tables import (
    branch,
    device,
    device_challenge,
    device_token,
    enrolment_code,
    service_point,
)


def add_branch(db: sa.Connection, new: Branch) -> None:
    """A new branch."""
    db.execute(
        branch.insert().values(id=new.id, names=new.names, timezone=new.timezone, cut_over_minute=new.cut_over_minute)
    )


def find_branch(db: sa.Connection, branch_id: str) -> Branch | None:
    """The branch with this code."""
    row = db.execute(sa.select(branch).where(branch.c.id == branch_id)).one_or_none()
    return Branch(row.id, row.names, row.timezone, row.cut_over_minute) if row else None


def all_branches(db: sa.Connection) -> list[Branch]:
    """Every branch, by code."""
    rows = db.execute(sa.select(branch).order_by(branch.c.id))
    return [Branch(row.id, row.names, row.timezone, row.cut_over_minute) for row in rows]


def add_service_point(db: sa.Connection, new: ServicePoint) -> None:
    """A new window, desk or machine, closed."""
    db.execute(
        service_point.insert().values(
            branch_id=new.branch_id, code=new.code, kind=new.kind, names=new.names, serves=list(new.serves)
        )
    )


def service_points(db: sa.Connection, branch_id: str) -> list[ServicePoint]:
    """All service points of a branch, by code."""
    rows = db.execute(
        sa.select(service_point).where(service_point.c.branch_id == branch_id).order_by(service_point.c.code)
    )
    return [_service_point(row) for row in rows]


def find_service_point(db: sa.Connection, branch_id: str, code: str) -> ServicePoint | None:
    """One service point of this branch."""
    row = db.execute(
        sa.select(service_point).where(service_point.c.branch_id == branch_id, service_point.c.code == code)
    ).one_or_none()
    return _service_point(row) if row else None


def point_of_staff(db: sa.Connection, branch_id: str, staff_id: str) -> ServicePoint | None:
    """Where a person works now."""
    row = db.execute(
        sa.select(service_point).where(service_point.c.branch_id == branch_id, service_point.c.staff_id == staff_id)
    ).one_or_none()
    return _service_point(row) if row else None


def save_manning(db: sa.Connection, point: ServicePoint) -> None:
    """Who is at the point, and since when."""
    db.execute(
        service_point.update()
        .where(service_point.c.branch_id == point.branch_id, service_point.c.code == point.code)
        .values(staff_id=point.staff_id, opened_at=point.opened_at)
    )


def add_enrolment_code(db: sa.Connection, code_index: bytes, branch_id: str, kind: str, expires_at: datetime) -> None:
    """A code that lets one device in."""
    db.execute(
        enrolment_code.insert().values(code_index=code_index, branch_id=branch_id, kind=kind, expires_at=expires_at)
    )


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


def add_device(db: sa.Connection, new: Device, public_key: Mapping[str, str], now: datetime) -> None:
    """A device that was let in."""
    db.execute(
        device.insert().values(
            id=new.id,
            branch_id=new.branch_id,
            kind=new.kind,
            name=new.name,
            public_key=public_key,
            health={},
            enrolled_at=now,
            seen_at=now,
        )
    )


def find_device(db: sa.Connection, device_id: str) -> Device | None:
    """A device of any branch, revoked or not."""
    row = db.execute(sa.select(device).where(device.c.id == device_id)).one_or_none()
    return _device(row) if row else None


def public_key_of(db: sa.Connection, device_id: str) -> Mapping[str, str] | None:
    """The JWK of a device that may still come in."""
    key: Mapping[str, str] | None = db.scalar(
        sa.select(device.c.public_key).where(device.c.id == device_id, device.c.revoked_at.is_(None))
    )
    return key


def devices(db: sa.Connection, branch_id: str) -> list[Device]:
    """The devices of a branch that may come in, by name."""
    rows = db.execute(
        sa.select(device)
        .where(device.c.branch_id == branch_id, device.c.revoked_at.is_(None))
        .order_by(device.c.name, device.c.id)
    )
    return [_device(row) for row in rows]


def revoke_device(db: sa.Connection, device_id: str, now: datetime) -> None:
    """Shut it out: no token of it counts any more."""
    db.execute(device.update().where(device.c.id == device_id).values(revoked_at=now))
    db.execute(device_token.delete().where(device_token.c.device_id == device_id))


def note_sign_of_life(db: sa.Connection, device_id: str, health: Mapping[str, Any], now: datetime) -> None:
    """It is alive, and this is how it feels."""
    db.execute(device.update().where(device.c.id == device_id).values(seen_at=now, health=health))


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


# Built once: every request of a device runs it.
_OF_TOKEN = (
    sa.select(device, device_token.c.expires_at)
    .join(device_token, device_token.c.device_id == device.c.id)
    .where(
        device_token.c.token_index == sa.bindparam("token"),
        device_token.c.expires_at > sa.bindparam("now"),
        device.c.revoked_at.is_(None),
    )
)


def device_of_token(db: sa.Connection, token_index: bytes, now: datetime) -> tuple[Device, datetime] | None:
    """Whose token it is and when it ends, if it still counts."""
    row = db.execute(_OF_TOKEN, {"token": token_index, "now": now}).one_or_none()
    return (_device(row), row.expires_at) if row else None


def forget_old_tokens(db: sa.Connection, now: datetime) -> None:
    """Remove tokens and challenges that no longer open anything."""
    db.execute(device_token.delete().where(device_token.c.expires_at <= now))
    db.execute(device_challenge.delete().where(device_challenge.c.expires_at <= now))


def _service_point(row: sa.Row[Any]) -> ServicePoint:
    return ServicePoint(row.branch_id, row.code, row.kind, row.names, tuple(row.serves), row.staff_id, row.opened_at)


def _device(row: sa.Row[Any]) -> Device:
    return Device(row.id, row.branch_id, row.kind, row.name, row.seen_at, row.revoked_at)
