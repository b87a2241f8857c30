"""Settings and questions of the branch head about the queue; ratings and alerts, over HTTP."""

from __future__ import annotations

from typing import Any

from lobby_server.app import Lobby
from lobby_server.kernel.actor import system
from lobby_server.queue import actions as queue
from lobby_server.queue.actions.waits import RefreshWaits, announce_waits
from lobby_server.queue.rules import Waits
from tests import make
from tests.doors import calling
from tests.doors.calling import Callers, refusal, told

WISHED: dict[str, Any] = {
    "discipline": "accumulating",
    "overtake_cap": 3,
    "parameters": {
        "weights": {"vip": 4.0, "appointment": 4.0, "vulnerable": 2.5, "ordinary": 1.0},
        "vip_run_max": 2,
        "overdue_s": 1800.0,
        "points_planned": None,
    },
}


def test_a_policy_is_read_with_its_version_and_replaced_by_naming_it(callers: Callers) -> None:
    seen = callers.head.get("/settings/queue-policy")
    assert (seen.headers["ETag"], told(seen)["rule_version"]) == ('"1"', "fifo/1")
    put = callers.head.command("PUT", "/settings/queue-policy", WISHED, If_Match='"1"')
    assert (put.status_code, told(put)["rule_version"]) == (200, "accumulating/2")
    assert told(callers.manager.get("/lobby"))["queue"]["overtake_cap"] == 3
    for etag, code in (
        ('"1"', (409, "changed")),
        ("", (422, "if_match_missing")),
        ("W/1", (422, "if_match_malformed")),
    ):
        assert refusal(callers.head.command("PUT", "/settings/queue-policy", WISHED, If_Match=etag)) == code
    wrong = {**WISHED, "overtake_cap": 99}
    assert refusal(callers.head.command("PUT", "/settings/queue-policy", wrong, If_Match='"2"')) == (422, "bad_policy")


def test_what_if_is_answered_from_the_last_recorded_day(lobby: Lobby, callers: Callers) -> None:
    assert refusal(callers.head.post("/what-if", {})) == (404, "recorded_day")
    ticket = make.ticket(lobby.house, callers.kiosk.who)
    teller = make.opened(lobby.house, callers.teller.who)
    lobby.house.works.run(queue.call_next, "W1", teller)
    for deed in (queue.start_service, queue.finish_service):
        make.advance(lobby.house, 300)
        lobby.house.works.run(deed, queue.AtPoint("W1", ticket.id), teller)
    make.advance(lobby.house, 24 * 3600)
    make.ticket(lobby.house, callers.kiosk.who)
    answered = told(calling_again(lobby, callers).post("/what-if", {"open": ["W2"], "discipline": "accumulating"}))
    assert answered["business_day"] == make.TODAY.isoformat()
    assert [each["level"] for each in answered["after"]] == ["ordinary"]
    assert answered["twin_error"] == {"mae_s": 0, "p50_s": 0, "p90_s": 0}
    head = calling_again(lobby, callers)
    assert told(head.post("/what-if", {"policy": WISHED}))["business_day"] == make.TODAY.isoformat()
    assert refusal(head.post("/what-if", {"policy": {**WISHED, "overtake_cap": 99}})) == (422, "bad_policy")


def test_the_head_reads_how_honest_the_waits_were_week_by_week(lobby: Lobby, callers: Callers) -> None:
    assert told(callers.head.get("/expected-wait/coverage")) == {"weeks": []}
    house = lobby.house

    def called_after(waited_s: int) -> None:
        ticket = make.ticket(house, callers.kiosk.who)
        teller = make.opened(house, callers.teller.who)  # a new day closes all windows
        make.advance(house, waited_s)
        house.works.run(queue.call_next, "W1", teller)
        for deed in (queue.start_service, queue.finish_service):
            house.works.run(deed, queue.AtPoint("W1", ticket.id), teller)

    told_waits = RefreshWaits(make.HERE, {"A": Waits(60, 120, 240)})
    house.works.run(announce_waits, told_waits, system(make.HERE))
    for waited_s in (120, 500):
        called_after(waited_s)
    make.advance(house, 7 * 24 * 3600)
    called_after(100)
    weeks = told(calling_again(lobby, callers).get("/expected-wait/coverage"))["weeks"]
    assert weeks == [
        {"week": "2026-W49", "ticket_class": "A", "n": 1, "within_p10_p90": 1.0, "under_p90": 1.0, "mae_s": 20},
        {"week": "2026-W48", "ticket_class": "A", "n": 2, "within_p10_p90": 0.5, "under_p90": 0.5, "mae_s": 190},
    ]
    make.advance(house, 8 * 7 * 24 * 3600)
    assert told(calling_again(lobby, callers).get("/expected-wait/coverage")) == {"weeks": []}


