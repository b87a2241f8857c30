"""The figures over HTTP: of the own branch only, as JSON and as a file for a spreadsheet."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from lobby_server.app import Lobby
from lobby_server.doors.routes import API
from tests import make
from tests.doors.calling import Caller, Callers, refusal, told
from tests.make import WANG

EVERY = ("today", "funnel", "waits", "diversion", "people", "incentives")


def lines_of(who: Caller, path: str, **headers: str) -> list[dict[str, Any]]:
    answer = who.http.get(API + path, headers={**who.proof, **headers})
    assert answer.content_type == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))


def referred(lobby: Lobby, callers: Callers) -> None:
    """王 comes, takes a ticket, is served, and 周 refers him to 吴, who takes it."""
    house = lobby.house
    visit = make.routed(house, callers.kiosk.who, "cash", make.seen(house, WANG)).visit
    make.opened(house, callers.teller.who, "W1")
    make.advance(house, 60)
    ticket = told(callers.teller.post("/service-points/W1/call-next"))["ticket"]
    callers.teller.post("/service-points/W1/start", {"ticket_id": ticket["id"]})
    consent = {"purpose": "refer_internal", "wording_version": "1", "channel": "counter"}
    body = {"visit_id": visit.id, "product_line": "wealth", "consent": consent}
    logged = told(callers.teller.post("/referrals", body))["referral"]
    callers.rm.post(f"/referrals/{logged['id']}/accept")


def test_one_visit_goes_as_far_as_it_went_and_so_few_tell_no_rate(lobby: Lobby, callers: Callers) -> None:
    referred(lobby, callers)
    way = told(callers.head.get("/statistics/funnel"))
    reached = {each["step"]: each["n"] for each in way["steps"]}
    assert reached == dict.fromkeys(("visits", "identified", "need", "referred", "accepted"), 1) | dict.fromkeys(
        ("contacted", "qualified", "won"), 0
    )
    assert [each["share"]["rate"] for each in way["steps"][1:]] == [None] * 7
    assert (way["open_n"], way["is_mature"]) == (1, False)
    now = told(callers.head.get("/statistics/today"))
    assert (now["visits"], now["referrals"], now["in_hall"], now["points_open"]) == (1, 1, 1, 1)
    waits = told(callers.head.get("/statistics/waits"))
    assert [(each["level"], each["n"], each["p50_s"]) for each in waits["levels"]] == [("vip", 1, None)]
    assert waits["days"][0]["mean_s"] == 60
    people = told(callers.head.get("/statistics/people"))
    assert [(each["staff"]["staff_no"], each["n"]) for each in people["referrers"]] == [(callers.teller.who.number, 1)]
    assert [(each["staff"]["staff_no"], each["n"]) for each in people["receivers"]] == [(callers.rm.who.number, 1)]


def test_the_file_holds_what_the_answer_holds_and_no_customer(lobby: Lobby, callers: Callers) -> None:
    referred(lobby, callers)
    for lines in (
        lines_of(callers.head, "/statistics/funnel?format=csv"),
        lines_of(callers.head, "/statistics/funnel", Accept="text/csv"),
    ):
        steps = {each["step"]: each["n"] for each in lines if each["part"] == "steps"}
        assert (steps["visits"], steps["referred"], steps["won"]) == ("1", "1", "0")
    for name in EVERY:
        answer = callers.head.http.get(f"{API}/statistics/{name}?format=csv", headers=dict(callers.head.proof))
        text = answer.get_data(as_text=True)
        assert WANG.name not in text and WANG.id not in text
        assert "attachment" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize(
    "query", ["from=x", "to=2026-13-01", "from=2026-11-24", "from=2026-11-20&to=2026-11-19", "from=2020-01-01"]
)
def test_a_period_that_cannot_be_is_refused(callers: Callers, query: str) -> None:
    for name in EVERY:
        assert refusal(callers.head.get(f"/statistics/{name}?{query}")) == (422, "bad_period")


def test_an_empty_branch_has_figures_too(callers: Callers) -> None:
    for name in EVERY:
        assert callers.head.get(f"/statistics/{name}").status_code == 200
