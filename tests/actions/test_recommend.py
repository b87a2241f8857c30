"""Offers on a visit: chosen, shown with the facts of that moment, answered, and not repeated too soon."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from lobby_server.customers import store as customers
from lobby_server.customers.rules import Account, Consent, Customer
from lobby_server.kernel import event_log
from lobby_server.kernel.errors import Conflict, NotFound
from lobby_server.kernel.house import House
from lobby_server.kernel.work import Work
from lobby_server.recommend import store
from lobby_server.recommend.actions import Recommendation, Respond, recommend, respond
from lobby_server.recommend.products import Campaign, Condition, Product
from lobby_server.recommend.rules import Offer, Reason
from tests import make
from tests.make import MORNING, TODAY, Cast

DEPOSIT = Product(
    code="dep-1y",
    names={"zh-CN": "一年定期", "en": "One-year deposit"},
    line="deposit",
    risk=None,
    licence=None,
    consent="serve",
    needs=("deposit_renewal",),
    age_min=None,
    age_max=None,
    valid_from=TODAY,
    valid_until=None,
)
PRODUCTS = [DEPOSIT, *(replace(DEPOSIT, code=f"dep-{n}") for n in (2, 3, 4)), replace(DEPOSIT, code="fund", risk=5)]
SPRING = Campaign(
    "spring", {"zh-CN": "开门红", "en": "Spring"}, "dep-4", (Condition(account="savings"),), TODAY, TODAY, 5
)
SUN = Customer(
    id="00000000-0000-7000-8000-0000000000c3",
    customer_no="C3",
    ref=b"\x03" * 8,
    name="孙晓",
    tier="gold",
    tier_as_of=TODAY,
    tags=make.WANG.tags,
    accounts=(Account("savings", "over_6m", "CNY"),),
    consents=(Consent("serve", "1", "app", MORNING),),
    risk_rating=3,
    rated_on=TODAY,
    born_year=1980,
)


@pytest.fixture(autouse=True)
def shop(house: House, cast: Cast) -> None:
    """What the bank sells, and somebody for whom it is."""

    def put(work: Work, _request: None) -> None:
        store.put_products(work.db, PRODUCTS, ())
        store.put_campaigns(work.db, [SPRING], ())
        customers.add_all(work.db, work.keys, [SUN])

    house.works.run(put, None, cast.chen)


def on_visit(house: House, cast: Cast, who: Customer = SUN, visit_id: str | None = None) -> Recommendation | None:
    def deed(work: Work, _request: None) -> Recommendation | None:
        return recommend(work, who, visit_id or make.new_id(), work.now.date())

    return house.works.run(deed, None, cast.kiosk)


def shown(house: House, visit_id: str) -> list[Offer]:
    with house.database.read() as db:
        return store.offers_of(db, [visit_id]).get(visit_id, [])


def events(house: House) -> list[tuple[str, dict[str, object]]]:
    with house.database.read() as db:
        found = event_log.read_after(db, make.HERE, 0, 1000)
    return [(each.type, dict(each.data)) for each in found if each.type.startswith("offer.")]


def test_at_most_three_are_offered_the_campaign_first_and_none_above_the_rating(house: House, cast: Cast) -> None:
    visit_id = make.new_id()
    first = on_visit(house, cast, visit_id=visit_id)
    offers = shown(house, visit_id)
    assert [(each.rank, each.product) for each in offers] == [(1, "dep-4"), (2, "dep-1y"), (3, "dep-2")]
    assert first == Recommendation(
        offers[0].id,
        "dep-4",
        "deposit",
        dict(DEPOSIT.names),
        Reason("campaign", {"names": {"zh-CN": "开门红", "en": "Spring"}}),
        None,
    )
    assert (offers[1].reason, offers[1].need) == (Reason("deposit_matures", {"days": 12}), "deposit_renewal")


def test_what_needs_a_licence_is_offered_where_somebody_holds_it(house: House, cast: Cast) -> None:
    licensed = replace(DEPOSIT, code="a-fund", risk=2, licence="fund")
    house.works.run(lambda work, _request: store.put_products(work.db, [licensed], ()), None, cast.chen)
    on_visit(house, cast, visit_id=(before := make.new_id()))
    assert "a-fund" not in [each.product for each in shown(house, before)]
    given = sa.text("UPDATE staff SET licences = '[\"fund\"]' WHERE staff_no = 'R001'")
    house.database.run(lambda db: db.execute(given))
    on_visit(house, cast, visit_id=(after := make.new_id()))
    assert "a-fund" in [each.product for each in shown(house, after)]


def test_every_offer_is_told_without_saying_whose_it_is(house: House, cast: Cast) -> None:
    visit_id = make.new_id()
    on_visit(house, cast, visit_id=visit_id)
    told = events(house)
    assert [kind for kind, _data in told] == ["offer.shown"] * 3
    assert [data["visit_id"] for _kind, data in told] == [visit_id] * 3
    assert SUN.id not in repr(told) and "over_6m" not in repr(told)


def test_the_facts_of_the_moment_are_kept_sealed(house: House, cast: Cast) -> None:
    on_visit(house, cast)
    with house.database.read() as db:
        raw = db.scalar(sa.text("SELECT facts_sealed FROM offer ORDER BY rank LIMIT 1"))
    facts = json.loads(house.keys.open(bytes(raw), store.FACTS))
    assert (facts["risk_rating"], facts["rated_on"], facts["consents"]) == (3, TODAY.isoformat(), ["serve"])
    assert b"over_6m" not in bytes(raw)


@pytest.mark.parametrize(
    "who",
    [
        replace(SUN, consents=()),
        replace(SUN, do_not_contact=True),
        replace(SUN, tags=(), accounts=()),
        replace(SUN, consents=(replace(SUN.consents[0], revoked_at=MORNING),)),
        replace(SUN, consents=(replace(SUN.consents[0], until=TODAY - timedelta(days=1)),)),
    ],
)
def test_who_did_not_agree_or_needs_nothing_is_left_alone(house: House, cast: Cast, who: Customer) -> None:
    assert on_visit(house, cast, who) is None
    assert events(house) == []


def test_a_product_is_shown_once_a_day(house: House, cast: Cast) -> None:
    visit_id = make.new_id()
    on_visit(house, cast)
    on_visit(house, cast, visit_id=visit_id)
    assert [each.product for each in shown(house, visit_id)] == ["dep-3"]
    assert on_visit(house, cast) is None
    make.advance(house, 24 * 3600)
    on_visit(house, cast, visit_id=(visit_id := make.new_id()))
    assert [each.product for each in shown(house, visit_id)] == ["dep-1y", "dep-2", "dep-3"]  # the campaign is over


def test_what_was_declined_rests_for_ninety_days(house: House, cast: Cast) -> None:
    visit_id = make.new_id()
    on_visit(house, cast, visit_id=visit_id)
    declined = shown(house, visit_id)[1]
    house.works.run(respond, Respond(visit_id, declined.id, "declined", "no_need"), cast.chen)
    still_due = replace(
        SUN, tags=(replace(SUN.tags[0], value={"matures_on": "2027-02-25"}),), rated_on=TODAY, accounts=()
    )
    for days, is_back in ((90, False), (1, True)):
        make.advance(house, days * 24 * 3600)
        on_visit(house, cast, still_due, visit_id=(again := make.new_id()))
        assert ("dep-1y" in [each.product for each in shown(house, again)]) is is_back


def test_an_answer_is_kept_with_who_heard_it_and_told(house: House, cast: Cast) -> None:
    visit_id = make.new_id()
    on_visit(house, cast, visit_id=visit_id)
    offer = shown(house, visit_id)[0]
    house.works.run(respond, Respond(visit_id, offer.id, "deferred"), cast.chen)
    house.works.run(respond, Respond(visit_id, offer.id, "accepted"), cast.zhou)
    kept = shown(house, visit_id)[0]
    assert (kept.answer, kept.answered_by, kept.answered_at) == ("accepted", cast.zhou.id, MORNING)
    assert [data["answer"] for kind, data in events(house) if kind == "offer.answered"] == ["deferred", "accepted"]
    with pytest.raises(Conflict, match="answered") as refused:
        house.works.run(respond, Respond(visit_id, offer.id, "declined"), cast.chen)
    assert refused.value.facts == {"answer": "accepted"}


def test_an_offer_of_another_visit_or_branch_is_not_there(house: House, cast: Cast) -> None:
    visit_id = make.new_id()
    on_visit(house, cast, visit_id=visit_id)
    offer = shown(house, visit_id)[0]
    for who, request in (
        (cast.zheng, Respond(visit_id, offer.id, "accepted")),
        (cast.chen, Respond(make.new_id(), offer.id, "accepted")),
        (cast.chen, Respond(visit_id, make.new_id(), "accepted")),
    ):
        with pytest.raises(NotFound, match="offer"):
            house.works.run(respond, request, who)


def test_whoever_arrives_with_a_code_is_recommended_something_and_a_guest_is_not(house: House, cast: Cast) -> None:
    known = make.arrival(house, cast.kiosk, make.seen(house, SUN)).visit
    guest = make.arrival(house, cast.kiosk).visit
    assert [each.product for each in shown(house, known.id)][:1] == ["dep-4"]
    assert shown(house, guest.id) == []
