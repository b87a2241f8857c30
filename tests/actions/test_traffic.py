"""The trial's traffic: whatever it plays, every invariant holds, and each way is used."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from lobby_server.admin import traffic
from lobby_server.admin.check import run_checks
from lobby_server.admin.devices import PlayedDevices
from lobby_server.admin.furnish import furnish, played_colleague, played_kiosk
from lobby_server.kernel.house import House
from lobby_server.queue import actions as queue
from lobby_server.visits.tables import visit
from referral.lifecycle.tables import referral
from tests import make

ARRIVALS, SEED = 60, 7
JOIN_S_MAX = 30


def test_a_played_day_uses_every_way_and_breaks_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("WALK_S", "SERVE_S"):
        monkeypatch.setattr(traffic, name, (0.0, 0.0))
    furnish(house, "no password")
    played = traffic.Traffic(house, make.TYPES, seed=SEED)
    kiosk, teller, machines = played_kiosk(house), played_colleague(house, "T091"), PlayedDevices(house)
    adviser = played_colleague(house, "R091")
    house.works.run(queue.open_service_point, "W3", teller)
    house.works.run(queue.open_service_point, "D2", adviser)
    for _ in range(ARRIVALS):
        machines.beat_once()
        played._try(played._one_arrives, kiosk)
        for thread in [each for each in threading.enumerate() if each.name == "traffic-machine"]:
            thread.join(JOIN_S_MAX)
        make.advance(house, 20)
        for who, point in ((teller, "W3"), (adviser, "D2")):
            played._try(lambda one, at=point: played._serve_one(one, at), who)  # type: ignore[misc]
        played._follow_up_once(adviser)
    assert "traffic_failed" not in caplog.messages
    with house.database.read() as db:
        assert {name: faults for name, faults in run_checks(db, house.keys).items() if faults} == {}
        left = set(db.scalars(sa.select(visit.c.left_because)))
        ends = set(db.scalars(sa.select(referral.c.state)))
        levels = set(db.scalars(sa.select(visit.c.service_level)))
    assert left >= {"served", "done_self_service"}
    assert ends >= {"won", "lost"}
    assert levels >= {"ordinary", "vip", "appointment"}
