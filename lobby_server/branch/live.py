"""How the news of devices is worded: as it is, for staff only."""

from __future__ import annotations

from lobby_server.branch import events
from lobby_server.realtime.wording import Wording, as_recorded

STAFF_AUDIENCES = ("lobby", "teller", "rm", "head")
PUBLIC_AUDIENCES = ("kiosk", "wall", "ticket")

WORDING: Wording = {
    events.DeviceLost.type: dict.fromkeys(STAFF_AUDIENCES, as_recorded),
    events.DeviceFound.type: dict.fromkeys(STAFF_AUDIENCES, as_recorded),
}
