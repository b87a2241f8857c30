"""The customer's ticket on their phone: found by its secret alone, and nobody's name on it."""

from __future__ import annotations

from typing import Any

import pytest

from lobby_server.app import Lobby
from lobby_server.kernel.actor import system
from lobby_server.kernel.house import House
from lobby_server.queue import actions as queue
from lobby_server.visits.actions.sending import Routed
from tests import make
from tests.doors import calling
from tests.doors.calling import Callers, refusal, told
from tests.make import WANG, Cast

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def routed(lobby: Lobby, callers: Callers) -> Routed:
    """王 took a ticket."""
    return make.routed(lobby.house, callers.kiosk.who, "cash", make.seen(lobby.house, WANG))


def serve(lobby: Lobby, callers: Callers, routed: Routed, *deeds: str) -> None:
    """Carry the ticket through these deeds at window 1."""
    make.opened(lobby.house, callers.teller.who)
    at_point = queue.AtPoint("W1", routed.issued.ticket.id)
    for deed in deeds:
        if deed == "call":
            lobby.house.works.run(queue.call_next, "W1", callers.teller.who)
        else:
            action = {"start": queue.start_service, "finish": queue.finish_service}[deed]
            lobby.house.works.run(action, at_point, callers.teller.who)


def test_the_page_says_where_the_ticket_stands(lobby: Lobby, callers: Callers, routed: Routed) -> None:
    page = told(callers.nobody.get(f"/tickets/{routed.issued.ticket_key}"))
    assert (page["number"], page["state"], page["ahead"], page["service_point"]) == ("A001", "waiting", 0, None)
    assert (page["expected_wait"], page["called_at"]) == (None, None)  # no window is open: no figure is honest
    assert page["service_names"] == {"zh-CN": "存取款", "en": "Deposit or withdraw"}
    serve(lobby, callers, routed, "call")
    page = told(callers.nobody.get(f"/tickets/{routed.issued.ticket_key}"))
    assert (page["state"], page["service_point"]["code"]) == ("called", "W1")
    assert page["called_at"] is not None


def test_whoever_came_first_is_ahead_until_they_are_called(lobby: Lobby, callers: Callers, routed: Routed) -> None:
    make.advance(lobby.house, 1)
    second = make.routed(lobby.house, callers.kiosk.who).issued.ticket_key
    make.opened(lobby.house, callers.teller.who)
    page = told(callers.nobody.get(f"/tickets/{second}"))
    assert page["ahead"] == 1
    # One in front with a log-normal service of 300 s in the mean and CV .8: median 234 s, nine in ten under 578 s.
    wait = page["expected_wait"]
    assert wait["p50_s"] == pytest.approx(234, abs=45) and wait["p90_s"] == pytest.approx(578, abs=120)
    serve(lobby, callers, routed, "call")
    assert told(callers.nobody.get(f"/tickets/{second}"))["ahead"] == 0


def test_neither_page_nor_data_names_a_person_or_an_id(lobby: Lobby, callers: Callers, routed: Routed) -> None:
    ticket_key = routed.issued.ticket_key
    serve(lobby, callers, routed, "call", "start")
    secrets = [WANG.name, "王", WANG.id, WANG.ref.hex(), "private", "周敏", "T001"]
    secrets += [routed.visit.id, routed.issued.ticket.id, callers.kiosk.who.id, callers.teller.who.id]
    for path in (f"/api/v1/tickets/{ticket_key}", f"/t/{ticket_key}", f"/t/{ticket_key}?lang=en"):
        answer = callers.nobody.http.get(path)
        text = answer.get_data(as_text=True)
        assert answer.status_code == 200 and "A001" in text
        assert [secret for secret in secrets if secret in text] == [], path
        assert "Set-Cookie" not in answer.headers


def test_the_page_speaks_the_tickets_language_unless_asked_otherwise(callers: Callers, routed: Routed) -> None:
    path = f"/t/{routed.issued.ticket_key}"
    pages = {asked: callers.nobody.http.get(path + asked).text for asked in ("", "?lang=en", "?lang=xx")}
    assert '<html lang="zh-CN">' in pages[""] and "存取款" in pages[""]
    assert '<html lang="en">' in pages["?lang=en"] and "Deposit or withdraw" in pages["?lang=en"]
    assert pages["?lang=xx"] == pages[""]


@pytest.mark.parametrize("last", ["finish", "cancel"])
def test_two_hours_after_its_end_a_ticket_is_nowhere(lobby: Lobby, callers: Callers, routed: Routed, last: str) -> None:
    paths = [f"/api/v1/tickets/{routed.issued.ticket_key}", f"/t/{routed.issued.ticket_key}"]
    if last == "finish":
        serve(lobby, callers, routed, "call", "start", "finish")
    else:
        lobby.house.works.run(queue.end_day, make.HERE, system(make.HERE))
    make.advance(lobby.house, 2 * 3600)
    assert [callers.nobody.http.get(path).status_code for path in paths] == [200, 200]
    make.advance(lobby.house, 1)
    assert [callers.nobody.http.get(path).status_code for path in paths] == [404, 404]


def test_a_ticket_that_is_gone_answers_like_one_that_never_was(lobby: Lobby, callers: Callers, routed: Routed) -> None:
    serve(lobby, callers, routed, "call", "start", "finish")
    make.advance(lobby.house, 3 * 3600)
    keys = (routed.issued.ticket_key, "A" * 22, routed.issued.ticket.id, "x", "A" * 200)
    answers = [callers.nobody.get(f"/tickets/{ticket_key}") for ticket_key in keys]
    assert {refusal(each) for each in answers} == {(404, "ticket")}
    assert len({_but_for_its_id(told(each)) for each in answers}) == 1


def test_a_wrong_secret_one_letter_off_is_unknown(callers: Callers, routed: Routed) -> None:
    ticket_key = routed.issued.ticket_key
    for at in range(len(ticket_key) - 1):  # the last letter of 22 holds bits that are not used
        off = ticket_key[:at] + ("A" if ticket_key[at] != "A" else "B") + ticket_key[at + 1 :]
        assert callers.nobody.get(f"/tickets/{off}").status_code == 404


def test_the_secret_is_kept_nowhere_as_it_is(lobby: Lobby, callers: Callers) -> None:
    visit_id = told(callers.kiosk.post("/visits", {"credential": {"kind": "none"}}))["visit_id"]
    answer = callers.kiosk.post(f"/visits/{visit_id}/route", {"service_type": "cash", "choice": "ticket"})
    ticket_key = told(answer)["ticket"]["ticket_key"]
    with lobby.house.database.read() as db:
        for table in ("ticket", "answered", "event", "audit", "visit"):
            stored = "\n".join(map(repr, db.exec_driver_sql(f"SELECT * FROM {table}")))
            assert ticket_key not in stored, table


def test_the_picture_of_the_address_exists_only_when_phones_can_reach_us(house: House, cast: Cast) -> None:
    ticket_key = make.routed(house, cast.kiosk).issued.ticket_key
    for public_url, http_code in (("", 404), ("https://q.example.cn", 200)):
        http = calling.open_doors(house, public_url=public_url).flask.test_client()
        answer = http.get(f"/t/{ticket_key}/qr.svg")
        assert answer.status_code == http_code
        assert http.get(f"/t/{'A' * 22}/qr.svg").status_code == 404
    assert answer.content_type == "image/svg+xml" and answer.text.startswith("<?xml") is not answer.text.startswith(
        "<svg"
    )


def _but_for_its_id(problem: dict[str, Any]) -> str:
    return str({name: value for name, value in problem.items() if name != "request_id"})
