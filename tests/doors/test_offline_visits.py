"""A kiosk that was alone hands in what it did: each visit once, at its own place, whatever is sent how often."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lobby_server.admin.check import run_checks
from lobby_server.app import Lobby
from lobby_server.branch.actions import SignOfLife, note_heartbeat
from lobby_server.kernel.clock import to_wire
from lobby_server.queue.actions import call_next
from lobby_server.queue.store import live
from lobby_server.visits.actions.offline import OfflineVisit, merge
from tests import make
from tests.doors.calling import Caller, Callers, new_key, refusal, state_of, told


def heard(lobby: Lobby, kiosk: Caller) -> None:
    lobby.house.works.run(note_heartbeat, SignOfLife(kiosk.who.id, {}, False), kiosk.who)


def taken(number: str = "K02-001", *, after_s: int = 60, **changed: Any) -> dict[str, Any]:
    """A visit as the kiosk kept it."""
    at = to_wire(make.MORNING + timedelta(seconds=after_s))
    return {
        "visit_id": make.new_id(),
        "number": number,
        "business_day": "2026-11-23",
        "arrived_at": at,
        "service_type": "cash",
        **changed,
    }


def hand_in(kiosk: Caller, *visits: dict[str, Any]) -> list[str]:
    """The states of what was sent."""
    answer = kiosk.post(f"/devices/{kiosk.who.id}/offline-visits", list(visits))
    assert answer.status_code == 200, answer.get_data(as_text=True)
    merged = told(answer)["merged"]
    assert [(each["visit_id"], each["number"]) for each in merged] == [(v["visit_id"], v["number"]) for v in visits]
    return [each["state"] for each in merged]


def tickets(callers: Callers) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = told(callers.manager.get("/lobby"))["tickets"]
    return found


def test_visits_join_the_line_with_the_number_on_their_paper(lobby: Lobby, callers: Callers) -> None:
    make.advance(lobby.house, 600)
    assert hand_in(callers.kiosk, taken("K02-001"), taken("K02-002", after_s=90)) == ["waiting", "waiting"]
    assert [each["number"] for each in tickets(callers)] == ["K02-001", "K02-002"]
    with lobby.house.database.read() as db:
        assert not any(run_checks(db, lobby.house.keys).values())


def test_however_often_and_in_whatever_parts_it_is_sent_each_visit_is_one(lobby: Lobby, callers: Callers) -> None:
    make.advance(lobby.house, 600)
    first, second, third = (taken(f"K02-00{n}", after_s=n) for n in (1, 2, 3))
    path, key = f"/devices/{callers.kiosk.who.id}/offline-visits", new_key()
    answers = [callers.kiosk.post(path, [first, second], key=key) for _ in range(2)]
    assert answers[0].get_data() == answers[1].get_data() and "Idempotent-Replayed" in answers[1].headers
    assert hand_in(callers.kiosk, first, second, third) == ["known", "known", "waiting"]
    before = state_of(lobby.house)
    assert hand_in(callers.kiosk, second, third) == ["known", "known"]
    after = state_of(lobby.house)
    assert {name for (name, n), (_, m) in zip(before, after, strict=True) if n != m} == {"answered"}
    assert len(tickets(callers)) == 3


def test_the_same_discipline_holds_by_the_time_of_arrival(lobby: Lobby, callers: Callers) -> None:
    """Who came at the kiosk before the server was back is called before who came after."""
    house = lobby.house
    make.advance(house, 300)
    later = make.ticket(house, callers.second_kiosk.who)
    hand_in(callers.kiosk, taken("K02-001", after_s=60))
    teller = make.opened(house, callers.teller.who)
    called = house.works.run(call_next, "W1", teller)
    assert called is not None and called.number == "K02-001" != later.number


@pytest.mark.parametrize(("after_s", "counts_s"), [(-86_400, 0), (30, 30), (86_400, 600)])
def test_an_arrival_lies_between_the_kiosks_last_sign_of_life_and_now(
    after_s: int, counts_s: int, lobby: Lobby, callers: Callers
) -> None:
    heard(lobby, callers.kiosk)
    make.advance(lobby.house, 600)
    hand_in(callers.kiosk, taken(after_s=after_s))
    (ticket,) = tickets(callers)
    assert ticket["arrived_at"] == to_wire(make.MORNING + timedelta(seconds=counts_s))


def test_a_sign_of_life_just_before_does_not_make_the_arrivals_later(lobby: Lobby, callers: Callers) -> None:
    heard(lobby, callers.kiosk)
    make.advance(lobby.house, 300)
    for seconds in (0, 10):
        make.advance(lobby.house, seconds)
        heard(lobby, callers.kiosk)
    hand_in(callers.kiosk, taken(after_s=60))
    # Long after it is back, nothing is taken for so early any more.
    for _ in range(39):
        make.advance(lobby.house, 10)
        heard(lobby, callers.kiosk)
    hand_in(callers.kiosk, taken("K02-002", after_s=60))
    times = [each["arrived_at"] for each in tickets(callers)]
    assert times == [to_wire(make.MORNING + timedelta(seconds=s)) for s in (60, 700)]


def test_tickets_of_a_past_day_are_closed_and_called_by_nobody(lobby: Lobby, callers: Callers) -> None:
    house, who = lobby.house, callers.kiosk.who
    heard(lobby, callers.kiosk)
    make.advance(house, 86_400)
    days = (make.TODAY, make.TODAY + timedelta(days=1))
    past, now = (
        OfflineVisit(make.new_id(), "K02-", 1, day, make.MORNING + timedelta(days=n), make.TYPES["cash"], "en")
        for n, day in enumerate(days)
    )
    assert [each.state for each in house.works.run(merge, [past, now], who)] == ["expired", "waiting"]
    assert [each.state for each in house.works.run(merge, [past, now], who)] == ["known", "known"]
    with house.database.read() as db:
        assert [each.visit_id for each in live(db, make.HERE)] == [now.visit_id]
        assert not any(run_checks(db, house.keys).values())


def test_a_number_or_an_id_of_somebody_else_changes_nothing(lobby: Lobby, callers: Callers) -> None:
    """Two kiosks were given the same series: the second one's customer keeps no place, and the kiosk is told so."""
    mine = taken("K02-001")
    hand_in(callers.kiosk, mine)
    assert hand_in(callers.second_kiosk, taken("K02-001")) == ["taken"]
    assert hand_in(callers.second_kiosk, {**mine, "number": "K03-001"}) == ["taken"]
    assert hand_in(callers.foreign_kiosk, {**mine, "number": "K03-001"}) == ["taken"]
    assert len(tickets(callers)) == 1


