"""The trial: what its head office sends is taken, and whoever comes is spoken to of something that suits."""

from __future__ import annotations

from datetime import timedelta

from lobby_server.admin.furnish import furnish, plan, played_kiosk
from lobby_server.customers import store as customers
from lobby_server.identification.rules import CodeBody, Seen, Verdict
from lobby_server.kernel.house import House
from lobby_server.recommend import store
from lobby_server.visits.actions import Arrive, arrive
from tests import make


def offered(house: House, customer_no: str) -> list[tuple[str, str]]:
    """What the trial says of a customer who arrives: products and the codes of their reasons."""
    with house.database.read() as db:
        who = customers.find_by_number(db, house.keys, customer_no)
    assert who is not None
    code = Seen(Verdict.OK, CodeBody(1, who.ref, house.clock.now(), b"1234", 0))
    kiosk = played_kiosk(house)
    visit_id = house.works.run(arrive, Arrive(make.new_id(), code, "zh-CN", 1), kiosk).visit.id
    with house.database.read() as db:
        return [(each.product, each.reason.code) for each in store.offers_of(db, [visit_id]).get(visit_id, [])]


def test_whoever_comes_to_the_trial_is_spoken_to_of_something_that_suits(house: House) -> None:
    furnish(house, "no password matches this")
    assert offered(house, "C1001")[:2] == [("bond-steady", "deposit_matures"), ("deposit-12m", "campaign")]
    assert ("mix-balanced", "large_inflow") in offered(house, "C1004")
    assert offered(house, "C1003") == [("card-renewal", "card_expires")]
    assert offered(house, "C1012") == [("home-loan", "abandoned_step")]
    assert offered(house, "C1002") == []  # a pension account is for those who do not draw one yet
    spoken_to = sum(bool(offered(house, f"C{number}")) for number in range(1005, 1005 + 20) if number != 1012)
    assert spoken_to >= 10


def test_a_trial_that_is_started_again_tomorrow_has_tomorrows_customers(house: House) -> None:
    furnish(house, "no password matches this")
    furnish(house, "no password matches this")
    make.still(house).advance(timedelta(days=1))
    furnish(house, "no password matches this")
    with house.database.read() as db:
        who = customers.find_by_number(db, house.keys, "C1001")
    matures = (make.TODAY + timedelta(days=13)).isoformat()
    assert who is not None and who.tags[0].value == {"matures_on": matures}
    assert len(plan()["customers"]["people"]) == 24
