"""Colleagues come, change and go: by the administrator, never by themselves."""

from __future__ import annotations

from typing import Any

import pytest

from lobby_server.app import Lobby
from lobby_server.kernel import event_log
from tests import make
from tests.doors.calling import Callers, new_key, refusal, state_of, told

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

NEW: dict[str, Any] = {"staff_no": "T050", "name": "新同事", "roles": ["teller"], "licences": ["fund"]}


def test_a_colleague_is_entered_and_signs_in_with_the_password_that_was_told_once(
    lobby: Lobby, callers: Callers
) -> None:
    key = new_key()
    made, again = (told(callers.admin.post("/staff", NEW, key=key)) for _ in range(2))
    assert made == again and len(made["password"]) == 16
    assert made["staff"] == {**NEW, "is_disabled": False}
    assert made["staff"] in told(callers.head.get("/staff"))["staff"]
    assert (
        callers.nobody.post(
            "/sign-in", {"branch": "0001", "staff_no": "T050", "password": made["password"]}
        ).status_code
        == 200
    )
    assert refusal(callers.admin.post("/staff", NEW)) == (409, "staff_no_taken")


@pytest.mark.parametrize(
    "wrong",
    [{"roles": []}, {"roles": ["king"]}, {"name": "a\u202eb"}, {"staff_no": "T 1"}, {"licences": ["x y"]}, {"id": "1"}],
)
def test_a_colleague_who_cannot_be_is_refused(lobby: Lobby, callers: Callers, wrong: dict[str, Any]) -> None:
    before = state_of(lobby.house)
    assert refusal(callers.admin.post("/staff", {**NEW, **wrong})) == (422, "invalid_fields")
    assert state_of(lobby.house) == before


def change(callers: Callers, staff_no: str, **changed: Any) -> Any:
    return callers.admin.command("PATCH", f"/staff/{staff_no}", changed)


def test_what_is_not_named_stays_as_it_is_and_the_colleague_signed_in(callers: Callers) -> None:
    changed = told(change(callers, "R001", licences=["fund", "insurance"], name="吴 𠮷"))["staff"]
    assert (changed["name"], changed["roles"], changed["licences"]) == ("吴 𠮷", ["rm"], ["fund", "insurance"])
    assert told(callers.rm.get("/me"))["staff"]["name"] == "吴 𠮷"


@pytest.mark.parametrize("changed", [{"is_disabled": True}, {"roles": ["lobby_manager", "teller"]}])
def test_whoever_gets_other_rights_is_signed_out_everywhere(
    lobby: Lobby, callers: Callers, changed: dict[str, Any]
) -> None:
    assert callers.rm.get("/me").status_code == 200
    assert change(callers, "R001", **changed).status_code == 200
    assert refusal(callers.rm.get("/me")) == (401, "sign_in_needed")
    with lobby.house.database.read() as db:
        ended = [each for each in event_log.read_after(db, make.HERE, 0, 99) if each.type == "staff.signed_out"]
    assert [each.data["sign_in_id"] for each in ended] == [callers.rm.who.proof]


def test_a_disabled_colleague_comes_back_with_a_new_password(callers: Callers) -> None:
    assert told(change(callers, "T001", is_disabled=True))["staff"]["is_disabled"] is True
    reset = told(callers.admin.post("/staff/T001/reset"))
    sign_in = {"branch": "0001", "staff_no": "T001", "password": reset["password"]}
    assert refusal(callers.nobody.post("/sign-in", sign_in)) == (401, "sign_in_failed")
    assert told(change(callers, "T001", is_disabled=False))["staff"]["is_disabled"] is False
    assert callers.nobody.post("/sign-in", sign_in).status_code == 200


def test_nobody_changes_their_own_rights_or_anothers_branch(callers: Callers) -> None:
    for changed in ({"roles": ["admin", "head"]}, {"is_disabled": True}):
        assert refusal(change(callers, "A001", **changed)) == (409, "yourself")
    assert refusal(change(callers, "T901", name="郑")) == (404, "staff")
    assert refusal(callers.admin.post("/staff/T901/reset")) == (404, "staff")
