"""The trial's kiosk and machines: nobody built them, so the trial sends their signs of life itself."""

from __future__ import annotations

import logging
import threading

from lobby_server.admin.furnish import is_played
from lobby_server.branch import store as branches
from lobby_server.branch.actions import SignOfLife, note_heartbeat
from lobby_server.doors.who import MACHINE
from lobby_server.kernel.actor import Actor
from lobby_server.kernel.house import House

log = logging.getLogger(__name__)

BRANCH = "0001"
HEARTBEAT_EVERY_S = 10.0  # as often as a real one
HEALTH = {"card_reader": "ok", "camera": "ok", "printer": "ok", "paper": "ok"}


class PlayedDevices:
    """Keeps the trial's own devices alive until stopped."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._stopped = threading.Event()

    def start(self) -> None:
        """Begin at once, so that the first customer can be sent to one."""
        threading.Thread(target=self._beat, name="played-devices", daemon=True).start()

    def stop(self) -> None:
        """Fall silent; half a minute later they are lost."""
        self._stopped.set()

    def beat_once(self) -> None:
        """One sign of life of each."""
        with self._house.database.read() as db:
            played = [each for each in branches.devices(db, BRANCH) if each.kind == MACHINE or is_played(each)]
        for each in played:
            who = Actor("device", each.id, BRANCH, frozenset({each.kind}), name=each.name)
            self._house.works.run(note_heartbeat, SignOfLife(each.id, HEALTH), who)

    def _beat(self) -> None:
        while True:
            try:
                self.beat_once()
            except Exception:
                log.exception("played_devices_failed")
            if self._stopped.wait(HEARTBEAT_EVERY_S):
                return
