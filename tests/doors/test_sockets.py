"""Connections that bring news: who may listen, to what, and when it ends. Nobody commands over them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from flask_socketio import SocketIOTestClient

from lobby_server.app import Lobby
from lobby_server.branch.actions import revoke
from lobby_server.kernel.actor import system
from lobby_server.kernel.house import House
from lobby_server.realtime.sockets import CONNECTIONS_MAX, NAMESPACE, STRIKES_MAX, Hearing
from tests import make
from tests.doors.calling import Caller, Callers, told
from tests.make import WANG

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

NEWS_S_MAX = 5.0


class Connection:
    """One connection of one caller; `news` is what it heard, in order."""

    def __init__(self, lobby: Lobby, who: Caller, **auth: Any) -> None:
        token = who.proof.get("Authorization", "").removeprefix("Bearer ")
        proof = {"access_token": token} if token else {}
        self._lobby = lobby
        self.client: SocketIOTestClient = lobby.socketio.test_client(
            lobby.flask, namespace=NAMESPACE, auth={**proof, **auth} or None, flask_test_client=who.http
        )
        self._heard: list[dict[str, Any]] = []

    @property
    def is_open(self) -> bool:
        return bool(self.client.is_connected(NAMESPACE))

    def say(self, name: str, *words: Any) -> Any:
        """What a client must not do; returns the server's word."""
        return self.client.emit(name, *words, namespace=NAMESPACE, callback=True)

    def heard(self) -> list[dict[str, Any]]:
        """Everything so far, after one round of the delivery."""
        self._lobby.delivery.deliver()
        if self.is_open:
            self._heard += self.client.get_received(NAMESPACE)
        return self._heard

    def welcome(self) -> tuple[str, Any]:
        """The first frame: sent by a thread of its own once the connection stands."""
        until = time.monotonic() + NEWS_S_MAX
        while not self.heard():
            assert time.monotonic() < until, "no welcome"
            time.sleep(0.01)
        return self._heard[0]["name"], self._heard[0]["args"][0]

    def news(self) -> list[dict[str, Any]]:
        """All events of all `news` frames."""
        return [event for each in self.heard() if each["name"] == "news" for event in each["args"][0]["events"]]


@pytest.fixture(autouse=True)
def _no_welcome_outlives_the_test(lobby: Lobby) -> Iterator[None]:
    """The database is dropped after the test; a welcome still under way would find it gone."""
    begun: list[Any] = []
    start = lobby.socketio.start_background_task

    def remember(*deed: Any) -> Any:
        begun.append(start(*deed))
        return begun[-1]

    lobby.socketio.start_background_task = remember
    yield
    for thread in begun:
        thread.join()


def refused(lobby: Lobby, who: Caller, **auth: Any) -> bool:
    connection = Connection(lobby, who, **auth)
    return not connection.is_open and lobby.sockets.count() == 0


# ---- Who may listen -----------------------------------------------------------------------------------------------


def test_nobody_listens_without_a_right(lobby: Lobby, callers: Callers) -> None:
    assert refused(lobby, callers.nobody)
    for auth in ({"access_token": "x"}, {"ticket_key": "x"}, {"access_token": 7}, {"ticket_key": None}, {"x": 1}):
        assert refused(lobby, callers.nobody, **auth), auth
    for who in (callers.tablet, callers.admin):  # known, and hearing no news
        assert refused(lobby, who)


def test_what_is_no_object_proves_nothing(lobby: Lobby, callers: Callers) -> None:
    for auth in (["access_token"], "access_token", 1, True):
        client = lobby.socketio.test_client(
            lobby.flask, namespace=NAMESPACE, auth=auth, flask_test_client=callers.nobody.http
        )
        assert not client.is_connected(NAMESPACE), auth


def test_another_sites_page_does_not_listen_with_our_cookie(lobby: Lobby, callers: Callers) -> None:
    for origin, is_open in (
        ("https://evil.example", False),
        ("null", False),
        ("http://[", False),
        ("http://localhost.evil.example", False),
        ("http://localhost", True),
    ):
        client = lobby.socketio.test_client(
            lobby.flask, namespace=NAMESPACE, headers={"Origin": origin}, flask_test_client=callers.manager.http
        )
        assert bool(client.is_connected(NAMESPACE)) is is_open, origin


