"""What the socket tells is served as an AsyncAPI 3.0 document, and every frame keeps to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from lobby_server.app import Lobby
from lobby_server.kernel import event_log
from lobby_server.kernel.events import Recorded
from lobby_server.realtime.delivery import Delivery
from lobby_server.realtime.wording import Reader, Vocabulary, link
from tests import make
from tests.doors.calling import Callers, told
from tests.doors.schema import faults, resolved
from tests.doors.test_openapi import references
from tests.make import HERE
from tests.reference_pages import NOW, event_kinds, samples, vocabulary

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

EVENTS_MAX = 200


@pytest.fixture
def contract(callers: Callers) -> Any:
    """The document as it is served."""
    return told(callers.nobody.http.get("/asyncapi.json"))


@dataclass
class Frames:
    """Wires that keep what was sent: room, name, payload."""

    sent: list[tuple[str, str, Any]] = field(default_factory=list)

    def send(self, room: str, name: str, payload: Any) -> None:
        """Keep it."""
        self.sent.append((room, name, payload))

    def join(self, _connection: str, _room: str) -> None:
        """Nobody joins."""


def payload_of(contract: Any, audience: str, name: str) -> Any:
    """The schema of a message on an audience's channel."""
    return resolved(contract["channels"][audience]["messages"][name]["$ref"], contract)["payload"]


def test_the_document_has_what_asyncapi_3_demands(contract: Any) -> None:
    assert contract["asyncapi"] == "3.0.0"
    assert set(contract["info"]) >= {"title", "version"}
    for operation in contract["operations"].values():
        assert operation["action"] == "send"
        assert resolved(operation["channel"]["$ref"], contract)["address"] == "/live"
    for each in set(references(contract)):
        resolved(each, contract)


def test_each_audience_has_a_channel_that_tells_exactly_what_it_hears(contract: Any) -> None:
    words = vocabulary()
    assert sorted(contract["channels"]) == words.audiences
    for audience in words.audiences:
        events = payload_of(contract, audience, "news")["properties"]["events"]["items"]["anyOf"]
        kinds = {resolved(each["$ref"], contract)["properties"]["type"]["const"] for each in events}
        assert kinds == words.types[audience]


def worded(words: Vocabulary, lobby: Lobby, audience: str) -> Iterator[dict[str, Any]]:
    """All that happened here, as an audience hears it."""
    with lobby.house.database.read() as db:
        happened = event_log.read_after(db, HERE, 0, EVENTS_MAX)
        assert happened and len(happened) < EVENTS_MAX
        events, _last = link(words.put(Reader(db, lobby.house.keys), audience, happened), 0)
    yield from events


def test_what_a_day_at_the_branch_tells_keeps_to_the_document(lobby: Lobby, callers: Callers, contract: Any) -> None:
    arrival = {"credential": {"kind": "qr", "value": make.code_of(make.WANG, lobby.house.clock.now())}}
    visit_id = told(callers.kiosk.post("/visits", {**arrival, "language": "en", "party_size": 1}))["visit_id"]
    callers.manager.post(f"/visits/{visit_id}/claim")
    ticket = told(callers.kiosk.post(f"/visits/{visit_id}/route", {"service_type": "cash", "choice": "ticket"}))[
        "ticket"
    ]
    for deed, body in (("open", {}), ("call-next", {}), ("start", {"ticket_id": ticket["id"]})):
        assert callers.teller.post(f"/service-points/W1/{deed}", body).status_code == 200
    words, heard = vocabulary(), 0
    for audience in words.audiences:
        payload = {"epoch": "e", "events": list(worded(words, lobby, audience))}
        assert list(faults(payload, payload_of(contract, audience, "news"), contract)) == []
        heard += len(payload["events"])
    assert heard > len(words.audiences)


def test_every_event_that_could_be_told_keeps_to_the_document(contract: Any) -> None:
    words, seen = vocabulary(), set()
    for family, make_one in samples().items():
        for kind in event_kinds(family):
            happened = Recorded(HERE, 1, kind.type, NOW, make_one(kind).data())
            for audience in words.audiences:
                events, _last = link(words.put(Reader(None, None), audience, [happened]), 0)  # type: ignore[arg-type]
                payload = {"epoch": "e", "events": events}
                assert list(faults(payload, payload_of(contract, audience, "news"), contract)) == [], kind.type
                seen |= {each["type"] for each in events}
    assert seen == set().union(*words.types.values())


def test_what_is_said_to_all_keeps_to_the_document(lobby: Lobby, contract: Any) -> None:
    frames = Frames()
    delivery = Delivery(lobby.house, vocabulary(), frames, lambda _event: None)
    for epoch, after in ((None, None), ("another", 3)):
        delivery.welcome("c", HERE, "lobby", epoch, after)
    with lobby.house.database.read() as db:
        now = event_log.position(db, HERE)
    delivery.welcome("c", HERE, "lobby", now.epoch, 0)
    assert {name for _room, name, _payload in frames.sent} >= {"reset"}
    for _room, name, payload in frames.sent:
        assert list(faults(payload, payload_of(contract, "lobby", name), contract)) == []
    assert list(faults({"seq": 1}, payload_of(contract, "lobby", "beat"), contract)) == ["/: epoch is missing"]
