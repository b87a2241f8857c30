"""What befalls the branch's devices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from lobby_server.branch.rules import ServicePoint
from lobby_server.kernel.events import Event, to_json


@dataclass(frozen=True)
class DeviceEvent(Event):
    """Something about one device; `kind` is kiosk, wall, tablet or machine. It was heard last at `seen_at`."""

    device_id: str
    kind: str
    name: str
    service_point: str | None = None
    zone: str | None = None
    seen_at: datetime | None = None
    is_alive: bool = False


@dataclass(frozen=True)
class DeviceEnrolled(DeviceEvent):
    """A device was let in."""

    type: ClassVar[str] = "device.enrolled"


@dataclass(frozen=True)
class DeviceRevoked(DeviceEvent):
    """A device was shut out; its connections end."""

    type: ClassVar[str] = "device.revoked"


@dataclass(frozen=True)
class DeviceLost(DeviceEvent):
    """A device has been silent for half a minute."""

    type: ClassVar[str] = "device.lost"


@dataclass(frozen=True)
class DevicePaperChanged(DeviceEvent):
    """A device's paper is low, out, or ok again."""

    type: ClassVar[str] = "device.paper_changed"
    paper: str = "ok"


@dataclass(frozen=True)
class DeviceFound(DeviceEvent):
    """A lost device is heard again."""

    type: ClassVar[str] = "device.found"


@dataclass(frozen=True)
class ServicePointChanged(Event):
    """A service point was set up or set anew."""

    type: ClassVar[str] = "service_point.changed"
    point: ServicePoint

    def data(self) -> dict[str, Any]:
        """The point's fields and whether it is open."""
        return {**to_json(self.point), "state": "open" if self.point.is_open else "closed"}
