"""Two who knock at the same moment: one is first, and the other is told so or gets the same answer."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from cryptography.hazmat.primitives.asymmetric import ec
from werkzeug.test import TestResponse

from lobby_server.app import Lobby
from tests import make
from tests.actions.racing import at_once
from tests.doors.calling import Caller, Callers, new_key, refusal, told
from tests.doors.test_devices import enrolment, new_code

NOBODY_KNOWN = {"credential": {"kind": "none"}}


def tabs(lobby: Lobby, who: Caller, count: int = 2) -> list[Caller]:
    """The same caller on several connections."""
    made = [replace(who, http=lobby.flask.test_client()) for _ in range(count)]
    cookie = who.http.get_cookie("lobby")
    if cookie is not None:
        for tab in made:
            tab.http.set_cookie("lobby", cookie.value)
    return made


def test_two_connections_with_one_key_get_one_answer(lobby: Lobby, callers: Callers) -> None:
    key = new_key()
    answers = at_once([partial(tab.post, "/visits", NOBODY_KNOWN, key=key) for tab in tabs(lobby, callers.kiosk)])
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0].get_data() == answers[1].get_data()
    assert sorted(each.headers.get("Idempotent-Replayed", "first") for each in answers) == ["first", "true"]
    assert len(told(callers.manager.get("/lobby"))["visits"]) == 1


def test_of_two_devices_with_one_code_one_comes_in(lobby: Lobby, callers: Callers) -> None:
    code = new_code(lobby)

    def enter(tab: Caller) -> TestResponse:
        return tab.post("/devices/enrol", enrolment(code, ec.generate_private_key(ec.SECP256R1())))

    answers = at_once([partial(enter, tab) for tab in tabs(lobby, callers.nobody)])
    assert sorted(each.status_code for each in answers) == [201, 410]


def test_of_two_kiosks_with_one_code_one_is_told_nothing(lobby: Lobby, callers: Callers) -> None:
    body = {"credential": {"kind": "qr", "value": make.code_of(make.WANG, lobby.house.clock.now())}}
    answers = at_once([partial(each.post, "/visits", body) for each in (callers.kiosk, callers.second_kiosk)])
    assert sorted(each.status_code for each in answers) == [201, 409]
    (loser,) = [each for each in answers if each.status_code == 409]
    assert refusal(loser) == (409, "already_checked_in")


def test_two_taps_on_call_next_call_one_customer(lobby: Lobby, callers: Callers) -> None:
    for _ in range(3):
        make.ticket(lobby.house, callers.kiosk.who)
    make.opened(lobby.house, callers.teller.who)
    taps = [partial(tab.post, "/service-points/W1/call-next") for tab in tabs(lobby, callers.teller, 3)]
    assert sorted(each.status_code for each in at_once(taps)) == [200, 409, 409]
    states = [each["state"] for each in told(callers.teller.get("/lobby"))["tickets"]]
    assert sorted(states) == ["called", "waiting", "waiting"]
