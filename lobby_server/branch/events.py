"""What befalls the branch's devices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from lobby_server.kernel.events import Event


@dataclass(frozen=True)
class DeviceEvent(Event):
    """Something about one device; `kind` is kiosk, wall or tablet."""

    device_id: str
    kind: str
    name: str


@dataclass(frozen=True)
class DeviceEnrolled(DeviceEvent):
    """A device was let in."""

    type: ClassVar[str] = "device.enrolled"


@dataclass(frozen=True)
class DeviceRevoked(DeviceEvent):
    """A device was shut out; its connections end."""

    type: ClassVar[str] = "device.revoked"
