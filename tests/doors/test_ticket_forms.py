"""The plain forms of the ticket's page: they work without a script, for the holder's own browser only."""

from __future__ import annotations

import pytest
from werkzeug.test import TestResponse

from lobby_server.app import Lobby
from lobby_server.branch import store as branches
from lobby_server.queue import actions as queue
from lobby_server.visits.actions.sending import Routed
from tests import make
from tests.doors.calling import Callers, told
from tests.make import WANG

FORM = "application/x-www-form-urlencoded"

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def routed(lobby: Lobby, callers: Callers) -> Routed:
    """王 took a ticket."""
    return make.routed(lobby.house, callers.kiosk.who, "cash", make.seen(lobby.house, WANG))


def send(callers: Callers, routed: Routed, deed: str, **headers: str) -> TestResponse:
    """What a browser sends when a form of the page is pressed."""
    sent = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin", **headers}
    return callers.nobody.http.post(
        f"/t/{routed.issued.ticket_key}/{deed}",
        data=b"",
        headers=sent,
        content_type="application/x-www-form-urlencoded",
    )


def page(callers: Callers, routed: Routed, query: str = "") -> str:
    answer = callers.nobody.http.get(f"/t/{routed.issued.ticket_key}{query}")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def served(lobby: Lobby, callers: Callers, routed: Routed, *, to_the_end: bool = True) -> None:
    """Window 1 calls the ticket, and ends it."""
    make.opened(lobby.house, callers.teller.who)
    lobby.house.works.run(queue.call_next, "W1", callers.teller.who)
    at_point = queue.AtPoint("W1", routed.issued.ticket.id)
    lobby.house.works.run(queue.start_service, at_point, callers.teller.who)
    if to_the_end:
        lobby.house.works.run(queue.finish_service, at_point, callers.teller.who)


def test_a_form_leads_back_to_the_page_in_its_language(callers: Callers, routed: Routed) -> None:
    answer = send(callers, routed, "delay?lang=en")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/t/{routed.issued.ticket_key}?lang=en")
    assert 'data-state="delayed"' in page(callers, routed)


def test_giving_up_twice_is_giving_up(callers: Callers, routed: Routed) -> None:
    codes = [send(callers, routed, "cancel").status_code for _ in range(2)]
    assert codes == [303, 303]
    assert 'data-state="cancelled"' in page(callers, routed)


def test_what_cannot_be_done_any_more_is_said_on_the_page(lobby: Lobby, callers: Callers, routed: Routed) -> None:
    served(lobby, callers, routed, to_the_end=False)
    way_back = send(callers, routed, "cancel").headers["Location"]
    assert way_back.endswith("?said=refused")
    assert "现在不能这样做" in page(callers, routed, "?said=refused")
    assert "现在不能这样做" not in page(callers, routed, "?said=<b>")


@pytest.mark.parametrize("stars", ["1", "5"])
def test_the_stars_are_given_once_and_thanked_for(lobby: Lobby, callers: Callers, routed: Routed, stars: str) -> None:
    served(lobby, callers, routed)
    assert "今天办得怎么样" in page(callers, routed)
    assert send(callers, routed, f"rating/{stars}").status_code == 303
    assert f"谢谢您的评价：{stars} 星" in page(callers, routed)
    assert send(callers, routed, "rating/3").headers["Location"].endswith("?said=refused")


def test_the_holder_goes_to_a_free_machine_and_comes_back_to_their_place(lobby: Lobby, callers: Callers) -> None:
    house = lobby.house
    machine = make.enrolled(house, "machine", "S1")
    house.database.run(lambda db: branches.note_sign_of_life(db, machine, {}, False, house.clock.now()))
    routed = make.routed(house, callers.kiosk.who, "transfer")
    assert 'data-machine="free"' in page(callers, routed)
    for deed, state in (("self-service", "at"), ("self-service", "at"), ("return", "free"), ("return", "free")):
        assert send(callers, routed, deed).status_code == 303
        assert f'data-machine="{state}"' in page(callers, routed)
    again = told(callers.nobody.get(f"/tickets/{routed.issued.ticket_key}"))
    assert (again["number"], again["state"]) == (routed.issued.ticket.number, "waiting")


@pytest.mark.parametrize("stars", ["0", "6", "five", "55"])
def test_other_stars_are_nowhere(lobby: Lobby, callers: Callers, routed: Routed, stars: str) -> None:
    served(lobby, callers, routed)
    assert send(callers, routed, f"rating/{stars}").status_code == 404


@pytest.mark.parametrize("foreign", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}])
def test_another_site_cannot_press_the_forms(callers: Callers, routed: Routed, foreign: dict[str, str]) -> None:
    assert send(callers, routed, "cancel", **foreign).status_code == 403
    assert 'data-state="waiting"' in page(callers, routed)


def test_the_page_lets_its_forms_say_where_they_come_from(callers: Callers, routed: Routed) -> None:
    answer = callers.nobody.http.get(f"/t/{routed.issued.ticket_key}")
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_an_ended_address_is_a_page_that_says_so(callers: Callers) -> None:
    answer = callers.nobody.http.get("/t/" + "A" * 22, headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "This ticket has ended" in answer.get_data(as_text=True)
    pressed = callers.nobody.http.post("/t/" + "A" * 22 + "/cancel")
    assert (pressed.status_code, pressed.headers["Location"]) == (303, "/t/" + "A" * 22)
