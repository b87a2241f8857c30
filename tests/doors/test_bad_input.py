"""What strangers send: each kind of bad input has one answer, changes nothing, and is never repeated back.

The numbers are those of docs/reference/bad-inputs.md; lines about parts that do not exist yet are missing.
"""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from lobby_server.app import Lobby
from lobby_server.kernel.actor import system
from lobby_server.queue import actions as queue
from tests import make
from tests.doors.calling import Callers, audit_rows, new_key, refusal, state_of, told

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

ARRIVAL = {"credential": {"kind": "none"}}
TO_CASH = {"service_type": "cash", "choice": "ticket"}
CANARY = "6225880137001234"  # looks like a card number and must never turn up again


@pytest.fixture
def visit_id(lobby: Lobby, callers: Callers) -> str:
    """A visit that the kiosk made."""
    return make.arrival(lobby.house, callers.kiosk.who).visit.id


# ---- 1 to 5: what cannot be read ----------------------------------------------------------------------------------


NO_JSON = [
    b"",
    b"{",
    b"hello",
    b'{"credential":{"kind":"none"}} and more',
    b'{"credential":{"kind":"none"}}{}',
    b"{'credential':{'kind':'none'}}",
    b"\xef\xbb\xbf{}",
    '{"credential":{"kind":"none"}}'.encode("utf-16"),
    '{"language":"中文"}'.encode("gb18030"),
    b'{"party_size":NaN,"credential":{"kind":"none"}}',
    b'{"party_size":Infinity,"credential":{"kind":"none"}}',
    b'{"party_size":1e999,"credential":{"kind":"none"}}',
    b'{"party_size":1,"party_size":2,"credential":{"kind":"none"}}',
    b'{"credential":{"kind":"none","kind":"qr"}}',
    b"[" * 10_000,
    b"[" * 10_000 + b"]" * 10_000,
    b'{"a":' * 9 + b"1" + b"}" * 9,
    b'{"credential":{"kind":"none"},"party_size":' + b"9" * 5000 + b"}",
]


def test_01_04_05_what_is_no_json_is_refused_as_such(lobby: Lobby, callers: Callers) -> None:
    before = state_of(lobby.house)
    answers = {raw: refusal(callers.kiosk.post_raw("/visits", raw)) for raw in NO_JSON}
    assert answers == dict.fromkeys(NO_JSON, (400, "bad_json"))
    assert state_of(lobby.house) == before


def test_02_only_json_is_taken(callers: Callers) -> None:
    kinds = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx", "")
    answers = {
        kind: refusal(callers.kiosk.post_raw("/visits", b'{"credential":{"kind":"none"}}', kind)) for kind in kinds
    }
    assert answers == dict.fromkeys(kinds, (415, "not_json"))


def test_03_a_body_of_more_than_64_kib_is_refused(callers: Callers) -> None:
    body = b'{"credential":{"kind":"none"}}'
    assert callers.kiosk.post_raw("/visits", body.ljust(64 * 1024)).status_code == 201
    assert refusal(callers.kiosk.post_raw("/visits", body.ljust(64 * 1024 + 1))) == (413, "too_long")


