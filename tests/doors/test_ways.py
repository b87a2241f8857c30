"""The ways of a visit over HTTP: what a kiosk is offered, the machine, the phone, what colleagues do, the history."""

from __future__ import annotations

import pytest

from lobby_server.app import Lobby
from lobby_server.kernel.actor import Actor
from tests import make
from tests.doors.calling import Caller, Callers, refusal, told

NOBODY_KNOWN = {"credential": {"kind": "none"}}
TO_MACHINE = {"service_type": "transfer", "choice": "self_service"}
TO_TICKET = {**TO_MACHINE, "choice": "ticket"}
S1 = {"code": "S1", "names": {"zh-CN": "S1", "en": "S1"}, "zone": "hall", "kind": "smart_counter"}


@pytest.fixture
def machine(lobby: Lobby) -> Actor:
    """The smart counter S1, which has just been heard."""
    return Actor("device", make.enrolled(lobby.house, "machine", "S1"), make.HERE, frozenset({"machine"}))


def arrive(caller: Caller) -> str:
    return str(told(caller.post("/visits", NOBODY_KNOWN))["visit_id"])


def test_each_service_is_offered_with_its_better_way_and_why(lobby: Lobby, callers: Callers, machine: Actor) -> None:
    services = {each["code"]: each for each in told(callers.kiosk.post("/visits", NOBODY_KNOWN))["services"]}
    assert (services["cash"]["route"], services["cash"]["reason"]) == ("ticket", {"code": "no_machine"})
    assert (services["loan"]["route"], services["loan"]["reason"]) == ("adviser", {"code": "adviser_only"})
    assert (services["account"]["route"], services["account"]["device"]) == ("self_service", S1)


def test_a_visit_goes_to_a_machine_and_is_done(lobby: Lobby, callers: Callers, machine: Actor) -> None:
    visit_id = arrive(callers.kiosk)
    going = told(callers.kiosk.post(f"/visits/{visit_id}/route", TO_MACHINE))
    assert (going["route"], going["device"], going["ticket"]) == ("self_service", S1, None)
    (card,) = told(callers.manager.get("/lobby"))["visits"]
    assert (card["device"], card["at_machine"], card["route"]) == (S1, False, "self_service")
    assert told(callers.kiosk.post(f"/visits/{visit_id}/self-service/start"))["state"] == "in_service"
    assert told(callers.manager.get("/lobby"))["visits"][0]["at_machine"] is True
    done = told(callers.kiosk.post(f"/visits/{visit_id}/self-service/finish", {"outcome": "done"}))
    assert (done["state"], done["device"], done["ticket"]) == ("left", None, None)


def test_the_second_one_hears_that_the_machine_is_taken_and_what_is_next(
    lobby: Lobby, callers: Callers, machine: Actor
) -> None:
    first, second = arrive(callers.kiosk), arrive(callers.second_kiosk)
    callers.kiosk.post(f"/visits/{first}/route", TO_MACHINE)
    answer = callers.second_kiosk.post(f"/visits/{second}/route", TO_MACHINE)
    assert refusal(answer) == (409, "machine_taken")
    assert told(answer)["next"] == {"route": "ticket", "wait_s": None}
    ticket = told(callers.second_kiosk.post(f"/visits/{second}/route", TO_TICKET))
    assert ticket["ticket"]["number"] == "B001" and ticket["faster"] is None


def test_whoever_takes_a_ticket_hears_that_a_machine_is_faster(lobby: Lobby, callers: Callers, machine: Actor) -> None:
    visit_id = arrive(callers.kiosk)
    routed = told(callers.kiosk.post(f"/visits/{visit_id}/route", TO_TICKET))
    assert routed["faster"] == {"route": "self_service", "device": S1, "wait_s": None}


def test_who_comes_back_from_a_machine_without_a_ticket_gets_one_once(
    lobby: Lobby, callers: Callers, machine: Actor
) -> None:
    visit_id = arrive(callers.kiosk)
    callers.kiosk.post(f"/visits/{visit_id}/route", TO_MACHINE)
    key = "00000000-0000-7000-8000-0000000000aa"
    answers = [
        callers.kiosk.post(f"/visits/{visit_id}/self-service/finish", {"outcome": "failed"}, key=key) for _ in range(2)
    ]
    assert told(answers[0]) == told(answers[1]) and told(answers[0])["ticket"]["number"] == "B001"
    assert refusal(callers.kiosk.post(f"/visits/{visit_id}/return", {"reason": "again"})) == (409, "not_at_machine")


