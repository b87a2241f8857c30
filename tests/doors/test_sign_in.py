"""Signing in and out: what the cookie is, how wrong passwords are met, and when it all ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lobby_server.app import Lobby
from lobby_server.doors import mount
from lobby_server.kernel.actor import system
from lobby_server.kernel.house import House
from lobby_server.kernel.passwords import Passwords
from lobby_server.staff import actions, store
from lobby_server.staff.tables import staff
from tests import make
from tests.doors import calling
from tests.doors.calling import Callers, refusal, told
from tests.make import Cast

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PASSWORD = "正确的密码 correct"
RIGHT = {"branch": "0001", "staff_no": "T001", "password": PASSWORD}


@cache
def password_hash() -> str:
    """As it is stored in earnest; one takes about half a second, so it is made once."""
    return Passwords(make.KEYS.pepper, lambda deed: deed()).hash(PASSWORD)


@pytest.fixture
def with_passwords(house: House, cast: Cast) -> None:
    """Everybody's password is the right one."""
    house.database.run(lambda db: store.set_all_passwords(db, password_hash()))


def sign_in(http: FlaskClient, body: Any = RIGHT, **headers: Any) -> TestResponse:
    return http.post("/api/v1/sign-in", json=body, **headers)


def cookie_of(answer: TestResponse) -> dict[str, str]:
    """The attributes of the one cookie that is set."""
    (line,) = answer.headers.getlist("Set-Cookie")
    parts = [part.strip().partition("=") for part in line.split(";")]
    return {"name": parts[0][0], "value": parts[0][2], **{name: value for name, _, value in parts[1:]}}


# ---- Coming in ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("with_passwords")
def test_the_right_password_opens_and_says_who_one_is(lobby: Lobby) -> None:
    http = lobby.flask.test_client()
    answer = sign_in(http)
    assert answer.status_code == 200
    colleague = {"staff_no": "T001", "name": "周敏", "roles": ["teller"], "branch": "0001"}
    assert told(answer)["staff"] == colleague
    assert told(http.get("/api/v1/me")) == told(answer)


@pytest.mark.usefixtures("with_passwords")
def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(lobby: Lobby) -> None:
    plain = cookie_of(sign_in(lobby.flask.test_client()))
    assert plain["name"] == "lobby" and len(plain["value"]) >= 43  # 256 random bits
    assert plain.keys() == {"name", "value", "Path", "HttpOnly", "SameSite"}
    assert (plain["Path"], plain["SameSite"]) == ("/", "Strict")
    over_tls = cookie_of(sign_in(lobby.flask.test_client(), base_url="https://localhost"))
    assert over_tls["name"] == "__Host-lobby"
    assert over_tls.keys() == {"name", "value", "Path", "HttpOnly", "SameSite", "Secure"}


@pytest.mark.usefixtures("with_passwords")
def test_over_tls_the_plain_cookie_counts_nothing(lobby: Lobby) -> None:
    http = lobby.flask.test_client()
    value = cookie_of(sign_in(http))["value"]
    assert http.get("/api/v1/me").status_code == 200
    assert http.get("/api/v1/me", base_url="https://localhost").status_code == 401
    http.set_cookie("__Host-lobby", value, secure=True)
    assert http.get("/api/v1/me", base_url="https://localhost").status_code == 200


@pytest.mark.usefixtures("with_passwords")
def test_each_sign_in_has_a_cookie_and_a_token_of_its_own(lobby: Lobby) -> None:
    http = lobby.flask.test_client()
    http.set_cookie("lobby", "chosen by somebody else")
    first, second = sign_in(http), sign_in(http)
    values = {cookie_of(each)["value"] for each in (first, second)}
    assert len(values) == 2 and "chosen by somebody else" not in values
    assert told(first)["csrf"] != told(second)["csrf"]


@pytest.mark.usefixtures("with_passwords")
def test_another_sites_page_cannot_sign_anybody_in(lobby: Lobby) -> None:
    answer = sign_in(lobby.flask.test_client(), headers={"Origin": "https://evil.example"})
    assert refusal(answer) == (403, "foreign_origin")
    assert "Set-Cookie" not in answer.headers


# ---- Wrong --------------------------------------------------------------------------------------------------------


WRONG: dict[str, dict[str, str]] = {
    "wrong password": {**RIGHT, "password": "falsch"},
    "unknown number": {**RIGHT, "staff_no": "T999"},
    "another branch": {**RIGHT, "branch": "0002"},
    "unknown branch": {**RIGHT, "branch": "9999"},
    "not normalised": {**RIGHT, "password": PASSWORD + " "},
    "disabled": {**RIGHT, "staff_no": "T002"},
}


@pytest.mark.usefixtures("with_passwords")
def test_whatever_is_wrong_the_answer_and_the_work_are_the_same(house: House, cast: Cast) -> None:
    hashed: list[Callable[[], Any]] = []

    def counted(deed: Callable[[], Any]) -> Any:
        hashed.append(deed)
        return deed()

    counting = calling.open_doors(replace(house, offload=counted))
    disable = staff.update().where(staff.c.id == cast.second_teller.id).values(disabled_at=make.MORNING)
    house.database.run(lambda db: db.execute(disable))
    answers = {}
    for name, body in WRONG.items():
        before = len(hashed)
        answer = sign_in(counting.flask.test_client(), body)
        assert "Set-Cookie" not in answer.headers
        problem = told(answer)
        del problem["request_id"]
        answers[name] = (answer.status_code, problem, len(hashed) - before)
    refused = {"type": "about:blank", "title": "Unauthorized", "status": 401, "code": "sign_in_failed"}
    assert answers == dict.fromkeys(WRONG, (401, refused, 1))


