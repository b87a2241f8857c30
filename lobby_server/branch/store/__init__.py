"""Every query about branches, service points and devices."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from lobby_server.branch.rules import (
    MACHINE_POINT,
    PROMISES,
    SERVICE_TYPES_FILE,
    Branch,
    Device,
    Hours,
    Machine,
    Planned,
    Promise,
    ServicePoint,
    is_alive,
    offered_codes,
    read_service_types,
)
from lobby_server.branch.tables import (
    branch,
    device,
    device_token,
    service_point,
    service_withheld,
)
from lobby_server.kernel.events import to_json


def add_branch(db: sa.Connection, new: Branch) -> None:
    """A new branch."""
    db.execute(
        branch.insert().values(
            id=new.id,
            names=new.names,
            timezone=new.timezone,
            cut_over_minute=new.cut_over_minute,
            kind=new.kind,
            zones=new.zones,
            **_calendar_values(new),
        )
    )


def save_settings(db: sa.Connection, known: Branch) -> None:
    """When the branch is open, its plan, the parts of its hall, its promises; and which version of that it is."""
    told = {
        **_calendar_values(known),
        "zones": known.zones,
        "promises": to_json(known.promises),
        "version": known.version,
    }
    db.execute(branch.update().where(branch.c.id == known.id).values(**told))


def lock_branch(db: sa.Connection, branch_id: str) -> Branch:
    """A branch, until the commit this deed's alone: of two changes of its settings one is first."""
    return _branch(db.execute(sa.select(branch).where(branch.c.id == branch_id).with_for_update()).one())


def _calendar_values(of: Branch) -> dict[str, Any]:
    return {name: to_json(getattr(of, name)) for name in ("hours", "closed_on", "plan")}


def find_branch(db: sa.Connection, branch_id: str) -> Branch | None:
    """The branch with this code."""
    row = db.execute(sa.select(branch).where(branch.c.id == branch_id)).one_or_none()
    return _branch(row) if row else None


def all_branches(db: sa.Connection) -> list[Branch]:
    """Every branch, by code."""
    rows = db.execute(sa.select(branch).order_by(branch.c.id))
    return [_branch(row) for row in rows]


def service_codes(db: sa.Connection, branch_id: str) -> frozenset[str]:
    """The service types that a branch offers."""
    kind = db.scalar(sa.select(branch.c.kind).where(branch.c.id == branch_id))
    withheld = db.scalars(sa.select(service_withheld.c.service_type).where(service_withheld.c.branch_id == branch_id))
    return offered_codes(read_service_types(SERVICE_TYPES_FILE), str(kind), withheld.all())


def set_withheld(db: sa.Connection, branch_id: str, codes: Collection[str]) -> None:
    """Exactly these are withheld from a branch."""
    db.execute(service_withheld.delete().where(service_withheld.c.branch_id == branch_id))
    rows = [{"branch_id": branch_id, "service_type": code} for code in sorted(codes)]
    if rows:
        db.execute(service_withheld.insert(), rows)


def add_service_point(db: sa.Connection, new: ServicePoint) -> None:
    """A new window, desk or machine, closed."""
    db.execute(
        service_point.insert().values(
            branch_id=new.branch_id,
            code=new.code,
            kind=new.kind,
            names=new.names,
            serves=list(new.serves),
            zone=new.zone,
            device_kind=new.device_kind,
        )
    )


def save_service_point(db: sa.Connection, known: ServicePoint) -> None:
    """What a point is; who is there stays as it is."""
    db.execute(
        service_point.update()
        .where(service_point.c.branch_id == known.branch_id, service_point.c.code == known.code)
        .values(
            kind=known.kind,
            names=known.names,
            serves=list(known.serves),
            zone=known.zone,
            device_kind=known.device_kind,
        )
    )


def lock_service_point(db: sa.Connection, branch_id: str, code: str) -> ServicePoint | None:
    """One service point of this branch, until the commit this deed's alone."""
    mine = sa.and_(service_point.c.branch_id == branch_id, service_point.c.code == code)
    row = db.execute(sa.select(service_point).where(mine).with_for_update()).one_or_none()
    return _service_point(row) if row else None


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


def give_machine(db: sa.Connection, branch_id: str, code: str, visit_id: str | None) -> None:
    """Which visit a machine was given; None when it is free again."""
    db.execute(
        service_point.update()
        .where(service_point.c.branch_id == branch_id, service_point.c.code == code)
        .values(visit_id=visit_id)
    )


def machines(db: sa.Connection, branch_id: str, now: datetime) -> list[Machine]:
    """The self-service machines of a branch, by code, each with the device that stands there and was heard last."""
    standing = {each.service_point: each for each in _by_last_sign(db, branch_id)}
    points = [each for each in service_points(db, branch_id) if each.kind == MACHINE_POINT]
    return [_machine(each, standing.get(each.code), now) for each in points]


def _machine(point: ServicePoint, there: Device | None, now: datetime) -> Machine:
    if there is None:
        return Machine(point, None, is_alive=False, visit_id=point.visit_id)
    return Machine(point, there.id, is_alive(there.seen_at, now), point.visit_id, there.is_busy)


