"""A tablet goes from hand to hand: by PIN after a sign-in that shift, few tries, ever longer pauses, idle minutes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest
from werkzeug.test import TestResponse

from lobby_server.app import Lobby
from lobby_server.kernel import passwords
from lobby_server.kernel.passwords import PIN_COST, Passwords
from lobby_server.staff import actions, store
from tests import make
from tests.doors.calling import Caller, Callers, another_device, audit_rows, refusal, told
from tests.doors.test_sign_in import PASSWORD, password_hash

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PIN = "902817"


@cache
def pin_hash() -> str:
    return Passwords(make.KEYS.pepper, lambda deed: deed(), PIN_COST).hash(PIN)


@pytest.fixture
def tablet(lobby: Lobby, callers: Callers) -> Caller:
    """A tablet at which 周 and 陈, who both signed in this shift, may use their PINs."""
    for who in (callers.teller, callers.manager):
        lobby.house.works.run(actions.set_pin, pin_hash(), who.who)
    lobby.house.database.run(lambda db: store.set_all_passwords(db, password_hash()))
    return replace(callers.tablet, http=lobby.flask.test_client())


def switch(tablet: Caller, staff_no: str = "T001", pin: str = PIN) -> TestResponse:
    return tablet.post("/pin-switch", {"staff_no": staff_no, "pin": pin})


def later(lobby: Lobby) -> None:
    """After the longest pause that a wrong PIN makes the next one wait."""
    make.advance(lobby.house, 16)


def taken_over(tablet: Caller, staff_no: str = "T001") -> Caller:
    """Whoever holds the tablet now, by the cookie alone."""
    answer = switch(tablet, staff_no)
    assert answer.status_code == 200, answer.text
    return replace(tablet, proof={"X-CSRF-Token": told(answer)["csrf"]})


def sign_in_at(tablet: Caller, staff_no: str = "T001") -> TestResponse:
    return tablet.post("/sign-in", {"branch": "0001", "staff_no": staff_no, "password": PASSWORD})


def compared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hashes that secrets are held against from now on; none matches."""
    found: list[str] = []

    def compare(_cost: object, stored: str, _secret: bytes) -> bool:
        found.append(stored)
        return False

    monkeypatch.setattr(passwords, "_matches", compare)
    return found


# ---- Choosing -----------------------------------------------------------------------------------------------------


def test_a_pin_is_chosen_with_the_password_and_then_opens(lobby: Lobby, callers: Callers, tablet: Caller) -> None:
    chosen = callers.teller.post("/me/pin", {"password": PASSWORD, "pin": "135792"})
    assert (chosen.status_code, chosen.get_data()) == (204, b"")
    assert refusal(switch(tablet)) == (401, "pin_failed")
    later(lobby)
    assert told(switch(tablet, pin="135792"))["staff"]["staff_no"] == "T001"


def test_a_pin_that_is_too_easy_or_without_the_password_is_refused(callers: Callers, tablet: Caller) -> None:
    for pin in ("123456", "000000", "12345", "1234567", "abcdef"):
        answer = callers.teller.post("/me/pin", {"password": PASSWORD, "pin": pin})
        assert refusal(answer) == (422, "invalid_fields"), pin
    assert refusal(callers.teller.post("/me/pin", {"password": "falsch", "pin": "135792"})) == (403, "sign_in_failed")
    assert switch(tablet).status_code == 200


# ---- Switching ----------------------------------------------------------------------------------------------------


def test_a_tablet_goes_from_hand_to_hand_and_the_one_before_is_out(tablet: Caller) -> None:
    first = taken_over(tablet)
    before = first.http.get_cookie("lobby")
    assert before is not None and told(first.get("/me"))["staff"]["staff_no"] == "T001"
    second = taken_over(tablet, "L001")
    assert told(second.get("/me"))["staff"]["staff_no"] == "L001"
    second.http.set_cookie("lobby", before.value)
    assert refusal(second.get("/me")) == (401, "sign_in_needed")


WRONG: dict[str, dict[str, str]] = {
    "wrong pin": {"pin": "135792"},
    "unknown number": {"staff_no": "T999"},
    "no pin chosen": {"staff_no": "R001"},
    "another branch": {"staff_no": "T901"},
    "not signed in this shift": {"staff_no": "T002"},
    "no pin at all": {"pin": "hunter2"},
}