def calling_again(lobby: Lobby, callers: Callers) -> calling.Caller:
    """The head on the next day, signed in anew."""
    return lobby.house.works.run(
        lambda work, _none: calling.colleague(work, lobby, make.HERE, "H001"), None, callers.head.who
    )


def test_help_is_on_its_way_and_whoever_answers_first_has_it(callers: Callers) -> None:
    asked = told(callers.kiosk.post("/help", {"language": "en"}))
    (alert,) = told(callers.manager.get("/lobby"))["alerts"]
    assert (alert["id"], alert["leased_to"]) == (asked["alert_id"], {"staff_no": "L001", "name": "陈立言"})
    assert callers.manager.post(f"/alerts/{alert['id']}/shown").status_code == 204
    answered = told(callers.head.post(f"/alerts/{alert['id']}/acknowledge"))["alert"]
    assert answered["acknowledged_by"]["staff_no"] == "H001"
    late = callers.manager.post(f"/alerts/{alert['id']}/acknowledge")
    assert refusal(late) == (409, "acknowledged_by")
    assert told(late)["by"]["staff_no"] == "H001"


def test_how_long_arrivals_waited_for_a_screen_and_an_answer_is_measured(lobby: Lobby, callers: Callers) -> None:
    nothing = {"n": 0, "p50_ms": None, "p99_ms": None}
    assert told(callers.head.get("/alerts/measured"))["arrival_to_glass"] == nothing
    make.arrival(lobby.house, callers.kiosk.who, make.seen(lobby.house, make.WANG))
    (alert,) = told(callers.manager.get("/lobby"))["alerts"]
    for after_s, deed in ((0.4, "shown"), (5, "acknowledge")):
        make.advance(lobby.house, after_s)
        callers.manager.post(f"/alerts/{alert['id']}/{deed}")
    measured = told(callers.head.get("/alerts/measured"))
    assert measured["arrival_to_glass"] == {"n": 1, "p50_ms": 400, "p99_ms": 400}
    assert measured["arrival_to_acknowledge"] == {"n": 1, "p50_ms": 5400, "p99_ms": 5400}


def test_a_bad_rating_and_its_words_reach_the_head_alone(lobby: Lobby, callers: Callers) -> None:
    teller = make.opened(lobby.house, callers.teller.who)
    issued = make.routed(lobby.house, callers.kiosk.who).issued
    lobby.house.works.run(queue.call_next, "W1", teller)
    for deed in (queue.start_service, queue.finish_service):
        lobby.house.works.run(deed, queue.AtPoint("W1", issued.ticket.id), teller)
    page = callers.nobody.post(f"/tickets/{issued.ticket_key}/rating", {"stars": 1, "note": "等太久"})
    assert told(page)["stars"] == 1
    (seen,) = told(callers.head.get("/lobby"))["alerts"]
    assert (seen["kind"], seen["rung"], seen["facts"]["note"]) == ("low_rating", "head", "等太久")
    (elsewhere,) = told(callers.manager.get("/lobby"))["alerts"]
    assert "note" not in elsewhere["facts"] and told(callers.teller.get("/lobby"))["alerts"] == []
    for body in ({"stars": 0}, {"stars": 6}, {"stars": True}, {"stars": 3, "note": "\u202e"}):
        assert callers.nobody.post(f"/tickets/{issued.ticket_key}/rating", body).status_code == 422