def _by_last_sign(db: sa.Connection, branch_id: str) -> list[Device]:
    """The machines' devices that may come in, the one heard last at the end."""
    linked = [each for each in devices(db, branch_id) if each.kind == MACHINE_POINT and each.service_point]
    return sorted(linked, key=lambda each: each.seen_at or datetime.min.replace(tzinfo=UTC))


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
            service_point=new.service_point,
            series=new.series,
        )
    )


# A device and the zone of the point that it stands at. Built once: every request of a device runs it.
_DEVICES = sa.select(device, service_point.c.zone).outerjoin(
    service_point,
    sa.and_(service_point.c.branch_id == device.c.branch_id, service_point.c.code == device.c.service_point),
)


def lock_device(db: sa.Connection, device_id: str) -> Device | None:
    """A device of any branch, revoked or not, until the commit this deed's alone."""
    row = db.execute(_DEVICES.where(device.c.id == device_id).with_for_update(of=device)).one_or_none()
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
        _DEVICES.where(device.c.branch_id == branch_id, device.c.revoked_at.is_(None)).order_by(
            device.c.name, device.c.id
        )
    )
    return [_device(row) for row in rows]


def all_devices(db: sa.Connection, branch_id: str) -> list[Device]:
    """The devices of a branch, with those that were shut out."""
    return [_device(row) for row in db.execute(_DEVICES.where(device.c.branch_id == branch_id))]


def series_of(db: sa.Connection, device_id: str) -> int | None:
    """By which a kiosk numbers the tickets that it gives alone."""
    series: int | None = db.scalar(sa.select(device.c.series).where(device.c.id == device_id))
    return series


def free_series(db: sa.Connection, branch_id: str, series: int) -> None:
    """Whoever had this series has none from now on."""
    held = (device.c.branch_id == branch_id, device.c.series == series)
    db.execute(device.update().where(*held).values(series=None))


def revoke_device(db: sa.Connection, device_id: str, now: datetime) -> None:
    """Shut it out: no token of it counts any more."""
    db.execute(device.update().where(device.c.id == device_id).values(revoked_at=now))
    db.execute(device_token.delete().where(device_token.c.device_id == device_id))


def note_silence(db: sa.Connection, device_id: str, silent_from: datetime, now: datetime) -> None:
    """It is heard again after a silence."""
    values = {"silent_from": silent_from, "heard_again_at": now}
    db.execute(device.update().where(device.c.id == device_id).values(values))


def last_contact(db: sa.Connection, device_id: str, since: datetime) -> datetime | None:
    """When a device was last in touch; if a silence ended after `since`, before that silence."""
    row = db.execute(
        sa.select(device.c.seen_at, device.c.silent_from, device.c.heard_again_at).where(device.c.id == device_id)
    ).one()
    is_just_back = row.heard_again_at is not None and row.heard_again_at > since
    at: datetime | None = row.silent_from if is_just_back else row.seen_at
    return at


def note_sign_of_life(
    db: sa.Connection, device_id: str, health: Mapping[str, Any], is_busy: bool, now: datetime
) -> None:
    """It is alive, and this is how it feels."""
    heard = {"seen_at": now, "health": health, "is_busy": is_busy, "lost_at": None}
    db.execute(device.update().where(device.c.id == device_id).values(heard))


def lose_device(db: sa.Connection, device_id: str, now: datetime) -> None:
    """Its silence was noticed."""
    db.execute(device.update().where(device.c.id == device_id).values(lost_at=now))


def kinds_down(db: sa.Connection, branch_id: str) -> frozenset[str]:
    """The kinds of device of which a branch has some and all are lost. One that never spoke yet is not lost."""
    found = (
        sa.select(device.c.kind)
        .where(device.c.branch_id == branch_id, device.c.revoked_at.is_(None))
        .group_by(device.c.kind)
        .having(sa.func.count(device.c.lost_at) == sa.func.count())
    )
    return frozenset(db.scalars(found))


_OF_TOKEN = (
    _DEVICES.add_columns(device_token.c.expires_at)
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


def _service_point(row: sa.Row[Any]) -> ServicePoint:
    return ServicePoint(
        branch_id=row.branch_id,
        code=row.code,
        kind=row.kind,
        names=row.names,
        serves=tuple(row.serves),
        staff_id=row.staff_id,
        opened_at=row.opened_at,
        zone=row.zone,
        device_kind=row.device_kind,
        visit_id=row.visit_id,
    )


def _branch(row: sa.Row[Any]) -> Branch:
    return Branch(
        id=row.id,
        names=row.names,
        timezone=row.timezone,
        cut_over_minute=row.cut_over_minute,
        kind=row.kind,
        zones=row.zones,
        hours=tuple(Hours(**{**each, "weekdays": tuple(each["weekdays"])}) for each in row.hours),
        closed_on=frozenset(date.fromisoformat(day) for day in row.closed_on),
        plan=tuple(Planned(**{**each, "weekdays": tuple(each["weekdays"])}) for each in row.plan),
        promises={**PROMISES, **{level: Promise(**each) for level, each in row.promises.items()}},
        version=row.version,
    )


def _device(row: sa.Row[Any]) -> Device:
    return Device(
        id=row.id,
        branch_id=row.branch_id,
        kind=row.kind,
        name=row.name,
        seen_at=row.seen_at,
        revoked_at=row.revoked_at,
        health=row.health,
        service_point=row.service_point,
        zone=row.zone,
        is_busy=row.is_busy,
        lost_at=row.lost_at,
        series=row.series,
    )
