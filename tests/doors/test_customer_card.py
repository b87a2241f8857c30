"""The customer's card: for those who are here, masked, bands and name only for whoever has taken the visit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from lobby_server.appointments import actions as appointments
from lobby_server.appointments.actions import Book
from lobby_server.customers import store as customers
from lobby_server.customers.actions.feed import take_customer_file
from lobby_server.customers.rules import Customer, Tag
from lobby_server.customers.wire import read_customer_file
from lobby_server.doors.routes import API
from lobby_server.kernel.actor import system
from lobby_server.kernel.feeds import TakeFeed
from lobby_server.kernel.house import House
from lobby_server.kernel.ids import is_id
from lobby_server.kernel.privacy import is_forbidden_number, mask_name
from lobby_server.kernel.work import Work
from lobby_server.recommend import store
from lobby_server.visits.rules import CLAIM_LIVES
from tests import make
from tests.actions.test_recommend import DEPOSIT, SUN
from tests.doors import calling
from tests.doors.calling import Callers, audit_rows, refusal, told
from tests.feeds import RICH, file_of
from tests.make import TODAY

FULL_NAMES = ("王建明", "李秀英", "孙晓阳")
GUEST = replace(
    SUN,
    name="孙晓阳",
    owner_staff_no="R001",
    tags=(*SUN.tags, Tag("payroll", {"employer": "示例公司"}, "hq", TODAY)),
)


@pytest.fixture
def guest(house: House, callers: Callers) -> str:
    """Somebody with a rich record stands in the hall: the id of their visit."""

    def put(work: Work, _request: None) -> None:
        store.put_products(work.db, [DEPOSIT], ())
        customers.add_all(work.db, work.keys, [GUEST])

    house.works.run(put, None, callers.manager.who)
    return make.arrival(house, callers.kiosk.who, make.seen(house, GUEST)).visit.id


def card(callers: Callers, who: str = "manager") -> Any:
    answer = getattr(callers, who).get(f"/customers/{GUEST.id}/card")
    assert answer.status_code == 200
    return told(answer)


def reveal(callers: Callers, who: str = "manager", **more: Any) -> Any:
    return getattr(callers, who).post(f"/customers/{GUEST.id}/reveal", {"reason": "greet"}, **more)


def test_the_card_tells_what_helps_and_not_who(callers: Callers, guest: str) -> None:
    seen = card(callers)
    assert (seen["visit_id"], seen["masked_name"], seen["tier"]) == (
        guest,
        "孙*阳",
        {"code": "gold", "as_of": "2026-11-23", "served_as": "gold"},
    )
    assert seen["needs"] == [{"code": "deposit_renewal", "reason": {"code": "deposit_matures", "days": 12}}]
    assert seen["tags"] == [{"name": "payroll", "source": "hq", "as_of": "2026-11-23"}]
    assert seen["rating"] == {"level": 3, "rated_on": "2026-11-23", "is_fresh": True}
    assert [each["product"] for each in seen["offers"]] == ["dep-1y"]
    assert [(each["purpose"], each["holds"]) for each in seen["consents"]] == [("serve", True)]
    assert seen["owner"] == {"staff_no": "R001", "name": "吴子昂"}
    assert seen["accounts"] is None and seen["past_visits"] == [] and seen["appointments"] == []


def test_the_card_in_the_lobby_opens_the_customers_card_and_a_stranger_has_none(
    house: House, callers: Callers, cast: make.Cast, guest: str
) -> None:
    stranger = make.arrival(house, cast.kiosk).visit.id
    for who in ("manager", "teller", "rm", "head"):
        seen = {each["visit_id"]: each["customer_id"] for each in told(getattr(callers, who).get("/lobby"))["visits"]}
        assert seen == {guest: GUEST.id, stranger: None}
    assert told(callers.manager.post(f"/visits/{guest}/claim"))["visit"]["customer_id"] == GUEST.id


def test_the_card_holds_the_appointments_that_are_still_to_come(
    house: House, callers: Callers, cast: make.Cast
) -> None:
    def booked(hours: int, **given: Any) -> str:
        asked: dict[str, Any] = {"customer_no": make.LI.customer_no, "service_type": "wealth", "staff_no": None}
        wish = Book(**{**asked, "starts_at": make.MORNING + timedelta(hours=hours), "minutes": 30, **given})
        return house.works.run(appointments.book, wish, cast.chen).appointment.id

    later, met, dropped = booked(30), booked(1, staff_no="R001"), booked(28)
    house.works.run(appointments.cancel, dropped, cast.chen)
    make.arrival(house, cast.kiosk, make.seen(house, make.LI))
    seen = told(callers.manager.get(f"/customers/{make.LI.id}/card"))["appointments"]
    assert seen == [
        {
            "id": met,
            "starts_at": "2026-11-23T03:00:00.000000Z",
            "service_type": "wealth",
            "staff": {"staff_no": "R001", "name": "吴子昂"},
            "state": "arrived",
        },
        {
            "id": later,
            "starts_at": "2026-11-24T08:00:00.000000Z",
            "service_type": "wealth",
            "staff": None,
            "state": "booked",
        },
    ]


def test_bands_are_shown_to_the_claimant_and_only_while_the_claim_lasts(
    house: House, callers: Callers, guest: str
) -> None:
    callers.manager.post(f"/visits/{guest}/claim")
    assert card(callers)["accounts"] == [{"kind": "savings", "band": "over_6m", "currency": "CNY"}]
    for other in ("teller", "rm", "head"):
        assert card(callers, other)["accounts"] is None
    make.advance(house, CLAIM_LIVES.total_seconds())
    assert card(callers)["accounts"] is None


def test_the_teller_with_the_ticket_takes_care_of_its_customer_and_no_other_teller_does(
    callers: Callers, guest: str
) -> None:
    callers.kiosk.post(f"/visits/{guest}/route", {"service_type": "cash", "choice": "ticket"})
    callers.teller.post("/service-points/W1/open")
    assert card(callers, "teller")["accounts"] is None
    assert refusal(reveal(callers, "teller")) == (403, "not_claimant")
    called = told(callers.teller.post("/service-points/W1/call-next"))["ticket"]
    assert card(callers, "teller")["accounts"] is not None and card(callers)["accounts"] is None
    assert told(reveal(callers, "teller"))["name"] == GUEST.name
    at = {"ticket_id": called["id"]}
    for deed in ("start", "finish"):
        assert callers.teller.post(f"/service-points/W1/{deed}", at).status_code == 200
    assert refusal(reveal(callers, "teller")) == (404, "customer")


def test_who_is_not_here_has_no_card_anywhere(house: House, callers: Callers, guest: str) -> None:
    for who, customer_id in (
        (callers.manager, make.WANG.id),
        (callers.manager, make.new_id()),
        (callers.foreign_manager, GUEST.id),
        (callers.foreign_teller, GUEST.id),
    ):
        assert refusal(who.get(f"/customers/{customer_id}/card")) == (404, "customer")
        if who is not callers.foreign_teller:
            answer = who.post(f"/customers/{customer_id}/reveal", {"reason": "greet"})
            assert refusal(answer) == (404, "customer")


def test_a_visit_that_is_over_stands_on_the_next_card(house: House, callers: Callers, guest: str) -> None:
    ended = sa.text("UPDATE visit SET state = 'left', left_because = 'undecided' WHERE id = :id")
    house.database.run(lambda db: db.execute(ended, {"id": guest}))
    make.arrival(house, callers.kiosk.who, make.seen(house, GUEST))
    past = card(callers)["past_visits"]
    assert [(each["visit_id"], each["left_because"]) for each in past] == [(guest, "undecided")]


def test_the_name_is_shown_to_the_claimant_for_twenty_seconds_and_every_look_is_noted(
    house: House, callers: Callers, guest: str
) -> None:
    callers.manager.post(f"/visits/{guest}/claim")
    key = calling.new_key()
    for _ in range(2):
        assert told(reveal(callers, key=key)) == {"name": "孙晓阳", "expires_in_s": 20}
    make.advance(house, CLAIM_LIVES.total_seconds() - 5)
    assert told(reveal(callers))["expires_in_s"] == 5
    assert audit_rows(house).count(("reveal_name", GUEST.id)) == 3
    make.advance(house, 5)
    assert refusal(reveal(callers, key=key)) == (403, "not_claimant")


def test_nobody_else_sees_the_name_and_the_attempt_is_noted(house: House, callers: Callers, guest: str) -> None:
    assert refusal(reveal(callers)) == (403, "not_claimant")
    callers.manager.post(f"/visits/{guest}/claim")
    for other in ("teller", "rm"):
        assert refusal(reveal(callers, other)) == (403, "not_claimant")
    assert len([deed for deed, _subject in audit_rows(house) if deed == "refused_reveal"]) == 3
    answer = callers.manager.post(f"/customers/{GUEST.id}/reveal", {"reason": "curious"})
    assert refusal(answer) == (422, "invalid_fields")


# ---- No name leaves -----------------------------------------------------------------------------------------------


def answers(house: House, callers: Callers, guest: Customer) -> Iterator[tuple[str, str]]:
    """Every question of the interface asked by everybody, and what commands about this customer answer."""
    kiosk = callers.kiosk
    shown = {"kind": "qr", "value": make.code_of(make.WANG, house.clock.now())}
    arrived = kiosk.post("/visits", {"credential": shown})
    visit_id = told(arrived)["visit_id"]
    yield "arrive", arrived.get_data(as_text=True)
    to_cash = {"service_type": "cash", "choice": "ticket"}
    yield "route", (routed := kiosk.post(f"/visits/{visit_id}/route", to_cash)).get_data(as_text=True)
    ticket = told(routed)["ticket"]
    yield "claim", callers.manager.post(f"/visits/{visit_id}/claim").get_data(as_text=True)
    known = {"customer_id": guest.id, "visit_id": visit_id, "ticket_id": ticket["id"], "code": "W1"}
    known |= {"ticket_key": ticket["ticket_key"], "device_id": kiosk.who.id, "staff_no": "T001"}
    rules = kiosk.http.application.url_map.iter_rules()
    for path in sorted(rule.rule for rule in rules if "GET" in (rule.methods or ()) and rule.rule.startswith(API)):
        filled = path.replace("<path:", "<")
        for name, value in known.items():
            filled = filled.replace(f"<{name}>", value)
        for name, who in callers.by_name().items():
            yield f"{name} {path}", who.http.get(filled, headers=who.proof).get_data(as_text=True)


def strings(value: Any) -> Iterator[str]:
    """Every text in a JSON value but our own ids, whose digits are a card's number by chance now and then."""
    if isinstance(value, str) and not is_id(value):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from strings(each)


