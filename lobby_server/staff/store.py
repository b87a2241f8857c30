"""Every query about staff and sign-ins."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from lobby_server.kernel.database import insert_into
from lobby_server.kernel.privacy import Keyring
from lobby_server.staff.rules import SignIn, Staff
from lobby_server.staff.tables import pin_device, sign_in, staff

NAME = "staff.name"


def add(db: sa.Connection, keys: Keyring, new: Staff, password_hash: str) -> None:
    """A new colleague."""
    db.execute(
        staff.insert().values(
            id=new.id,
            branch_id=new.branch_id,
            staff_no=new.staff_no,
            name_sealed=keys.seal(new.name, NAME),
            roles=list(new.roles),
            licences=list(new.licences),
            password_hash=password_hash,
        )
    )


def find(db: sa.Connection, keys: Keyring, branch_id: str, staff_no: str) -> tuple[Staff, str] | None:
    """A colleague who may sign in, and the password's hash."""
    row = db.execute(
        sa.select(staff).where(
            staff.c.branch_id == branch_id, staff.c.staff_no == staff_no, staff.c.disabled_at.is_(None)
        )
    ).one_or_none()
    return (_staff(row, keys), row.password_hash) if row else None


def lock(db: sa.Connection, keys: Keyring, branch_id: str, staff_no: str) -> Staff | None:
    """A colleague of this branch, disabled or not, until the commit this deed's alone."""
    mine = sa.and_(staff.c.branch_id == branch_id, staff.c.staff_no == staff_no)
    row = db.execute(sa.select(staff).where(mine).with_for_update()).one_or_none()
    return _staff(row, keys) if row else None


def is_taken(db: sa.Connection, branch_id: str, staff_no: str) -> bool:
    """Whether somebody has or had this number."""
    mine = sa.and_(staff.c.branch_id == branch_id, staff.c.staff_no == staff_no)
    return db.scalar(sa.select(staff.c.id).where(mine)) is not None


def named(db: sa.Connection, keys: Keyring, ids: Collection[str]) -> dict[str, Staff]:
    """Colleagues by id."""
    if not ids:
        return {}
    rows = db.execute(sa.select(staff).where(staff.c.id.in_(sorted(ids))))
    return {row.id: _staff(row, keys) for row in rows}


def on_duty(db: sa.Connection, branch_id: str, role: str, now: datetime) -> list[str]:
    """The ids of the colleagues with a role who are signed in, by staff number."""
    rows = db.execute(
        sa.select(staff.c.id, staff.c.roles)
        .where(
            staff.c.branch_id == branch_id,
            staff.c.disabled_at.is_(None),
            staff.c.id.in_(sa.select(sign_in.c.staff_id).where(sign_in.c.expires_at > now)),
        )
        .order_by(staff.c.staff_no)
    )
    return [row.id for row in rows if role in row.roles]


def licences_held(db: sa.Connection, branch_id: str) -> frozenset[str]:
    """What somebody in this branch may sell."""
    mine = sa.and_(staff.c.branch_id == branch_id, staff.c.disabled_at.is_(None))
    return frozenset(each for held in db.scalars(sa.select(staff.c.licences).where(mine)) for each in held)


def add_sign_in(db: sa.Connection, new: SignIn, token_index: bytes, now: datetime) -> None:
    """A person signed in."""
    db.execute(
        sign_in.insert().values(
            id=new.id,
            token_index=token_index,
            staff_id=new.staff.id,
            csrf=new.csrf,
            at=now,
            expires_at=new.expires_at,
            device_id=new.device_id,
            seen_at=new.seen_at,
        )
    )


