"""A device falls silent and is heard again: the branch is told once of each."""

from __future__ import annotations

from lobby_server.admin.devices import PlayedDevices
from lobby_server.branch import store
from lobby_server.branch.actions import SignOfLife, note_heartbeat, revoke
from lobby_server.kernel import event_log
from lobby_server.kernel.actor import Actor
from lobby_server.kernel.events import Recorded
from lobby_server.kernel.house import House
from lobby_server.worker import Worker
from tests import make
from tests.actions.racing import at_once
from tests.make import Cast


def machine(house: House) -> Actor:
    """The machine S1, which has just been heard."""
    device_id = make.enrolled(house, "machine", "S1")
    who = Actor("device", device_id, make.HERE, frozenset({"machine"}))
    beat(house, who)
    return who


def beat(house: House, who: Actor) -> None:
    house.works.run(note_heartbeat, SignOfLife(who.id, {"paper": "ok"}), who)


def news(house: House) -> list[Recorded]:
    with house.database.read() as db:
        return [each for each in event_log.read_after(db, make.HERE, 0, 100) if each.type.startswith("device.")]


def pass_by(house: House, seconds: float) -> None:
    make.advance(house, seconds)
    Worker(house, make.TYPES).fire_due()


def test_a_device_that_goes_on_beating_is_never_lost(house: House, cast: Cast) -> None:
    who = machine(house)
    for _ in range(10):
        pass_by(house, 10)
        beat(house, who)
    assert news(house) == []


def test_half_a_minute_of_silence_is_told_once_and_the_next_sign_of_life_too(house: House, cast: Cast) -> None:
    who = machine(house)
    pass_by(house, 29)
    assert news(house) == []
    for _ in range(3):
        pass_by(house, 60)
    beat(house, who)
    beat(house, who)
    lost, found = news(house)
    about = {"device_id": who.id, "kind": "machine", "name": "machine 大堂", "service_point": "S1", "zone": "hall"}
    assert (lost.type, lost.data) == (
        "device.lost",
        {**about, "seen_at": "2026-11-23T02:00:00.000000Z", "is_alive": False},
    )
    assert (found.type, found.data) == (
        "device.found",
        {**about, "seen_at": "2026-11-23T02:03:29.000000Z", "is_alive": True},
    )


def test_a_device_that_was_shut_out_is_not_lost_as_well(house: House, cast: Cast) -> None:
    who = machine(house)
    house.works.run(revoke, who.id, cast.chen)
    pass_by(house, 60)
    beat(house, who)
    pass_by(house, 60)
    assert [each.type for each in news(house)] == ["device.revoked"]


def test_a_beat_and_the_deed_that_would_lose_it_meet_without_harm(house: House, cast: Cast) -> None:
    who = machine(house)
    make.advance(house, 31)
    at_once([Worker(house, make.TYPES).fire_due, lambda: beat(house, who), Worker(house, make.TYPES).fire_due])
    told = [each.type for each in news(house)]
    assert told in ([], ["device.lost", "device.found"])
    with house.database.read() as db:
        assert [each.is_alive for each in store.machines(db, make.HERE, house.clock.now())] == [True]


def test_the_trials_machines_beat_by_themselves(house: House, cast: Cast) -> None:
    machine(house)
    make.advance(house, 60)
    PlayedDevices(house).beat_once()
    with house.database.read() as db:
        (found,) = store.machines(db, make.HERE, house.clock.now())
    assert found.is_free