def test_no_answer_to_anybody_holds_a_full_name_a_card_number_or_an_id_number(
    house: House, callers: Callers, guest: str
) -> None:
    found, asked = [], 0
    for where, body in answers(house, callers, GUEST):
        asked += 1
        if any(name in body for name in FULL_NAMES):
            found.append((where, "name"))
        if body.startswith(("{", "[")) and any(map(is_forbidden_number, strings(json.loads(body)))):
            found.append((where, "number"))
    assert asked > 60
    assert found == []


def test_the_search_for_names_bites(house: House, callers: Callers, guest: str) -> None:
    callers.manager.post(f"/visits/{guest}/claim")
    body = reveal(callers).get_data(as_text=True)
    assert any(name in json.dumps(json.loads(body), ensure_ascii=False) for name in FULL_NAMES)
    assert is_forbidden_number("4111 1111 1111 1111") and is_forbidden_number("11010519491231002X")


def test_a_prospect_who_is_here_while_head_office_names_them_stays_the_same_visit(
    house: House, callers: Callers, cast: make.Cast
) -> None:
    token = RICH["credentials"][0]
    prospect = told(callers.manager.post("/customers", {"name": "新客人", "credential": token}))
    presented = {"credential": {"kind": token["kind"], "value": token["token"]}}
    visit = told(callers.kiosk.post("/visits", presented))["visit_id"]
    wish = Book(prospect["customer_no"], "wealth", None, make.MORNING + timedelta(hours=30), 30)
    met = house.works.run(appointments.book, wish, cast.chen).appointment.id
    take_customer_file(house, TakeFeed(read_customer_file(file_of(RICH))), system(make.HERE))
    with house.database.read() as db:
        named = customers.find(db, house.keys, prospect["id"])
    assert named is not None and named.id != prospect["id"]
    callers.manager.post(f"/visits/{visit}/claim")
    for customer_id in (prospect["id"], named.id):
        seen = told(callers.manager.get(f"/customers/{customer_id}/card"))
        assert (seen["visit_id"], seen["customer_id"]) == (visit, named.id)
        assert [each["id"] for each in seen["appointments"]] == [met]
        answer = callers.manager.post(f"/customers/{customer_id}/reveal", {"reason": "greet"})
        assert told(answer)["name"] == RICH["name"]
    (shown,) = told(callers.manager.get("/lobby"))["visits"]
    assert shown["masked_name"] == seen["masked_name"] == mask_name(RICH["name"])
    again = callers.kiosk.post("/visits", presented)
    assert told(again)["visit_id"] == visit
    callers.manager.post(f"/visits/{visit}/leave", {"reason": "changed_mind"})
    callers.kiosk.post("/visits", presented)
    assert [each["visit_id"] for each in told(callers.manager.get(f"/customers/{named.id}/card"))["past_visits"]] == [
        visit
    ]