def sign_in_of(db: sa.Connection, keys: Keyring, token_index: bytes, now: datetime) -> SignIn | None:
    """The sign-in of a cookie, if it still counts."""
    row = db.execute(
        sa.select(
            staff,
            sign_in.c.id.label("sign_in_id"),
            sign_in.c.csrf,
            sign_in.c.expires_at,
            sign_in.c.device_id,
            sign_in.c.seen_at,
        )
        .join(sign_in, sign_in.c.staff_id == staff.c.id)
        .where(sign_in.c.token_index == token_index, sign_in.c.expires_at > now, staff.c.disabled_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    found = SignIn(row.sign_in_id, _staff(row, keys), row.csrf, row.expires_at, row.device_id, row.seen_at)
    return found if found.ends_at > now else None


def note_use(db: sa.Connection, sign_in_id: str, now: datetime) -> None:
    """Somebody did something at this tablet."""
    db.execute(sign_in.update().where(sign_in.c.id == sign_in_id).values(seen_at=now))


def remove_all_sign_ins(db: sa.Connection, branch_id: str) -> int:
    """End every sign-in of a branch; returns how many."""
    of_branch = sa.select(staff.c.id).where(staff.c.branch_id == branch_id)
    return db.execute(sign_in.delete().where(sign_in.c.staff_id.in_(of_branch))).rowcount


def remove_sign_ins(db: sa.Connection, *, staff_id: str | None = None, device_id: str | None = None) -> list[str]:
    """End every sign-in of a person, or with a PIN at a tablet; gives their ids."""
    which = sign_in.c.staff_id == staff_id if staff_id else sign_in.c.device_id == device_id
    return list(db.scalars(sign_in.delete().where(which).returning(sign_in.c.id)))


def all_of(db: sa.Connection, keys: Keyring, branch_id: str) -> list[Staff]:
    """Everybody of a branch, disabled or not, by number."""
    rows = db.execute(sa.select(staff).where(staff.c.branch_id == branch_id).order_by(staff.c.staff_no))
    return [_staff(row, keys) for row in rows]


def save(db: sa.Connection, keys: Keyring, known: Staff) -> None:
    """A colleague as they are now: everything but password and PIN."""
    db.execute(
        staff.update()
        .where(staff.c.id == known.id)
        .values(
            name_sealed=keys.seal(known.name, NAME),
            roles=list(known.roles),
            licences=list(known.licences),
            disabled_at=known.disabled_at,
        )
    )


def set_password(db: sa.Connection, staff_id: str, password_hash: str) -> None:
    """Another password."""
    db.execute(staff.update().where(staff.c.id == staff_id).values(password_hash=password_hash))


def set_pin(db: sa.Connection, staff_id: str, pin_hash: str | None) -> None:
    """Another PIN, or none."""
    db.execute(staff.update().where(staff.c.id == staff_id).values(pin_hash=pin_hash, pin_tries=0))


def open_shift(db: sa.Connection, staff_id: str, until: datetime | None) -> None:
    """Until when the PIN of a person counts; None: not before the next sign-in with the password."""
    db.execute(staff.update().where(staff.c.id == staff_id).values(full_until=until, pin_tries=0))


def pin_of(db: sa.Connection, branch_id: str, staff_no: str) -> sa.Row[Any] | None:
    """What a PIN is held against, until the commit this deed's alone."""
    mine = sa.and_(staff.c.branch_id == branch_id, staff.c.staff_no == staff_no, staff.c.disabled_at.is_(None))
    return db.execute(sa.select(staff).where(mine).with_for_update()).one_or_none()


def count_pin_try(db: sa.Connection, staff_id: str, now: datetime) -> None:
    """One more PIN is tried for this person."""
    counted = {"pin_tries": staff.c.pin_tries + 1, "pin_tried_at": now}
    db.execute(staff.update().where(staff.c.id == staff_id).values(counted))


def pin_tries_at(db: sa.Connection, device_id: str) -> tuple[int, datetime | None]:
    """How many PINs were tried in vain at this tablet, and when the last; until the commit this deed's alone."""
    db.execute(insert_into(db, pin_device).values(device_id=device_id, tries=0).on_conflict_do_nothing())
    row = db.execute(sa.select(pin_device).where(pin_device.c.device_id == device_id).with_for_update()).one()
    return row.tries, row.tried_at


def count_pin_try_at(db: sa.Connection, device_id: str, now: datetime) -> None:
    """One more PIN is tried at this tablet."""
    counted = {"tries": pin_device.c.tries + 1, "tried_at": now}
    db.execute(pin_device.update().where(pin_device.c.device_id == device_id).values(counted))


def take_back_try_at(db: sa.Connection, device_id: str) -> None:
    """The PIN that was counted was right."""
    db.execute(pin_device.update().where(pin_device.c.device_id == device_id).values(tries=pin_device.c.tries - 1))


def forget_tries_at(db: sa.Connection, device_id: str) -> None:
    """Somebody signed in there with a password."""
    db.execute(pin_device.delete().where(pin_device.c.device_id == device_id))


def remove_sign_in(db: sa.Connection, sign_in_id: str) -> None:
    """Its cookie counts no more."""
    db.execute(sign_in.delete().where(sign_in.c.id == sign_in_id))


def forget_old_sign_ins(db: sa.Connection, now: datetime) -> None:
    """Remove those that ended by themselves."""
    db.execute(sign_in.delete().where(sign_in.c.expires_at <= now))


def _staff(row: sa.Row[Any], keys: Keyring) -> Staff:
    return Staff(
        id=row.id,
        branch_id=row.branch_id,
        staff_no=row.staff_no,
        name=keys.open(row.name_sealed, NAME),
        roles=tuple(row.roles),
        licences=tuple(row.licences),
        disabled_at=row.disabled_at,
    )


def set_all_passwords(db: sa.Connection, password_hash: str) -> None:
    """One password for everybody: the trial's only."""
    db.execute(staff.update().values(password_hash=password_hash))