def test_03_a_body_that_hides_its_length_is_refused_too(callers: Callers) -> None:
    answer = callers.kiosk.http.post(
        "/api/v1/visits",
        input_stream=io.BytesIO(b'{"credential":{"kind":"none"}}'.ljust(70 * 1024)),
        content_type="application/json",
        headers={**callers.kiosk.proof, "Transfer-Encoding": "chunked", "Idempotency-Key": new_key()},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert refusal(answer) == (413, "too_long")


# ---- 6, 7, 18: what breaks the declared shape ---------------------------------------------------------------------


WRONG_FIELDS: list[tuple[Any, str, str]] = [
    ({}, "credential", "missing"),
    ([], "", "model_type"),
    ({"credential": None}, "credential", "model_type"),
    ({"credential": {}}, "credential.kind", "missing"),
    ({"credential": {"kind": "face"}}, "credential.kind", "literal_error"),
    ({"credential": {"kind": "card", "value": CANARY}}, "credential.kind", "literal_error"),
    ({**ARRIVAL, "party_size": True}, "party_size", "int_type"),
    ({**ARRIVAL, "party_size": "2"}, "party_size", "int_type"),
    ({**ARRIVAL, "party_size": 1.0}, "party_size", "int_type"),
    ({**ARRIVAL, "party_size": 0.1}, "party_size", "int_type"),
    ({**ARRIVAL, "party_size": 0}, "party_size", "greater_than_equal"),
    ({**ARRIVAL, "party_size": -1}, "party_size", "greater_than_equal"),
    ({**ARRIVAL, "party_size": 21}, "party_size", "less_than_equal"),
    ({**ARRIVAL, "party_size": 2**63}, "party_size", "less_than_equal"),
    ({**ARRIVAL, "language": "fr"}, "language", "string_pattern_mismatch"),
    ({**ARRIVAL, "language": "en\n"}, "language", "string_pattern_mismatch"),
    ({**ARRIVAL, "visit_id": "1"}, "visit_id", "value_error"),
    ({**ARRIVAL, "visit_id": "00000000-0000-7000-8000-0000000000C1"}, "visit_id", "value_error"),
    ({**ARRIVAL, "branch_id": "0002"}, "branch_id", "extra_forbidden"),
    ({**ARRIVAL, "tier": "private"}, "tier", "extra_forbidden"),
    ({"credential": {"kind": "none", "customer_no": CANARY}}, "credential.customer_no", "extra_forbidden"),
    ({"credential": {"kind": "qr", "value": "1" * 4097}}, "credential.value", "string_too_long"),
    ({"credential": {"kind": "qr", "value": 7}}, "credential.value", "string_type"),
    ({"credential": {"kind": "qr", "value": "\ud800"}}, "credential.value", "string_unicode"),
]


def test_06_07_18_a_wrong_field_is_named_and_its_value_is_not_repeated(lobby: Lobby, callers: Callers) -> None:
    before = state_of(lobby.house)
    for body, field, code in WRONG_FIELDS:
        answer = callers.kiosk.post("/visits", body)
        assert refusal(answer) == (422, "invalid_fields"), body
        assert {"field": field, "code": code} in told(answer)["errors"]
        assert CANARY not in answer.get_data(as_text=True)
    assert state_of(lobby.house) == before


def test_06_a_command_that_takes_nothing_takes_nothing(callers: Callers, visit_id: str) -> None:
    bodies: list[Any] = [{"until": "2030-01-01"}, [], 0, None, "x"]
    for body in bodies:
        answer = callers.manager.post_raw(f"/visits/{visit_id}/claim", _json(body))
        assert refusal(answer) == (422, "invalid_fields"), body
    assert callers.manager.post_raw(f"/visits/{visit_id}/claim", b"").status_code == 200


def test_18_nobody_makes_themselves_an_administrator(callers: Callers) -> None:
    for more in ({"roles": ["admin"]}, {"role": "admin"}, {"branch_id": "0002"}):
        answer = callers.nobody.post("/sign-in", {"branch": "0001", "staff_no": "T001", "password": "x", **more})
        assert refusal(answer) == (422, "invalid_fields")


def test_08_half_a_character_anywhere_is_refused(callers: Callers) -> None:
    for half in ("\ud800", "a\ud800b", {"deep": ["\udfff"]}, {"\ud800": 1}):
        answer = callers.kiosk.post(f"/devices/{callers.kiosk.who.id}/heartbeat", {"health": {"paper": half}})
        assert refusal(answer) in ((400, "bad_json"), (422, "invalid_fields"))


def test_08_rare_characters_survive_the_round_trip(lobby: Lobby, callers: Callers) -> None:
    make.opened(lobby.house, callers.teller.who, "W1")
    issued = make.ticket(lobby.house, callers.kiosk.who)
    reason = "𠮷 龘 é <b>"
    called = callers.teller.post("/service-points/W1/call", {"ticket_id": issued.id, "reason": reason})
    assert called.status_code == 200
    assert told(callers.teller.get(f"/tickets/{issued.id}/why"))["hand_reason"] == reason


# ---- 10, 14, 15, 21: addresses and headers ------------------------------------------------------------------------


def test_10_an_evil_name_in_a_body_is_refused(callers: Callers) -> None:
    for evil in ("' OR '1'='1", "\x00", "0001'--", "a b", "", "x" * 65, "T001\n"):
        sent = {"branch": "0001", "staff_no": evil, "password": "x"}
        assert refusal(callers.nobody.post("/sign-in", sent)) == (422, "invalid_fields"), evil


def test_21_an_address_that_is_only_like_one_of_ours_leads_nowhere(callers: Callers) -> None:
    for path in ("//evil.example/", "/api/v1//lobby", "/./kiosk", "/kiosk/", "/kiosk/../wall", "/KIOSK"):
        answer = callers.nobody.http.get("/", environ_overrides={"PATH_INFO": path})
        assert refusal(answer) == (404, "not_found"), path
        assert "Location" not in answer.headers


def test_14_a_command_without_a_right_key_is_refused(callers: Callers) -> None:
    assert refusal(callers.kiosk.post("/visits", ARRIVAL, Idempotency_Key="")) == (422, "key_missing")
    for key in ("1", "x" * 1_000_000, new_key().upper(), "{" + new_key() + "}"):
        answer = callers.kiosk.post("/visits", ARRIVAL, Idempotency_Key=key)
        assert refusal(answer) == (422, "key_malformed"), key[:40]


def test_every_refusal_has_a_request_id_of_its_own(callers: Callers) -> None:
    answers = [
        callers.nobody.get("/nothing"),
        callers.nobody.http.put("/api/v1/visits"),
        callers.nobody.get("/lobby"),
        callers.nobody.get("/lobby", Authorization="Bearer x"),
        callers.kiosk.post_raw("/visits", b"{"),
    ]
    ids = {told(each)["request_id"] for each in answers}
    assert len(ids) == len(answers) and all(len(each) == 16 for each in ids)


# ---- 16, 17, 19, 20: who asks, and from where ---------------------------------------------------------------------


def test_16_a_kiosk_at_a_colleagues_door_is_refused_and_noted(lobby: Lobby, callers: Callers, visit_id: str) -> None:
    before = len(audit_rows(lobby.house))
    assert refusal(callers.kiosk.post(f"/visits/{visit_id}/claim")) == (403, "not_allowed")
    assert audit_rows(lobby.house)[before:] == [("refused_POST /api/v1/visits/{visit_id}/claim", "not_allowed")]


NO_ALG = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9."


@pytest.mark.parametrize(
    "header",
    [f"Bearer {NO_ALG}", "Bearer", "Bearer ", "bearer x", "Basic YTpi", "Digest x", "x", "Bearer a b", "Bearer é"],
)
def test_17_a_token_that_we_did_not_give_is_no_proof(callers: Callers, header: str) -> None:
    assert refusal(callers.manager.get("/me", Authorization=header)) == (401, "token")


def test_17_a_tampered_token_or_cookie_is_no_proof(callers: Callers) -> None:
    token = callers.kiosk.proof["Authorization"]
    for wrong in (token[:-1] + ("A" if token[-1] != "A" else "B"), token + "A", token.swapcase()):
        assert refusal(callers.nobody.get("/lobby", Authorization=wrong)) == (401, "token")
    callers.manager.http.set_cookie("lobby", "AAAA")
    assert refusal(callers.manager.get("/me")) == (401, "sign_in_needed")


def test_17_a_flood_of_wrong_tokens_from_one_place_is_slowed(callers: Callers) -> None:
    codes = {callers.nobody.get("/lobby", Authorization=f"Bearer {n}").status_code for n in range(300)}
    assert codes == {401, 429}


FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://localhost:8001"},
    {"Origin": "null"},
    {"Origin": "http://["},
    {"Origin": "localhost"},
    {"Sec_Fetch_Site": "cross-site"},
    {"Sec_Fetch_Site": "same-site"},
]


