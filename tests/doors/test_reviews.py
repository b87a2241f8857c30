"""Reviews over HTTP: who sees them, by whom they are closed, and that no customer is in them."""

from __future__ import annotations

from typing import Any

from lobby_server.app import Lobby
from lobby_server.worker import Worker
from tests.doors.calling import Callers, refusal, told
from tests.doors.test_referral_doors import visit_of, words
from tests.make import WANG


def found(lobby: Lobby, callers: Callers) -> dict[str, Any]:
    """One customer referred for three things in a visit, and the worker has looked."""
    visit_id = visit_of(lobby, callers)
    for line in ("wealth", "card", "loan"):
        told(callers.teller.post("/referrals", {**words(visit_id), "product_line": line}))
    Worker(lobby.house, lobby.types).look_for_gaming()
    (review,) = told(callers.head.get("/reviews"))["reviews"]
    return dict(review)


def test_whoever_may_hold_money_sees_what_showed_by_colleague_and_number(lobby: Lobby, callers: Callers) -> None:
    review = found(lobby, callers)
    assert (review["pattern"], review["facts"], review["is_mine"]) == ("splitting", {"n": 3}, False)
    assert review["period"] == "2026-11-23"
    assert [who["staff_no"] for who in review["people"]] == [callers.teller.who.number]
    answer = callers.admin.get("/reviews")
    assert told(answer)["reviews"] == [review]
    assert WANG.name not in answer.text
    for who in (callers.teller, callers.rm, callers.manager):
        assert refusal(who.get("/reviews")) == (403, "not_allowed")


def test_it_opens_the_referrals_in_which_it_shows(lobby: Lobby, callers: Callers) -> None:
    review = found(lobby, callers)
    opened = callers.head.get(f"/reviews/{review['id']}")
    assert [each["id"] for each in told(opened)["referrals"]] == review["referrals"]
    assert {each["masked_name"] for each in told(opened)["referrals"]} == {"王*明"} and WANG.name not in opened.text
    assert refusal(callers.head.get("/reviews/0")) == (404, "review")


def test_it_is_closed_once_with_a_word(lobby: Lobby, callers: Callers) -> None:
    address = f"/reviews/{found(lobby, callers)['id']}/close"
    assert refusal(callers.head.post(address, {"verdict": "guilty"})) == (422, "invalid_fields")
    assert refusal(callers.head.post("/reviews/0/close", {"verdict": "nothing"})) == (404, "review")
    for _ in range(2):
        closed = told(callers.head.post(address, {"verdict": "nothing", "note": "家里三口人一起来的"}))["review"]
        assert closed["verdict"] == "nothing"
    assert refusal(callers.admin.post(address, {"verdict": "held"})) == (409, "closed")
    assert told(callers.admin.get("/reviews")) == {"reviews": []}


def test_what_is_held_stays_to_be_seen_until_another_lets_it_go(lobby: Lobby, callers: Callers) -> None:
    address = f"/reviews/{found(lobby, callers)['id']}"
    assert callers.head.post(f"{address}/close", {"verdict": "held"}).status_code == 200
    (held,) = told(callers.admin.get("/reviews"))["reviews"]
    assert (held["verdict"], held["closed_by"]["staff_no"]) == ("held", callers.head.who.number)
    assert all(each["is_held"] for each in told(callers.admin.get(address))["referrals"])
    assert refusal(callers.head.post(f"{address}/release")) == (409, "same_person")
    assert told(callers.admin.post(f"{address}/release"))["review"]["verdict"] == "released"
    assert told(callers.admin.get("/reviews")) == {"reviews": []}