def test_there_is_no_other_namespace(lobby: Lobby, callers: Callers) -> None:
    for namespace in ("/", "/admin", "/live/0002"):
        client = lobby.socketio.test_client(lobby.flask, namespace=namespace, flask_test_client=callers.manager.http)
        assert not client.is_connected(namespace)


def test_one_holder_has_three_connections_and_no_fourth(lobby: Lobby, callers: Callers) -> None:
    mine = [Connection(lobby, callers.kiosk) for _ in range(CONNECTIONS_MAX)]
    assert all(each.is_open for each in mine)
    assert not Connection(lobby, callers.kiosk).is_open
    assert Connection(lobby, callers.second_kiosk).is_open
    mine[0].client.disconnect(NAMESPACE)
    assert Connection(lobby, callers.kiosk).is_open


# ---- What is heard ------------------------------------------------------------------------------------------------


def test_a_screen_that_comes_with_nothing_is_told_to_fetch_a_picture(lobby: Lobby, callers: Callers) -> None:
    picture = told(callers.manager.get("/lobby"))
    name, payload = Connection(lobby, callers.manager).welcome()
    assert (name, payload) == ("reset", {"epoch": picture["epoch"], "seq": picture["seq"]})


def test_a_screen_that_comes_back_gets_what_it_missed(lobby: Lobby, callers: Callers) -> None:
    make.opened(lobby.house, callers.teller.who)
    picture = told(callers.manager.get("/lobby"))
    make.ticket(lobby.house, callers.kiosk.who)
    connection = Connection(lobby, callers.manager, epoch=picture["epoch"], after=picture["seq"])
    name, payload = connection.welcome()
    assert (name, payload["epoch"]) == ("news", picture["epoch"])
    assert [each["type"] for each in payload["events"]] == ["visit.arrived", "ticket.issued", "visit.routed"]
    assert payload["events"][0]["prev_seq"] == picture["seq"]


def test_a_number_or_epoch_that_cannot_be_gets_a_reset(lobby: Lobby, callers: Callers) -> None:
    epoch = told(callers.manager.get("/lobby"))["epoch"]
    wrong: list[tuple[Any, Any]] = [(epoch, after) for after in (-1, 10**6, "3", 1.5, None, True, [1], {"n": 1}, 2**63)]
    wrong += [(other, 0) for other in (None, "", "another", 7, ["x"], {"x": 1})]
    for other, after in wrong:
        connection = Connection(lobby, callers.manager, epoch=other, after=after)
        assert connection.welcome()[0] == "reset", (other, after)
        connection.client.disconnect(NAMESPACE)


def test_staff_hear_the_card_and_the_hall_hears_numbers(lobby: Lobby, callers: Callers) -> None:
    make.opened(lobby.house, callers.teller.who)
    manager, kiosk, wall, foreign = (
        Connection(lobby, each) for each in (callers.manager, callers.kiosk, callers.wall, callers.foreign_teller)
    )
    for each in (manager, kiosk, wall, foreign):
        each.welcome()
    routed = make.routed(lobby.house, callers.kiosk.who, "cash", make.seen(lobby.house, WANG))
    assert manager.news()[0]["data"]["masked_name"] == "王*明"
    for each in (kiosk, wall):
        (event,) = each.news()
        assert event["type"] == "ticket.issued" and event["data"]["number"] == "A001"
        secrets = (routed.visit.id, routed.issued.ticket.id, "王", "private", "vip")
        assert not [secret for secret in secrets if secret in str(each.heard())]
    assert foreign.news() == []


def test_a_tickets_holder_hears_public_events_only(lobby: Lobby, callers: Callers) -> None:
    routed = make.routed(lobby.house, callers.kiosk.who, "cash", make.seen(lobby.house, WANG))
    holder = Connection(lobby, callers.nobody, ticket_key=routed.issued.ticket_key)
    holder.welcome()
    visit_id = make.arrival(lobby.house, callers.kiosk.who).visit.id
    callers.manager.post(f"/visits/{visit_id}/claim")
    make.opened(lobby.house, callers.teller.who)
    callers.teller.post("/service-points/W1/call-next")
    assert [each["type"] for each in holder.news()] == ["service_point.opened", "queue.changed", "ticket.called"]
    secrets = (routed.visit.id, routed.issued.ticket.id, visit_id, "王", "周敏", "T001", "private")
    assert not [secret for secret in secrets if secret in str(holder.heard())]


