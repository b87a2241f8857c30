"""Outside the opening hours a kiosk lets nobody begin a visit; whoever is here already, or let in, is served."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lobby_server.app import Lobby
from lobby_server.branch import store as branches
from lobby_server.branch.rules import Hours
from lobby_server.kernel.house import House
from tests import make
from tests.doors import calling
from tests.doors.calling import Callers, refusal, told
from tests.make import Cast

NOBODY_KNOWN = {"credential": {"kind": "none"}}


def qr(house: House) -> dict[str, Any]:
    return {"credential": {"kind": "qr", "value": make.code_of(make.LI, house.clock.now())}}


@pytest.fixture
def about_to_close(house: House, cast: Cast) -> None:
    """It is ten on a Monday, and the branch closes a minute later."""
    with house.database.read() as db:
        branch = branches.find_branch(db, make.HERE)
    assert branch is not None
    opened = replace(branch, hours=(Hours((1, 2, 3, 4, 5), 9 * 60, 10 * 60 + 1),))
    house.database.run(lambda db: branches.save_settings(db, opened))


@pytest.mark.usefixtures("about_to_close")
def test_a_kiosk_of_a_closed_branch_says_when_it_opens(lobby: Lobby, callers: Callers) -> None:
    assert callers.kiosk.post("/visits", NOBODY_KNOWN).status_code == 201
    make.advance(lobby.house, 60)
    code = qr(lobby.house)
    answer = callers.kiosk.post("/visits", code)
    assert refusal(answer) == (409, "closed")
    assert told(answer)["opens_at"] == "2026-11-24T01:00:00.000000Z"
    # The code was not used up: a colleague who lets them in may scan it.
    assert told(callers.manager.post("/visits", code))["customer"]["masked_name"] == "李*英"


@pytest.mark.usefixtures("about_to_close")
def test_whoever_is_inside_at_closing_goes_on(lobby: Lobby, callers: Callers) -> None:
    visit_id = told(callers.kiosk.post("/visits", qr(lobby.house)))["visit_id"]
    make.advance(lobby.house, 60)
    assert told(callers.second_kiosk.post("/visits", qr(lobby.house)))["visit_id"] == visit_id
    chosen = callers.second_kiosk.post(f"/visits/{visit_id}/route", {"service_type": "cash", "choice": "ticket"})
    assert told(chosen)["ticket"]["number"] == "A001"


@pytest.mark.usefixtures("about_to_close")
def test_a_hall_that_is_open_all_night_lets_people_in(house: House) -> None:
    callers = calling.let_in(calling.open_doors(house, arrivals_outside_hours=True))
    make.advance(house, 60)
    assert callers.kiosk.post("/visits", NOBODY_KNOWN).status_code == 201