def test_19_another_sites_page_commands_nothing_with_our_cookie(lobby: Lobby, callers: Callers, visit_id: str) -> None:
    before = state_of(lobby.house)
    answers = [refusal(callers.manager.post(f"/visits/{visit_id}/claim", **headers)) for headers in FOREIGN]
    assert answers == [(403, "foreign_origin")] * len(FOREIGN)
    assert state_of(lobby.house) == before


def test_19_our_own_page_commands_with_its_token_only(callers: Callers, visit_id: str) -> None:
    own = {"Origin": "http://localhost", "Sec_Fetch_Site": "same-origin"}
    for wrong in ("", "x", callers.teller.proof["X-CSRF-Token"], "é"):
        answer = callers.manager.post(f"/visits/{visit_id}/claim", X_CSRF_Token=wrong, **own)
        assert refusal(answer) == (403, "csrf")
    assert callers.manager.post(f"/visits/{visit_id}/claim", **own).status_code == 200


def test_20_no_other_method_does_anything(lobby: Lobby, callers: Callers, visit_id: str) -> None:
    before = state_of(lobby.house)
    path = f"/api/v1/visits/{visit_id}/claim"
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW"):
        answer = callers.manager.http.open(path, method=method, headers=callers.manager.proof)
        assert answer.status_code == 405, method
        assert answer.headers["Allow"] == "POST"
    for override in ({"X-HTTP-Method-Override": "POST"}, {"X-Method-Override": "POST"}):
        assert callers.manager.http.get(path, headers={**callers.manager.proof, **override}).status_code == 405
    assert callers.manager.http.get(path + "?_method=POST", headers=callers.manager.proof).status_code == 405
    assert state_of(lobby.house) == before