def test_what_the_agent_sends_and_hears_is_what_was_recorded(lobby: Lobby, callers: Callers) -> None:
    recorded = json.loads((Path(__file__).parents[1] / "golden/wire/offline_visits.json").read_text("utf-8"))
    answer = callers.kiosk.post(f"/devices/{callers.kiosk.who.id}/offline-visits", recorded["sent"])
    assert told(answer) == recorded["answered"]


@pytest.mark.parametrize(
    "changed",
    [
        {"number": "A001"},
        {"number": "K2-001"},
        {"number": "K00-001"},
        {"number": "K02-000"},
        {"visit_id": "1"},
        {"business_day": "yesterday"},
        {"arrived_at": "2026-11-23T02:00:00"},
        {"name": "王建明"},
        {"language": "fr"},
    ],
)
def test_what_is_no_visit_of_a_kiosk_is_refused_whole(changed: dict[str, Any], lobby: Lobby, callers: Callers) -> None:
    path, before = f"/devices/{callers.kiosk.who.id}/offline-visits", state_of(lobby.house)
    assert refusal(callers.kiosk.post(path, [taken(), taken(**{"number": "K02-002", **changed})])) == (
        422,
        "invalid_fields",
    )
    assert state_of(lobby.house) == before


def test_empty_too_long_unknown_and_somebody_elses_lists_are_refused(lobby: Lobby, callers: Callers) -> None:
    kiosk, path = callers.kiosk, f"/devices/{callers.kiosk.who.id}/offline-visits"
    assert refusal(kiosk.post(path, [])) == (422, "invalid_fields")
    assert refusal(kiosk.post(path, [taken()] * 101)) == (422, "invalid_fields")
    assert refusal(kiosk.post(path, [taken(service_type="gold_bars")])) == (422, "unknown_service_type")
    assert refusal(callers.second_kiosk.post(path, [taken()])) == (404, "device")
