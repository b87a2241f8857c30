"""The queue over HTTP: each deed has its door, and why a ticket was called can be asked and replayed."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lobby_server.doors.mount import mount
from lobby_server.doors.problems import answer_refusals
from lobby_server.kernel.actor import NOBODY, Actor
from lobby_server.kernel.house import House
from lobby_server.queue.http import queue_door
from lobby_server.queue.rules import QueuePolicy
from staff_tablet.screens.ticket import ticket_door
from tests import make
from tests.make import Cast
from tests.screen import VOCABULARY

API = "/api/v1"


class Branch:
    """A branch behind its doors; `who` is whoever asks next."""

    def __init__(self, house: House, cast: Cast) -> None:
        self.house, self.cast = house, cast
        self.who: Actor = cast.zhou
        app = Flask(__name__, static_folder=None)
        answer_refusals(app)
        mount(app, house, [queue_door(make.TYPES), ticket_door(make.TYPES, VOCABULARY)], lambda _house: self.who)
        self.client: FlaskClient = app.test_client()

    def post(self, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        answer = self.client.post(API + path, json=body or {}, headers={"Idempotency-Key": make.new_id()})
        return answer.status_code, answer.get_json(silent=True)

    def get(self, path: str) -> tuple[int, Any]:
        answer = self.client.get(API + path)
        return answer.status_code, answer.get_json(silent=True)


@pytest.fixture
def branch(house: House) -> Branch:
    """An accumulating queue with cap 2; 周 works at W1."""
    cast = make.furnish(house, QueuePolicy("accumulating", 1, 2))
    make.opened(house, cast.zhou, "W1")
    return Branch(house, cast)


def test_why_a_ticket_was_called_is_told_and_replayed(branch: Branch) -> None:
    ordinary = make.ticket(branch.house, branch.cast.kiosk)
    make.advance(branch.house, 20)
    vip = make.ticket_at_level(branch.house, branch.cast.kiosk, "vip")
    make.advance(branch.house, 20)
    code, called = branch.post("/service-points/W1/call-next")
    assert (code, called["ticket"]["number"], called["ticket"]["overtaken"]) == (200, vip.number, 0)
    branch.who = branch.cast.chen
    code, why = branch.get(f"/tickets/{vip.id}/why")
    assert (code, why["rule_version"], why["reason"], why["replayed_equal"]) == (
        200,
        "accumulating/1",
        "highest_score",
        None,
    )
    assert [(each["number"], each["weight"], each["score"], each["passed"]) for each in why["candidates"]] == [
        (ordinary.number, 1.0, 40.0, True),
        (vip.number, 4.0, 80.0, False),
    ]
    assert branch.get(f"/tickets/{vip.id}/why?replay=1")[1]["replayed_equal"] is True


def test_why_is_for_colleagues_of_the_branch_and_for_called_tickets(branch: Branch) -> None:
    routed = make.routed(branch.house, branch.cast.kiosk)
    assert branch.get(f"/tickets/{routed.issued.ticket.id}/why")[0] == 404
    branch.post("/service-points/W1/call-next")
    for who, code in ((branch.cast.zhou, 200), (branch.cast.zheng, 404), (branch.cast.kiosk, 403), (NOBODY, 401)):
        branch.who = who
        assert branch.get(f"/tickets/{routed.issued.ticket.id}/why")[0] == code
    branch.who = NOBODY
    assert branch.get(f"/tickets/{routed.issued.ticket_key}")[1]["number"] == routed.issued.ticket.number


def test_each_deed_at_a_window_has_its_door(branch: Branch) -> None:
    made = make.ticket(branch.house, branch.cast.kiosk)
    at = {"ticket_id": made.id}
    window = "/service-points/W1"
    told: list[tuple[str, dict[str, Any], int, str]] = [
        (f"{window}/call", {**at, "reason": "孩子发烧"}, 200, "called"),
        (f"{window}/no-show", at, 409, "recall_first"),
        (f"{window}/recall", at, 409, "too_soon"),
        (f"{window}/recall", at, 200, "called"),
        (f"{window}/recall", at, 200, "called"),
        (f"{window}/no-show", at, 200, "missed"),
        (f"/tickets/{made.id}/resume", {}, 200, "waiting"),
        (f"{window}/call-next", {}, 200, "called"),
        (f"{window}/park", at, 200, "parked"),
        (f"/tickets/{made.id}/resume", {}, 200, "waiting"),
        (f"{window}/call-next", {}, 200, "called"),
        (f"{window}/transfer", {**at, "service_type": "cash"}, 200, "waiting"),
        (f"{window}/transfer", {**at, "service_type": "no_such"}, 422, "unknown_service_type"),
        (f"{window}/call-next", {}, 200, "called"),
        (f"{window}/start", at, 200, "in_service"),
    ]
    for path, body, code, state in told:
        if path.endswith("recall") and code == 200:
            make.advance(branch.house, 30)
        answered, answer = branch.post(path, body)
        assert (answered, answer["ticket"]["state"] if code == 200 else answer["code"]) == (code, state), path


def test_finishing_a_step_hands_over_the_next_ticket_once(branch: Branch) -> None:
    made = make.ticket(branch.house, branch.cast.kiosk)
    for deed in ("call-next", "start"):
        branch.post(f"/service-points/W1/{deed}", {"ticket_id": made.id} if deed == "start" else None)
    code, answer = branch.post("/service-points/W1/finish", {"ticket_id": made.id, "next_service_type": "loan"})
    following = answer["next_ticket"]
    assert (code, answer["ticket"]["state"], following["number"], following["ahead"]) == (200, "finished", "D001", 0)
    branch.who = NOBODY
    assert branch.get(f"/tickets/{following['ticket_key']}")[1]["state"] == "waiting"


def test_the_holder_delays_and_cancels_with_the_key_alone(branch: Branch) -> None:
    key = make.routed(branch.house, branch.cast.kiosk).issued.ticket_key
    branch.who = NOBODY
    for deed, state in (("delay", "delayed"), ("delay", "delayed"), ("cancel", "cancelled"), ("cancel", "cancelled")):
        answer = branch.client.post(f"{API}/tickets/{key}/{deed}")
        assert (answer.status_code, answer.get_json()["state"]) == (200, state)
    assert branch.client.post(f"{API}/tickets/{key}/delay").status_code == 409
    assert branch.client.post(f"{API}/tickets/unknown/cancel").status_code == 404


def test_a_reason_is_needed_to_call_by_hand_and_kept_clean(branch: Branch) -> None:
    made = make.ticket(branch.house, branch.cast.kiosk)
    for body in ({}, {"reason": ""}, {"reason": "a\u202eb"}, {"reason": "x" * 201}):
        assert branch.post("/service-points/W1/call", {"ticket_id": made.id, **body})[0] == 422
