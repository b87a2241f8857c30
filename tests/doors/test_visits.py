"""Arriving and taking a ticket over HTTP: what is told to whom, and what a repeated command gets."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from lobby_server.app import Lobby
from lobby_server.customers.rules import Customer
from lobby_server.kernel.actor import system
from lobby_server.kernel.house import House
from lobby_server.queue.actions import end_day
from tests import make
from tests.doors import calling
from tests.doors.calling import Caller, Callers, new_key, refusal, told
from tests.make import LI, WANG, Cast

TO_CASH = {"service_type": "cash", "choice": "ticket"}
NOBODY_KNOWN = {"credential": {"kind": "none"}}


def qr(lobby: Lobby, customer: Customer = WANG, **more: Any) -> dict[str, Any]:
    """The arrival of somebody who shows a fresh code."""
    return {"credential": {"kind": "qr", "value": make.code_of(customer, lobby.house.clock.now())}, **more}


def test_a_kiosk_is_told_a_masked_name_a_greeting_and_what_they_probably_need(lobby: Lobby, callers: Callers) -> None:
    answer = callers.kiosk.post("/visits", qr(lobby))
    assert answer.status_code == 201
    welcome = told(answer)
    assert welcome["customer"] == {"masked_name": "王*明", "id": None, "service_level": None}
    assert welcome["greeting"] == {"code": "morning_customer"}
    assert welcome["suggested"] == "deposit_renewal"
    assert welcome["need"] == {"code": "deposit_renewal", "reason": {"code": "deposit_matures", "days": 12}}
    assert [each["code"] for each in welcome["services"]][:2] == ["deposit_renewal", "cash"]


def test_staff_are_told_the_id_and_the_level_too(lobby: Lobby, callers: Callers) -> None:
    welcome = told(callers.manager.post("/visits", qr(lobby)))
    assert welcome["customer"] == {"masked_name": "王*明", "id": WANG.id, "service_level": "vip"}


def test_no_answer_to_a_kiosk_holds_a_name_a_number_or_a_tier(lobby: Lobby, callers: Callers) -> None:
    arrived = callers.kiosk.post("/visits", qr(lobby))
    routed = callers.kiosk.post(f"/visits/{told(arrived)['visit_id']}/route", TO_CASH)
    for answer in (arrived, routed, callers.kiosk.get("/lobby")):
        text = answer.get_data(as_text=True)
        assert not [secret for secret in (WANG.name, WANG.id, WANG.tier, '"C1"', "vip") if secret in text]


def test_services_are_named_in_the_visits_language(lobby: Lobby, callers: Callers) -> None:
    for language, name in (("zh-CN", "存取款"), ("en", "Deposit or withdraw")):
        welcome = told(callers.kiosk.post("/visits", {**NOBODY_KNOWN, "language": language}))
        assert welcome["services"][0]["name"] == name


def test_a_ticket_comes_with_its_number_its_secret_and_the_place_in_line(lobby: Lobby, callers: Callers) -> None:
    make.opened(lobby.house, callers.teller.who)
    tickets = []
    for _ in range(2):
        visit_id = told(callers.kiosk.post("/visits", NOBODY_KNOWN))["visit_id"]
        make.advance(lobby.house, 1)
        tickets.append(told(callers.kiosk.post(f"/visits/{visit_id}/route", TO_CASH))["ticket"])
    assert [(each["number"], each["ahead"]) for each in tickets] == [("A001", 0), ("A002", 1)]
    assert tickets[0]["ticket_key"] != tickets[1]["ticket_key"]
    assert all(len(each["ticket_key"]) >= 22 for each in tickets)  # 128 random bits


@pytest.mark.parametrize(
    ("public_url", "url"), [("", None), ("https://q.example.cn", "https://q.example.cn/t/{ticket_key}")]
)
def test_a_ticket_has_an_address_only_when_phones_can_reach_us(
    house: House, cast: Cast, public_url: str, url: str | None
) -> None:
    lobby = calling.open_doors(house, public_url=public_url)
    ticket = told(_take_ticket(calling.let_in(lobby).kiosk))["ticket"]
    assert ticket["url"] == (url and url.format(**ticket))


def test_a_service_that_does_not_exist_is_refused_with_those_that_do(callers: Callers) -> None:
    visit_id = told(callers.kiosk.post("/visits", NOBODY_KNOWN))["visit_id"]
    answer = callers.kiosk.post(f"/visits/{visit_id}/route", {**TO_CASH, "service_type": "haircut"})
    assert refusal(answer) == (422, "unknown_service_type")
    assert "cash" in told(answer)["known"]


# ---- Sent twice ---------------------------------------------------------------------------------------------------


def test_the_same_arrival_sent_twice_is_one_visit_with_one_answer(lobby: Lobby, callers: Callers) -> None:
    key, body = new_key(), qr(lobby)
    first, second = (callers.kiosk.post("/visits", body, key=key) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert first.get_data() == second.get_data()
    assert len(told(callers.manager.get("/lobby"))["visits"]) == 1


def test_the_answer_is_repeated_even_when_the_code_has_expired_meanwhile(lobby: Lobby, callers: Callers) -> None:
    key, body = new_key(), qr(lobby)
    first = callers.kiosk.post("/visits", body, key=key)
    make.advance(lobby.house, 600)
    second = callers.kiosk.post("/visits", body, key=key)
    assert (second.status_code, second.get_data()) == (201, first.get_data())


def test_a_ticket_that_is_asked_for_twice_is_one_ticket_with_one_secret(callers: Callers) -> None:
    visit_id = told(callers.kiosk.post("/visits", NOBODY_KNOWN))["visit_id"]
    key = new_key()
    first, second = (callers.kiosk.post(f"/visits/{visit_id}/route", TO_CASH, key=key) for _ in range(2))
    assert first.get_data() == second.get_data()
    assert len(told(callers.manager.get("/lobby"))["tickets"]) == 1


def test_ten_taps_on_take_ticket_are_one_ticket(callers: Callers) -> None:
    visit_id = told(callers.kiosk.post("/visits", NOBODY_KNOWN))["visit_id"]
    answers = [callers.kiosk.post(f"/visits/{visit_id}/route", TO_CASH) for _ in range(10)]
    assert [each.status_code for each in answers] == [200] + [409] * 9
    assert {refusal(each) for each in answers[1:]} == {(409, "already_routed")}
    assert {told(each)["number"] for each in answers[1:]} == {"A001"}


def test_the_same_key_with_another_body_is_refused(callers: Callers) -> None:
    key = new_key()
    callers.kiosk.post("/visits", NOBODY_KNOWN, key=key)
    again = callers.kiosk.post("/visits", {**NOBODY_KNOWN, "party_size": 2}, key=key)
    assert refusal(again) == (409, "key_reused")


def test_the_same_key_of_somebody_else_is_another_command(callers: Callers) -> None:
    key = new_key()
    first = callers.kiosk.post("/visits", NOBODY_KNOWN, key=key)
    other = callers.second_kiosk.post("/visits", NOBODY_KNOWN, key=key)
    assert other.status_code == 201 and "Idempotent-Replayed" not in other.headers
    assert told(first)["visit_id"] != told(other)["visit_id"]


def test_a_refused_command_may_be_sent_again_with_its_key(lobby: Lobby, callers: Callers) -> None:
    key, visit_id = new_key(), make.new_id()
    early = callers.kiosk.post(f"/visits/{visit_id}/route", TO_CASH, key=key)
    assert refusal(early) == (404, "visit")
    callers.kiosk.post("/visits", {**NOBODY_KNOWN, "visit_id": visit_id})
    assert callers.kiosk.post(f"/visits/{visit_id}/route", TO_CASH, key=key).status_code == 200


# ---- Two kiosks ---------------------------------------------------------------------------------------------------


def test_somebody_who_scans_again_at_another_kiosk_can_take_the_ticket_there(lobby: Lobby, callers: Callers) -> None:
    first = told(callers.kiosk.post("/visits", qr(lobby)))
    again = told(callers.second_kiosk.post("/visits", qr(lobby)))
    assert again["visit_id"] == first["visit_id"]
    assert callers.second_kiosk.post(f"/visits/{again['visit_id']}/route", TO_CASH).status_code == 200


def test_a_resumed_visit_is_told_its_number_but_never_the_tickets_secret(lobby: Lobby, callers: Callers) -> None:
    visit_id = told(callers.kiosk.post("/visits", qr(lobby)))["visit_id"]
    ticket = told(callers.kiosk.post(f"/visits/{visit_id}/route", TO_CASH))["ticket"]
    again = callers.second_kiosk.post("/visits", qr(lobby))
    assert told(again)["ticket"] == {"number": "A001", "state": "waiting", "service_point": None}
    assert ticket["ticket_key"] not in again.get_data(as_text=True)


def test_the_id_of_somebody_elses_visit_tells_another_kiosk_nothing(lobby: Lobby, callers: Callers) -> None:
    visit_id = told(callers.kiosk.post("/visits", qr(lobby)))["visit_id"]
    for stranger in (callers.second_kiosk, callers.foreign_kiosk):
        answer = stranger.post("/visits", {**NOBODY_KNOWN, "visit_id": visit_id})
        assert refusal(answer) == (409, "visit_exists")
        assert "need" not in told(answer)


def test_a_code_that_was_used_tells_another_kiosk_nothing(lobby: Lobby, callers: Callers) -> None:
    body = qr(lobby)
    callers.kiosk.post("/visits", body)
    answer = callers.second_kiosk.post("/visits", body)
    assert refusal(answer) == (409, "already_checked_in")
    assert set(told(answer)) == {"type", "title", "status", "code", "request_id"}


def test_a_code_of_a_visit_that_is_over_begins_no_other_one(lobby: Lobby, callers: Callers) -> None:
    body = qr(lobby, LI)
    visit_id = told(callers.kiosk.post("/visits", body))["visit_id"]
    callers.kiosk.post(f"/visits/{visit_id}/route", TO_CASH)
    lobby.house.works.run(end_day, make.HERE, system(make.HERE))
    assert refusal(callers.kiosk.post("/visits", body)) == (409, "already_checked_in")
    assert told(callers.manager.get("/lobby"))["visits"] == []


# ---- The lobby manager --------------------------------------------------------------------------------------------


def test_a_claimed_visit_names_its_colleague_and_the_loser_is_told_who_won(lobby: Lobby, callers: Callers) -> None:
    visit_id = told(callers.kiosk.post("/visits", qr(lobby)))["visit_id"]
    card = told(callers.manager.post(f"/visits/{visit_id}/claim"))["visit"]
    assert card["claimed_by"] == {"staff_no": "L001", "name": "陈立言"}
    assert card["masked_name"] == "王*明"
    (shown,) = told(callers.head.get("/lobby"))["visits"]
    assert shown == card


def _take_ticket(kiosk: Caller) -> TestResponse:
    visit_id = told(kiosk.post("/visits", NOBODY_KNOWN))["visit_id"]
    return kiosk.post(f"/visits/{visit_id}/route", TO_CASH)
