"""The figures over HTTP: of the own branch only, as JSON and as a file for a spreadsheet."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

import pytest

from lobby_server.admin import history
from lobby_server.admin.furnish import Past, furnish
from lobby_server.app import Lobby
from lobby_server.doors.routes import API
from lobby_server.kernel.actor import system
from lobby_server.kernel.house import House
from tests import make
from tests.doors import calling
from tests.doors.calling import Caller, Callers, refusal, told
from tests.make import ELSEWHERE, HERE, TYPES, WANG

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


# ---- The rows behind a figure --------------------------------------------------------------------------------------


def rows_of(who: Caller, figure: str, key: str = "", query: str = "") -> dict[str, Any]:
    """All pages of a figure's rows as one answer."""
    asked = f"/statistics/rows?figure={figure}&key={quote(key)}{query}"
    found: dict[str, Any] = told(who.get(asked))
    while (offset := found["next_offset"]) is not None:
        page = told(who.get(f"{asked}&offset={offset}"))
        found["rows"] += page["rows"]
        found["next_offset"] = page["next_offset"]
    assert len(found["rows"]) == found["of"]
    assert sum(each["counts"] for each in found["rows"]) == found["n"]
    return found


def counts(who: Caller, figure: str, key: str = "", query: str = "") -> tuple[int, int]:
    found = rows_of(who, figure, key, query)
    return found["n"], found["of"]


@pytest.fixture
def head(house: House) -> Caller:
    """The head of a trial that has three weeks behind it."""
    past = Past(timedelta(days=23), partial(history.remember, types=TYPES, days=21))
    furnish(house, "no password matches this", past)
    return signed_in(house, HERE, "H001")


def signed_in(house: House, branch_id: str, staff_no: str) -> Caller:
    lobby = calling.open_doors(house)
    return house.works.run(lambda work, _: calling.colleague(work, lobby, branch_id, staff_no), None, system(branch_id))


def test_every_figure_opens_as_many_rows_as_it_says(house: House, head: Caller) -> None:
    span = f"from={make.TODAY - timedelta(days=21)}&to={make.TODAY}"
    ask = {name: told(head.get(f"/statistics/{name}?{span}")) for name in EVERY}
    told_of: dict[tuple[str, str], tuple[int, int]] = {}
    for at, step in enumerate(ask["funnel"]["steps"]):
        told_of["step", step["step"]] = (step["n"], ask["funnel"]["steps"][max(0, at - 1)]["n"])
    told_of |= {("line", each["name"]): (each["won"]["n"], each["n"]) for each in ask["funnel"]["products"]}
    told_of |= {("source", each["name"]): (each["won"]["n"], each["n"]) for each in ask["funnel"]["sources"]}
    told_of["kept", ""] = (ask["waits"]["kept"]["n"], ask["waits"]["n"])
    told_of |= {("kept", each["day"]): (each["kept"]["n"], each["n"]) for each in ask["waits"]["days"]}
    told_of |= {("kept", each["level"]): (each["kept"]["n"], each["n"]) for each in ask["waits"]["levels"]}
    told_of["tasks", ""] = (ask["diversion"]["diverted"]["n"], ask["diversion"]["diverted"]["of"])
    for each in ask["diversion"]["types"]:
        told_of["tasks", each["service_type"]] = (each["diverted"]["n"], each["routed"])
    told_of |= {("outcome", each["outcome"]): (each["n"], each["n"]) for each in ask["diversion"]["outcomes"]}
    for figure, people in (("referrer", "referrers"), ("receiver", "receivers")):
        for each in ask["people"][people]:
            told_of[figure, each["staff"]["staff_no"]] = (each["won"]["n"], each["n"])
    live = rows_of(head, "credits", query=f"&{span}")
    assert (live["of"], {each["state"] for each in live["rows"] if each["counts"]} <= {"live", "disputed"}) == (
        ask["incentives"]["credits_n"],
        True,
    )
    for each in ask["incentives"]["people"]:
        found = rows_of(head, "credits", each["staff"]["staff_no"], f"&{span}")
        assert found["n"] == each["n"]
    now = ask["today"]
    told_of["in_hall", ""] = (now["in_hall"], now["in_hall"])
    told_of["waiting", ""] = (now["waiting"], now["waiting"])
    told_of["late", ""] = (now["late"], now["waiting"])
    told_of["overdue", ""] = (len(now["overdue"]), len(now["overdue"]))
    seen, stranger = {}, signed_in(house, ELSEWHERE, "H901")
    for figure, key in told_of:
        seen[figure, key] = counts(head, figure, key, f"&{span}")
        assert counts(stranger, figure, key, f"&{span}") == (0, 0)
        make.advance(house, 1)  # or so many questions of one person were too many
    assert seen == told_of
    assert max(of for _n, of in seen.values()) > 1000 and len({figure for figure, _key in seen}) == 12


def test_rows_say_what_people_can_ask_about_and_no_full_name(lobby: Lobby, callers: Callers) -> None:
    referred(lobby, callers)
    (ticket,) = rows_of(callers.head, "kept")["rows"]
    assert (ticket["masked_name"], ticket["number"], ticket["what"]) == ("王*明", "A001", "cash")
    assert ticket["waited_s"] == 60
    (of,) = rows_of(callers.head, "referrer", str(callers.teller.who.number))["rows"]
    assert (of["what"], of["state"], of["counts"]) == ("wealth", "accepted", False)
    assert [each["staff_no"] for each in of["staff"]] == [callers.teller.who.number, callers.rm.who.number]
    (visit,) = rows_of(callers.head, "step", "accepted")["rows"]
    assert (visit["masked_name"], visit["counts"]) == ("王*明", True)
    lines = lines_of(callers.head, "/statistics/rows?figure=step&key=accepted&format=csv")
    assert [line["masked_name"] for line in lines if line["part"] == "rows"] == ["王*明"]
    for figure, key in (("kept", ""), ("step", "visits"), ("in_hall", "")):
        assert WANG.name not in callers.head.get(f"/statistics/rows?figure={figure}&key={key}").get_data(as_text=True)


def test_what_is_no_figure_has_no_rows(lobby: Lobby, callers: Callers) -> None:
    for query in ("", "figure=pay", "figure=step&key=happy", "figure=kept&offset=-1", "figure=kept&offset=1e3"):
        assert refusal(callers.head.get(f"/statistics/rows?{query}")) == (422, "unknown_filter")
    assert rows_of(callers.head, "referrer", "nobody")["of"] == rows_of(callers.head, "outcome", "x")["of"] == 0
    assert refusal(callers.teller.get("/statistics/rows?figure=kept")) == (403, "not_allowed")
