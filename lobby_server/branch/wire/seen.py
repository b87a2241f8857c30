"""Devices, service points and a branch's settings as screens see them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from lobby_server.branch.rules import Branch, Device, Hours, ServicePoint, ServiceType, is_alive
from lobby_server.branch.wire import HoursSet, PlannedSet, PromiseSet, PromisesSet, ShortCode, clock_time_of
from lobby_server.doors.reading import Wire
from lobby_server.kernel.clock import to_wire


class DeviceSeen(Wire):
    """A device, where it stands, when it was last alive and what it said of itself."""

    id: str
    kind: str
    name: str
    seen_at: str | None
    is_alive: bool
    health: dict[str, str | int]
    service_point: str | None
    zone: str | None


class DeviceNews(Wire):
    """A device that fell silent or is heard again; it was heard last at `seen_at`."""

    device_id: str
    kind: str
    name: str
    service_point: str | None
    zone: str | None
    seen_at: str | None
    is_alive: bool


class DevicesSeen(Wire):
    """The devices of a branch that may come in."""

    devices: list[DeviceSeen]


class DeviceAnswer(Wire):
    """The device as it was before it was shut out."""

    device: DeviceSeen


class CodeWanted(Wire):
    """Which kind of device may come in, and the point that it stands at; a machine is one."""

    kind: Literal["kiosk", "wall", "tablet", "machine"]
    service_point: ShortCode | None = None


class CodeMade(Wire):
    """A set-up code for one device; it is told once."""

    code: str
    expires_in_s: int


class PointSetting(Wire):
    """A service point as it is set up, and whether somebody works there."""

    code: str
    kind: str
    names: dict[str, str]
    serves: list[str]
    zone: str | None
    device_kind: str | None
    is_open: bool


class PointSettings(Wire):
    """All service points of a branch, and the zones that they may stand in; `version` is what a change names."""

    service_points: list[PointSetting]
    zones: dict[str, dict[str, str]]
    version: int


class ZonesSeen(Wire):
    """The zones of a branch's hall, and the version of its settings."""

    zones: dict[str, dict[str, str]]
    version: int


class PointSettingAnswer(Wire):
    """The service point as it is now."""

    service_point: PointSetting


class TypeSetting(Wire):
    """A service type as it is set up, and whether this branch offers it."""

    code: str
    names: dict[str, str]
    ticket_class: str
    typical_s: int
    kinds: list[str]
    self_service: dict[str, str]
    by: str
    is_offered: bool


class TypeSettings(Wire):
    """All service types."""

    service_types: list[TypeSetting]


class CalendarSeen(Wire):
    """A branch's hours, closed days and plan; `version` is what a change names."""

    timezone: str
    hours: list[HoursSet]
    closed_on: list[str]
    plan: list[PlannedSet]
    version: int


class PromisesSeen(Wire):
    """What a branch promises, by service level; `version` is what a change names."""

    promises: PromisesSet
    version: int


def promises_seen(branch: Branch) -> PromisesSeen:
    """A branch's promises on the administrator's screen."""
    told = {level: PromiseSet(**vars(each)) for level, each in branch.promises.items()}
    return PromisesSeen(promises=PromisesSet(**told), version=branch.version)


def device_seen(device: Device, now: datetime) -> DeviceSeen:
    """A device on its branch's screens."""
    return DeviceSeen(
        id=device.id,
        kind=device.kind,
        name=device.name,
        seen_at=to_wire(device.seen_at) if device.seen_at else None,
        is_alive=device.revoked_at is None and is_alive(device.seen_at, now),
        health=dict(device.health),
        service_point=device.service_point,
        zone=device.zone,
    )


def point_setting(point: ServicePoint) -> PointSetting:
    """A service point on the administrator's screen."""
    fields = {name: getattr(point, name) for name in ("code", "kind", "zone", "device_kind", "is_open")}
    return PointSetting(**fields, names=dict(point.names), serves=list(point.serves))


def type_setting(each: ServiceType, *, is_offered: bool) -> TypeSetting:
    """A service type on the administrator's screen."""
    same = {name: getattr(each, name) for name in ("code", "ticket_class", "typical_s", "by")}
    return TypeSetting(
        **same,
        names=dict(each.names),
        kinds=list(each.kinds),
        self_service=dict(each.self_service),
        is_offered=is_offered,
    )


def calendar_seen(branch: Branch) -> CalendarSeen:
    """The calendar as it would be sent."""
    return CalendarSeen(
        timezone=branch.timezone,
        hours=[HoursSet(**_hours(each)) for each in branch.hours],
        closed_on=sorted(day.isoformat() for day in branch.closed_on),
        plan=[PlannedSet(**_hours(each), points=each.points) for each in branch.plan],
        version=branch.version,
    )


def zones_seen(branch: Branch) -> ZonesSeen:
    """The parts of a branch's hall as they would be sent."""
    return ZonesSeen(zones={code: dict(names) for code, names in branch.zones.items()}, version=branch.version)


def _hours(each: Hours) -> dict[str, Any]:
    opens, closes = clock_time_of(each.from_minute), clock_time_of(each.to_minute)
    return {"weekdays": list(each.weekdays), "opens": opens, "closes": closes}