def test_the_phone_sends_its_holder_to_a_machine_and_back(lobby: Lobby, callers: Callers, machine: Actor) -> None:
    ticket = told(callers.kiosk.post(f"/visits/{arrive(callers.kiosk)}/route", TO_TICKET))["ticket"]
    page = f"/tickets/{ticket['ticket_key']}"
    assert told(callers.nobody.get(page))["can_use_machine"] is True
    there = told(callers.nobody.post(f"{page}/self-service"))
    assert (there["state"], there["device"], there["can_use_machine"]) == ("parked", S1, False)
    back = told(callers.nobody.post(f"{page}/return"))
    assert (back["state"], back["device"], back["can_use_machine"]) == ("waiting", None, True)
    (visit,) = told(callers.manager.get("/lobby"))["visits"]
    callers.kiosk.post("/help", {"visit_id": visit["visit_id"], "language": "zh-CN"})
    assert told(callers.nobody.get(page))["can_use_machine"] is False
    assert refusal(callers.nobody.post(f"{page}/return")) == (409, "not_at_machine")
    assert refusal(callers.nobody.post("/tickets/none-such/self-service")) == (404, "ticket")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("route", {"service_type": "cash", "choice": "machine"}),
        ("route", {"service_type": "cash", "choice": "self_service", "machine": "S1"}),
        ("self-service/finish", {"outcome": "half done"}),
        ("self-service/finish", {}),
        ("return", {"reason": "张三丰 went home"}),
        ("leave", {"reason": "x" * 33}),
        ("service-level", {"level": "appointment", "reason": "by hand"}),
        ("service-level", {"level": "vip", "reason": ""}),
        ("service-level", {"level": "vip"}),
        ("companion", {"of": "somebody"}),
    ],
)
def test_what_breaks_a_shape_changes_nothing(lobby: Lobby, callers: Callers, path: str, body: dict[str, str]) -> None:
    visit_id = arrive(callers.manager)
    before = told(callers.manager.get("/lobby"))["visits"]
    assert callers.manager.post(f"/visits/{visit_id}/{path}", body).status_code == 422
    assert told(callers.manager.get("/lobby"))["visits"] == before


def test_a_cash_customer_is_not_sent_to_an_adviser(lobby: Lobby, callers: Callers) -> None:
    choice = {"service_type": "cash", "choice": "adviser"}
    assert refusal(callers.kiosk.post(f"/visits/{arrive(callers.kiosk)}/route", choice)) == (422, "no_adviser")


def test_a_visits_history_says_what_befell_it_when_and_by_whom(lobby: Lobby, callers: Callers) -> None:
    visit_id = arrive(callers.kiosk)
    callers.kiosk.post(f"/visits/{visit_id}/route", TO_TICKET)
    make.advance(lobby.house, 20)
    callers.manager.post(f"/visits/{visit_id}/greet")
    level = told(callers.manager.post(f"/visits/{visit_id}/service-level", {"level": "vip", "reason": "a shareholder"}))
    assert level["visit"]["level_reason"] == {"code": "by_hand", "note": "a shareholder", "before": "ordinary"}
    undone = told(callers.manager.post(f"/visits/{visit_id}/undo"))["visit"]
    assert (undone["service_level"], undone["undo_until"], undone["greeted_by"]["staff_no"]) == (
        "ordinary",
        None,
        "L001",
    )
    points = told(callers.manager.get(f"/visits/{visit_id}/history"))["touchpoints"]
    codes = [each["code"] for each in points]
    assert codes[:3] == ["arrive", "issue_ticket", "route"]
    assert [each for each in codes if each in ("greet", "level", "undo")] == ["greet", "level", "undo"]
    assert points[0]["by"] is None and points[-1]["by"]["staff_no"] == "L001"
    assert [each["at"] for each in points] == sorted(each["at"] for each in points)
