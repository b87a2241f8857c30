"""What customers present besides a code: cards, IDs and appointments, and numbers that nobody may send."""

from __future__ import annotations

from typing import Any

import pytest

from lobby_server import app
from lobby_server.app import Lobby
from lobby_server.customers import store as customers
from lobby_server.customers.actions.feed import take_asked
from lobby_server.customers.rules import Credential
from lobby_server.customers.tables import customer_credential
from lobby_server.customers.wire import read_customer_file
from lobby_server.identification.rules import Seen
from lobby_server.kernel.actor import system
from lobby_server.kernel.house import House
from tests import make
from tests.doors.calling import Caller, Callers, audit_rows, let_in, new_key, open_doors, refusal, state_of, told
from tests.feeds import file_of, line
from tests.make import HERE, LI, WANG, Cast

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

CARD = "v1:3n5Zk0Qq9sVb2XhY7LwT4g"
PAN = "6222021001116245702"  # a test number with a right check digit
RESIDENT_ID = "11010519491231002X"  # the example of GB 11643-1999


@pytest.fixture
def with_card(lobby: Lobby) -> None:
    """李 has a card, of which head office sent the token."""
    row = {"kind": "card_token", "customer_id": LI.id}
    index = customers.credential_index(make.KEYS, Credential("card_token", CARD))
    lobby.house.database.run(lambda db: db.execute(customer_credential.insert().values(value_index=index, **row)))


def come(caller: Caller, kind: str, value: str, **more: Any) -> Any:
    return caller.post("/visits", {"credential": {"kind": kind, "value": value}, **more})


@pytest.mark.usefixtures("with_card")
def test_a_cards_token_finds_its_customer(callers: Callers) -> None:
    assert told(come(callers.kiosk, "card_token", CARD))["customer"]["masked_name"] == "李*英"


@pytest.mark.usefixtures("with_card")
def test_the_card_held_up_again_is_the_same_visit(callers: Callers) -> None:
    first, second = (told(come(each, "card_token", CARD)) for each in (callers.kiosk, callers.second_kiosk))
    assert first["visit_id"] == second["visit_id"]


@pytest.mark.usefixtures("with_card")
def test_a_card_known_by_an_older_key_is_known_by_the_newest_afterwards(lobby: Lobby, callers: Callers) -> None:
    newest, oldest = "v3:" + "B" * 27, "v1:" + "C" * 27
    for older in ([oldest, CARD], []):
        told_of = {"kind": "card_token", "value": newest, "older": older}
        welcome = told(callers.kiosk.post("/visits", {"credential": told_of}))
        assert welcome["customer"]["masked_name"] == "李*英"
    assert told(come(callers.kiosk, "card_token", CARD))["customer"] is None, "the older key's token counts no more"
    assert [deed for deed, _ in audit_rows(lobby.house)].count("rewrite_credential") == 1


@pytest.mark.parametrize("older", [[PAN], ["x"], ["v1:" + "A" * 27] * 5, ["v1:" + "A" * 80], "v1:"])
def test_an_older_token_that_is_none_is_refused(callers: Callers, older: Any) -> None:
    told_of = {"kind": "card_token", "value": CARD, "older": older}
    assert callers.kiosk.post("/visits", {"credential": told_of}).status_code == 422