@pytest.mark.usefixtures("with_passwords")
def test_after_ten_tries_a_person_waits_a_minute_for_each_and_others_do_not(
    lobby: Lobby, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Ten hashes would take five seconds; that each try costs one is told above.
    monkeypatch.setattr("lobby_server.kernel.passwords._matches", lambda cost, stored, peppered: False)
    http = lobby.flask.test_client()
    wrong = {**RIGHT, "password": "falsch"}
    assert {refusal(sign_in(http, wrong)) for _ in range(10)} == {(401, "sign_in_failed")}
    monkeypatch.undo()
    slowed = sign_in(http, RIGHT)
    assert refusal(slowed) == (429, "too_many_requests")
    assert slowed.headers["Retry-After"] == "60"
    assert sign_in(http, {**RIGHT, "staff_no": "T002"}).status_code == 200
    make.advance(lobby.house, 60)
    assert sign_in(http, RIGHT).status_code == 200
    assert sign_in(http, RIGHT).status_code == 429


def test_a_password_is_kept_as_argon2id_over_a_peppered_value(house: House) -> None:
    assert password_hash().startswith("$argon2id$v=19$m=65536,t=3,p=1$")
    passwords = Passwords(house.keys.pepper, house.offload)
    assert passwords.is_right(PASSWORD, password_hash())
    assert not Passwords(b"another pepper", lambda deed: deed()).is_right(PASSWORD, password_hash())
    assert not passwords.is_right(PASSWORD, None)
    assert not passwords.is_right("", "no hash at all")


# ---- Going out ----------------------------------------------------------------------------------------------------


def test_signing_out_ends_this_sign_in_and_no_other(lobby: Lobby, callers: Callers) -> None:
    elsewhere = lobby.flask.test_client()
    house = lobby.house
    with house.database.read() as db:
        found = store.find(db, house.keys, make.HERE, "L001")
    assert found is not None
    _signed_in, cookie = house.works.run(actions.sign_in, found[0], system(make.HERE))
    elsewhere.set_cookie("lobby", cookie)
    kept = callers.manager.http.get_cookie("lobby")
    assert kept is not None
    answer = callers.manager.post("/sign-out")
    assert answer.status_code == 204
    assert cookie_of(answer)["value"] == "" and cookie_of(answer)["Max-Age"] == "0"
    callers.manager.http.set_cookie("lobby", kept.value)  # whoever copied it has nothing
    assert refusal(callers.manager.get("/me")) == (401, "sign_in_needed")
    assert elsewhere.get("/api/v1/me").status_code == 200


def test_signing_out_needs_the_pages_token(callers: Callers) -> None:
    assert refusal(callers.manager.post("/sign-out", X_CSRF_Token="")) == (403, "csrf")
    assert callers.manager.get("/me").status_code == 200


def test_a_sign_in_ends_after_twelve_hours(lobby: Lobby, callers: Callers) -> None:
    make.advance(lobby.house, 12 * 3600 - 1)
    assert callers.manager.get("/me").status_code == 200
    make.advance(lobby.house, 1)
    assert refusal(callers.manager.get("/me")) == (401, "sign_in_needed")


def test_a_colleague_who_was_disabled_is_out_at_once(lobby: Lobby, callers: Callers) -> None:
    disable = staff.update().where(staff.c.id == callers.manager.who.id).values(disabled_at=make.MORNING)
    lobby.house.database.run(lambda db: db.execute(disable))
    assert refusal(callers.manager.get("/me")) == (401, "sign_in_needed")
    assert callers.teller.get("/me").status_code == 200


def test_neither_cookie_nor_token_is_kept_readable(lobby: Lobby, callers: Callers) -> None:
    cookie = callers.manager.http.get_cookie("lobby")
    assert cookie is not None
    token = callers.kiosk.proof["Authorization"].removeprefix("Bearer ")
    with lobby.house.database.read() as db:
        for table in ("sign_in", "device_token", "answered", "audit", "event"):
            stored = "\n".join(map(repr, db.exec_driver_sql(f"SELECT * FROM {table}")))
            assert cookie.value not in stored and token not in stored


# ---- Behind a proxy -----------------------------------------------------------------------------------------------

FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "lobby.example"}


def behind_proxies(house: House, count: int) -> FlaskClient:
    settled = replace(house, settings=replace(house.settings, proxies=count))
    return calling.open_doors(settled).flask.test_client()


@pytest.mark.usefixtures("with_passwords")
def test_a_proxy_that_speaks_tls_gets_the_cookie_for_tls(house: House) -> None:
    own_page = {**FORWARDED, "Origin": "https://lobby.example"}
    assert cookie_of(sign_in(behind_proxies(house, 1), headers=own_page))["name"] == "__Host-lobby"


@pytest.mark.usefixtures("with_passwords")
def test_without_a_proxy_what_is_said_to_be_forwarded_is_not_believed(house: House) -> None:
    assert cookie_of(sign_in(behind_proxies(house, 0), headers=FORWARDED))["name"] == "lobby"


def test_behind_a_proxy_each_stranger_has_limits_of_their_own(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mount, "REQUESTS_BURST", 1)
    http = behind_proxies(house, 1)
    asked = [
        http.get("/sign-in", headers={"X-Forwarded-For": place}).status_code
        for place in ("1.1.1.1", "1.1.1.1", "2.2.2.2")
    ]
    assert asked == [200, 429, 200]