# ---- 24: out of turn ----------------------------------------------------------------------------------------------


def test_24_a_ticket_is_called_started_and_finished_in_that_order_only(lobby: Lobby, callers: Callers) -> None:
    ticket = make.ticket(lobby.house, callers.kiosk.who)
    make.opened(lobby.house, callers.teller.who)
    mine = {"ticket_id": ticket.id}
    assert _changed(callers.teller.post("/service-points/W1/finish", mine)) == "waiting"
    assert told(callers.teller.post("/service-points/W1/call-next"))["ticket"]["number"] == ticket.number
    assert refusal(callers.teller.post("/service-points/W1/call-next")) == (409, "ticket_in_hand")
    assert _changed(callers.teller.post("/service-points/W1/finish", mine)) == "called"
    assert callers.teller.post("/service-points/W1/start", mine).status_code == 200
    assert _changed(callers.teller.post("/service-points/W1/start", mine)) == "in_service"
    assert callers.teller.post("/service-points/W1/finish", mine).status_code == 200
    assert _changed(callers.teller.post("/service-points/W1/finish", mine)) == "finished"


def test_24_a_cancelled_ticket_is_called_by_nobody(lobby: Lobby, callers: Callers) -> None:
    make.ticket(lobby.house, callers.kiosk.who)
    lobby.house.works.run(queue.end_day, make.HERE, system(make.HERE))
    make.opened(lobby.house, callers.teller.who)
    assert callers.teller.post("/service-points/W1/call-next").status_code == 204


def _changed(answer: TestResponse) -> str:
    assert refusal(answer) == (409, "changed")
    state: str = told(answer)["state"]
    return state


# ---- 23: too much -------------------------------------------------------------------------------------------------


def test_23_one_device_that_floods_is_slowed_and_the_others_are_not(callers: Callers) -> None:
    answers = [callers.wall.get("/lobby") for _ in range(241)]
    assert {each.status_code for each in answers[:240]} == {200}
    assert refusal(answers[240]) == (429, "too_many_requests")
    assert int(answers[240].headers["Retry-After"]) >= 1
    assert callers.kiosk.get("/lobby").status_code == 200


# ---- Our own faults -----------------------------------------------------------------------------------------------


def test_a_fault_of_ours_tells_the_caller_a_number_and_the_log_the_rest(
    lobby: Lobby, callers: Callers, caplog: pytest.LogCaptureFixture
) -> None:
    lobby.house.database.run(lambda db: db.execute(sa.text("DROP TABLE device_challenge")))
    answer = callers.nobody.post(f"/devices/{callers.kiosk.who.id}/challenge")
    assert refusal(answer) == (500, "internal")
    assert set(told(answer)) == {"type", "title", "status", "code", "request_id"}
    (record,) = [each for each in caplog.records if each.message == "request_failed"]
    assert record.__dict__["facts"] == {"request_id": told(answer)["request_id"]}


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def test_nothing_is_kept_of_a_caller_who_is_nobody(lobby: Lobby, callers: Callers) -> None:
    noted = len(audit_rows(lobby.house))
    for each in (callers.nobody.get("/lobby"), callers.nobody.post("/visits", ARRIVAL)):
        assert refusal(each) == (401, "sign_in_needed")
    assert len(audit_rows(lobby.house)) == noted
