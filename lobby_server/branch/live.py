"""How the news of devices is worded: as it is, for staff only."""

from __future__ import annotations

from lobby_server.branch import events
from lobby_server.branch.wire.seen import DeviceNews
from lobby_server.kernel.events import Recorded
from lobby_server.realtime.wording import Reader, Wording

STAFF_AUDIENCES = ("lobby", "teller", "rm", "head")
PUBLIC_AUDIENCES = ("kiosk", "wall", "ticket")


def _device(_reader: Reader, happened: Recorded) -> DeviceNews:
    return DeviceNews.from_event(happened.data)


WORDING: Wording = {
    events.DeviceLost.type: dict.fromkeys(STAFF_AUDIENCES, _device),
    events.DeviceFound.type: dict.fromkeys(STAFF_AUDIENCES, _device),
}