@pytest.mark.parametrize("given", WRONG.values(), ids=WRONG.keys())
def test_whatever_is_wrong_the_answer_and_the_work_are_the_same(
    lobby: Lobby, tablet: Caller, given: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lobby.house.works.run(actions.set_pin, pin_hash(), replace(make.device(make.HERE, "x"), id=_id_of(lobby, "T002")))
    hashed = compared(monkeypatch)
    assert refusal(switch(tablet, **given)) == (401, "pin_failed")
    assert len(hashed) == 1 and hashed[0].startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def _id_of(lobby: Lobby, staff_no: str) -> str:
    with lobby.house.database.read() as db:
        found = store.find(db, make.KEYS, make.HERE, staff_no)
    assert found is not None
    return found[0].id


def test_a_pin_counts_for_the_shift_and_ends_with_it(lobby: Lobby, tablet: Caller) -> None:
    make.advance(lobby.house, 12 * 3600 - 60)
    holder = taken_over(another_device(lobby, "tablet"))
    assert holder.get("/me").status_code == 200
    make.advance(lobby.house, 60)
    assert refusal(holder.get("/me")) == (401, "sign_in_needed")
    tablet = another_device(lobby, "tablet")
    assert refusal(switch(tablet)) == (401, "pin_failed")
    assert sign_in_at(tablet).status_code == 200
    assert switch(tablet).status_code == 200


def test_a_tablet_that_lies_idle_for_five_minutes_asks_again(lobby: Lobby, tablet: Caller) -> None:
    holder = taken_over(tablet)
    for _ in range(3):
        make.advance(lobby.house, 299)
        assert holder.post("/service-points/W9/open").status_code == 404  # somebody does something
    make.advance(lobby.house, 299)
    assert holder.get("/me").status_code == 200  # looking is not doing
    make.advance(lobby.house, 1)
    assert refusal(holder.get("/me")) == (401, "sign_in_needed")
    assert taken_over(another_device(lobby, "tablet")).get("/me").status_code == 200


def test_who_signed_in_with_a_password_is_not_asked_again(lobby: Lobby, callers: Callers, tablet: Caller) -> None:
    make.advance(lobby.house, 3600)
    assert callers.teller.get("/me").status_code == 200


def test_only_an_enrolled_tablet_switches(callers: Callers, tablet: Caller) -> None:
    for caller in (callers.kiosk, callers.wall, callers.manager):
        assert refusal(switch(caller)) == (403, "not_allowed")
    assert refusal(switch(callers.nobody)) == (401, "sign_in_needed")


# ---- Five tries ---------------------------------------------------------------------------------------------------


def test_five_wrong_tries_end_a_persons_pin_everywhere_until_the_password(
    lobby: Lobby, callers: Callers, tablet: Caller
) -> None:
    other = another_device(lobby, "tablet")
    for at in (tablet, tablet, tablet, other, other):
        assert refusal(switch(at, pin="135792")) == (401, "pin_failed")
        later(lobby)
    assert refusal(switch(other)) == (401, "pin_failed")  # right, and too late
    later(lobby)
    assert switch(other, "L001").status_code == 200
    later(lobby)
    assert sign_in_at(callers.nobody).status_code == 200
    assert switch(other).status_code == 200


def test_one_pin_sprayed_over_many_people_locks_the_tablet(lobby: Lobby, tablet: Caller) -> None:
    answers = []
    for number in range(500, 600):
        answers.append(refusal(switch(tablet, f"T{number:03}", "135792")))
        if number < 505:
            later(lobby)
    assert answers == [(401, "pin_failed")] * 5 + [(403, "full_sign_in_needed")] * 95
    assert refusal(switch(tablet)) == (403, "full_sign_in_needed")
    assert sign_in_at(tablet).status_code == 200
    assert switch(tablet).status_code == 200


def test_one_who_knows_a_pin_cannot_buy_tries_with_it(lobby: Lobby, tablet: Caller) -> None:
    for number in range(5):
        assert switch(tablet, "L001").status_code == 200
        later(lobby)
        assert refusal(switch(tablet, f"T{number + 500}", "135792")) == (401, "pin_failed")
        later(lobby)
    assert refusal(switch(tablet, "L001")) == (403, "full_sign_in_needed")


def test_each_pin_in_vain_makes_the_next_one_at_this_tablet_wait_twice_as_long(lobby: Lobby, tablet: Caller) -> None:
    for pause_s in (1, 2, 4, 8):
        assert refusal(switch(tablet, "T999")) == (401, "pin_failed")
        make.advance(lobby.house, pause_s - 0.5)
        too_soon = switch(tablet, "L001")
        assert (refusal(too_soon), too_soon.headers["Retry-After"]) == ((429, "too_many_requests"), "1")
        make.advance(lobby.house, 0.5)
    assert switch(tablet, "L001").status_code == 200


def test_a_person_s_pause_goes_with_them_to_the_next_tablet_and_looks_like_any_failure(
    lobby: Lobby, tablet: Caller
) -> None:
    assert refusal(switch(tablet, pin="135792")) == (401, "pin_failed")
    assert refusal(switch(another_device(lobby, "tablet"))) == (401, "pin_failed")  # right, and too soon
    make.advance(lobby.house, 1)
    assert switch(tablet).status_code == 200


def test_of_many_tries_at_the_same_moment_only_one_is_looked_at(
    lobby: Lobby, tablet: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = compared(monkeypatch)
    tries: list[Callable[[], TestResponse]] = [lambda: switch(tablet, pin="135792")] * 20
    threads = [threading.Thread(target=each) for each in tries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(looked) == 1


# ---- The audit ----------------------------------------------------------------------------------------------------


def test_a_password_tried_in_vain_is_noted_without_whose(lobby: Lobby, callers: Callers, tablet: Caller) -> None:
    noted = len(audit_rows(lobby.house))
    for staff_no in ("T001", "T999"):
        body = {"branch": "0001", "staff_no": staff_no, "password": "falsch"}
        assert refusal(callers.nobody.post("/sign-in", body)) == (401, "sign_in_failed")
    body = {"branch": "9999", "staff_no": "T001", "password": "falsch"}
    assert refusal(callers.nobody.post("/sign-in", body)) == (401, "sign_in_failed")
    assert audit_rows(lobby.house)[noted:] == [("fail_sign_in", "")] * 2