# ---- Words from a client ------------------------------------------------------------------------------------------


def test_whatever_a_client_says_is_refused_and_the_third_word_ends_it(lobby: Lobby, callers: Callers) -> None:
    connection = Connection(lobby, callers.kiosk)
    words = ["join", "call_next", "visits"]
    assert len(words) == STRIKES_MAX
    for word in words[:-1]:
        assert connection.say(word, {"room": "0001/lobby"}) == {"code": "commands_are_http_only"}
        assert connection.is_open
    connection.say(words[-1], "x")
    assert not connection.is_open
    assert lobby.sockets.count() == 0


def test_asking_for_a_room_leads_into_none(lobby: Lobby, callers: Callers) -> None:
    wall = Connection(lobby, callers.wall)
    wall.welcome()
    for word in ("join", "enter_room"):
        wall.say(word, "0001/lobby")
    make.arrival(lobby.house, callers.kiosk.who, make.seen(lobby.house, WANG))
    assert wall.news() == []


@pytest.mark.parametrize("word", ["disconnect", "connect"])
def test_a_word_with_a_meaning_of_its_own_is_a_word_like_any_other(lobby: Lobby, callers: Callers, word: str) -> None:
    """A client that could say `disconnect` and stay would be closed by nothing any more."""
    ticket_key = make.routed(lobby.house, callers.second_kiosk.who).issued.ticket_key
    connection = Connection(lobby, callers.kiosk)
    connection.say(word, {}, {"ticket_key": ticket_key})
    assert lobby.sockets.count() == 1
    lobby.delivery.deliver()
    lobby.house.works.run(revoke, callers.kiosk.who.id, system(make.HERE))
    lobby.delivery.deliver()
    assert not connection.is_open


# ---- The end ------------------------------------------------------------------------------------------------------


def test_a_revoked_devices_connection_is_closed(lobby: Lobby, callers: Callers) -> None:
    revoked, other = Connection(lobby, callers.kiosk), Connection(lobby, callers.second_kiosk)
    lobby.delivery.deliver()
    lobby.house.works.run(revoke, callers.kiosk.who.id, system(make.HERE))
    lobby.delivery.deliver()
    assert (revoked.is_open, other.is_open) == (False, True)
    assert not Connection(lobby, callers.kiosk).is_open


def test_a_device_that_is_revoked_while_it_connects_is_not_left_listening(lobby: Lobby, callers: Callers) -> None:
    """Its right was looked at a moment ago; the word that ends it must not pass by before anybody listens for it."""
    look = lobby.sockets.audience_of

    def look_just_before_the_revocation(house: House, told: Mapping[str, Any]) -> Hearing:
        lobby.sockets.audience_of = look
        hearing = look(house, told)
        house.works.run(revoke, callers.kiosk.who.id, system(make.HERE))
        lobby.delivery.deliver()
        return hearing

    lobby.sockets.audience_of = look_just_before_the_revocation
    connection = Connection(lobby, callers.kiosk)
    lobby.delivery.deliver()
    assert not connection.is_open


def test_signing_out_closes_this_sign_ins_connections(lobby: Lobby, callers: Callers) -> None:
    gone, other = Connection(lobby, callers.manager), Connection(lobby, callers.teller)
    lobby.delivery.deliver()
    assert callers.manager.post("/sign-out").status_code == 204
    lobby.delivery.deliver()
    assert (gone.is_open, other.is_open) == (False, True)


def test_a_connection_ends_with_the_shift(lobby: Lobby, callers: Callers) -> None:
    connection = Connection(lobby, callers.manager)
    make.advance(lobby.house, 12 * 3600 - 1)
    lobby.sockets.sweep()
    assert connection.is_open
    make.advance(lobby.house, 1)
    lobby.sockets.sweep()
    assert not connection.is_open


def test_whoever_listens_is_told_that_the_server_goes(lobby: Lobby, callers: Callers) -> None:
    connection = Connection(lobby, callers.wall)
    connection.welcome()
    lobby.sockets.drain()
    assert {"name": "draining", "args": [{"reconnect_in_ms": 500}], "namespace": NAMESPACE} in connection.heard()
