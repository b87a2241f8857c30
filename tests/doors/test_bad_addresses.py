"""Evil names in addresses: unknown ones, on both engines, whatever each makes of them.

The numbers are those of docs/reference/bad-inputs.md.
"""

from __future__ import annotations

from lobby_server.app import Lobby
from tests import make
from tests.doors.calling import Callers, refusal, state_of

TO_CASH = {"service_type": "cash", "choice": "ticket"}
EVIL = ["' OR 1=1--", "%00", "a%00b", "..%2f..%2fetc%2fpasswd", "%ff%fe", "🂡", "1" * 300, "%0d%0aSet-Cookie:x=1", "{0}"]


def test_10_21_an_evil_name_in_the_address_of_a_command_is_an_unknown_one(lobby: Lobby, callers: Callers) -> None:
    before, codes = state_of(lobby.house), {}
    for caller, path, body in (
        (callers.teller, "/service-points/{}/open", None),
        (callers.teller, "/service-points/{}/start", {"ticket_id": make.new_id()}),
        (callers.manager, "/visits/{}/claim", None),
        (callers.kiosk, "/visits/{}/route", TO_CASH),
        (callers.kiosk, "/devices/{}/heartbeat", {"health": {}}),
        (callers.nobody, "/devices/{}/token", {"nonce": "n", "signature": "s"}),
    ):
        for evil in EVIL:
            codes[path, evil] = caller.post(path.format(evil), body).status_code
    assert {asked: code for asked, code in codes.items() if code not in (401, 404, 422)} == {}
    assert state_of(lobby.house) == before


def test_10_21_an_evil_name_in_the_address_of_a_question_is_an_unknown_one(callers: Callers) -> None:
    paths = [f"{before}{evil}" for evil in EVIL for before in ("/api/v1/tickets/", "/t/", "/static/", "/")]
    answers = {path: refusal(callers.nobody.http.get(path))[0] for path in paths}
    assert answers == dict.fromkeys(paths, 404)


def test_10_a_device_that_nobody_knows_is_challenged_all_the_same(lobby: Lobby, callers: Callers) -> None:
    before = state_of(lobby.house)
    codes = {evil: callers.nobody.post(f"/devices/{evil}/challenge").status_code for evil in EVIL}
    assert {evil: code for evil, code in codes.items() if code not in (200, 404)} == {}
    assert state_of(lobby.house) == before