class Elsewhere:
    """Head office, which knows whose the card is, and keeps what it was asked."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.asked: list[tuple[str, str, str]] = []

    def ask(self, seen: Seen, visit_id: str, branch_id: str) -> None:
        self.asked.append((seen.value, visit_id, branch_id))
        told = file_of(line(7, credentials=[{"kind": "card_token", "token": CARD}]))
        take_asked(self.house, read_customer_file(told), system(branch_id))


def test_head_office_is_asked_before_a_stranger_is_greeted(
    house: House, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = Elsewhere(house)
    monkeypatch.setattr(app, "head_office_of", lambda _house: elsewhere)
    kiosk, key = let_in(open_doors(house)).kiosk, new_key()
    welcome = told(come(kiosk, "none", ""))
    assert (welcome["customer"], elsewhere.asked) == (None, [])
    body = {"credential": {"kind": "card_token", "value": CARD}}
    welcome, repeated = (told(kiosk.post("/visits", body, key=key)) for _ in range(2))
    assert welcome == repeated and welcome["customer"]["masked_name"] == "欧阳*娜"
    assert elsewhere.asked == [(CARD, welcome["visit_id"], HERE)]


@pytest.mark.usefixtures("with_card")
def test_a_token_of_nobody_or_of_another_kind_is_an_unknown_guest(callers: Callers) -> None:
    for kind, value in (("id_token", CARD), ("card_token", CARD[:-1] + "h")):
        answer = come(callers.kiosk, kind, value)
        assert (answer.status_code, told(answer)["customer"]) == (201, None)


@pytest.mark.parametrize("kind", ["card_token", "id_token", "appointment", "qr"])
@pytest.mark.parametrize("number", [PAN, RESIDENT_ID, "6222 0210 0111 6245 702", f"card {PAN}", f";{PAN}=2612201?"])
def test_30_a_card_or_id_number_is_forbidden_and_leaves_one_line_that_does_not_name_it(
    lobby: Lobby, callers: Callers, kind: str, number: str
) -> None:
    before, noted = state_of(lobby.house), len(audit_rows(lobby.house))
    answer = come(callers.kiosk, kind, number)
    # Nineteen digits that begin with 62 are what UnionPay's pay code looks like too; it is refused as kindly as ever.
    code = "foreign_paycode" if kind == "qr" and number == PAN else "pan_forbidden"
    assert refusal(answer) == (422, code)
    assert number not in answer.text
    assert state_of(lobby.house) == before
    assert audit_rows(lobby.house)[noted:] == [("refused_arrive", code)]


def test_30_such_a_number_in_any_text_is_forbidden(lobby: Lobby, callers: Callers) -> None:
    booking = {"service_type": "loan", "starts_at": "2026-11-23T04:00:00Z", "note": f"card {PAN}"}
    answer = callers.manager.post("/appointments", booking)
    assert refusal(answer) == (422, "pan_forbidden")
    assert (told(answer)["errors"], PAN in answer.text) == ([{"field": "note", "code": "pan_forbidden"}], False)


def test_a_value_that_is_no_token_is_malformed(callers: Callers) -> None:
    for kind, value in (("card_token", ""), ("card_token", "short"), ("id_token", "a b" * 9), ("appointment", "APT-1")):
        assert refusal(come(callers.kiosk, kind, value)) == (422, "malformed")


# ---- Appointments -------------------------------------------------------------------------------------------------


def booking(**more: Any) -> dict[str, Any]:
    return {"customer_no": "C1", "service_type": "loan", "starts_at": "2026-11-23T04:00:00Z", **more}


def test_an_appointment_is_booked_shown_masked_met_and_cancelled(callers: Callers) -> None:
    asked = booking(staff_no="R001", note="房贷")
    booked = told(callers.manager.post("/appointments", asked))
    shown = booked["appointment"]
    assert (shown["masked_name"], shown["staff"]["staff_no"], shown["state"]) == ("王*明", "R001", "booked")
    assert told(callers.head.get("/appointments"))["appointments"] == [shown]
    assert told(callers.foreign_manager.get("/appointments"))["appointments"] == []
    assert told(callers.head.get("/appointments?day=2026-11-24"))["appointments"] == []
    arrived = told(come(callers.kiosk, "appointment", booked["code"]))
    assert arrived["customer"]["masked_name"] == "王*明"
    (met,) = told(callers.rm.get("/appointments?day=2026-11-23"))["appointments"]
    assert (met["state"], met["visit_id"]) == ("arrived", arrived["visit_id"])
    cancel = f"/appointments/{shown['id']}/cancel"
    assert refusal(callers.manager.post(cancel)) == (409, "changed")
    assert refusal(callers.foreign_manager.post(cancel)) == (404, "appointment")
    other = told(callers.manager.post("/appointments", booking()))["appointment"]
    cancelled = told(callers.manager.post(f"/appointments/{other['id']}/cancel"))["appointment"]
    assert cancelled == {**other, "state": "cancelled"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"starts_at": "2026-11-23T04:00:00"},
        {"starts_at": "tomorrow"},
        {"minutes": 4},
        {"minutes": 241},
        {"minutes": 30.0},
        {"note": "x" * 201},
        {"customer_no": ""},
    ],
)
def test_a_booking_that_cannot_be_read_is_refused(callers: Callers, wrong: dict[str, Any]) -> None:
    assert refusal(callers.manager.post("/appointments", booking(**wrong))) == (422, "invalid_fields")


def test_a_day_that_is_none_is_refused(callers: Callers) -> None:
    assert refusal(callers.head.get("/appointments?day=23.11.2026")) == (422, "invalid_fields")


def test_a_wrong_code_of_an_appointment_is_told_and_noted(lobby: Lobby, callers: Callers) -> None:
    assert WANG.customer_no == "C1"
    answer = come(callers.kiosk, "appointment", "APT-ABCD2345")
    assert refusal(answer) == (422, "appointment_unknown")
    early = told(callers.manager.post("/appointments", booking(starts_at="2026-11-23T06:00:00Z")))["code"]
    answer = come(callers.kiosk, "appointment", early)
    assert refusal(answer) == (422, "appointment_early")
    assert told(answer)["starts_at"] == "2026-11-23T06:00:00.000000Z"
    assert audit_rows(lobby.house)[-1] == ("refused_arrive", "appointment_early")
