"""What a monitoring system reads: how requests went, what waits, and nothing about anybody."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from lobby_server.app import Lobby
from lobby_server.kernel.house import House
from tests import make
from tests.doors.calling import Callers, open_doors
from tests.make import LI, WANG, Cast

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def read(lobby: Lobby, address: str = "127.0.0.1") -> dict[tuple[str, ...], float]:
    """Every sample by its name and the values of its labels, in the order of their names."""
    answer = lobby.flask.test_client().get("/metrics", environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == 200 and answer.content_type.startswith("text/plain")
    families = text_string_to_metric_families(answer.get_data(as_text=True))
    return {
        (each.name, *(value for _name, value in sorted(each.labels.items()))): each.value
        for family in families
        for each in family.samples
    }


def test_answers_are_counted_by_the_routes_of_the_policy_table(lobby: Lobby, callers: Callers) -> None:
    for _ in range(3):
        callers.manager.get("/lobby")
    callers.kiosk.get("/staff")
    lobby.flask.test_client().get("/nowhere/at/all")
    told = read(lobby)
    assert told["lobby_answers_total", "200", "GET", "/api/v1/lobby"] == 3
    assert told["lobby_answers_total", "403", "GET", "/api/v1/staff"] == 1
    assert told["lobby_answers_total", "404", "", ""] == 1
    assert told["lobby_answer_seconds_count", "/api/v1/lobby"] == 3


def test_what_waits_is_told_for_each_branch(house: House, cast: Cast) -> None:
    lobby = open_doors(house)
    make.ticket(house, cast.kiosk, code=make.seen(house, LI))
    lobby.delivery.deliver()
    make.ticket(house, cast.kiosk, code=make.seen(house, WANG))
    told = read(lobby)
    assert told["lobby_tickets_waiting", "0001"] == 2 and told["lobby_tickets_waiting", "0002"] == 0
    assert told["lobby_events_total", "0001"] > told["lobby_events_delivered_total", "0001"] > 0
    assert told["lobby_outbox_steps", "0001"] == 0
    make.advance(house, 3600)
    assert read(lobby)["lobby_due_late_seconds",] > 0


def test_pauses_of_the_collector_are_measured(lobby: Lobby, monkeypatch: pytest.MonkeyPatch) -> None:
    callbacks: list[Any] = []
    monkeypatch.setattr(gc, "callbacks", callbacks)
    lobby.metrics.watch_collector()
    (note,) = callbacks
    for phase in ("start", "stop"):
        note(phase, {})
    assert read(lobby)["lobby_gc_pause_seconds_count",] == 1


def test_from_another_machine_there_is_no_such_page(lobby: Lobby) -> None:
    for address in ("192.0.2.7", "::ffff:192.0.2.7", ""):
        answer = lobby.flask.test_client().get("/metrics", environ_base={"REMOTE_ADDR": address})
        assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")


def test_nobody_is_named(house: House, cast: Cast) -> None:
    lobby = open_doors(house)
    make.ticket(house, cast.kiosk, code=make.seen(house, LI))
    text = lobby.flask.test_client().get("/metrics").get_data(as_text=True)
    assert not any(each in text for each in (LI.name, LI.customer_no, LI.id, cast.chen.id))
