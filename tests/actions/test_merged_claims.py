"""One live claim to a customer and product line holds also for somebody whom two ids name, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
import sqlalchemy as sa

from lobby_server.customers import store as customers
from lobby_server.customers.actions import EnterProspect, enter_prospect
from lobby_server.customers.actions.feed import take_customer_file
from lobby_server.customers.rules import CARD_TOKEN, Credential
from lobby_server.customers.wire import read_customer_file
from lobby_server.identification.rules import Seen, Verdict
from lobby_server.kernel.actor import Actor, system
from lobby_server.kernel.errors import Conflict
from lobby_server.kernel.feeds import TakeFeed
from lobby_server.kernel.house import House
from referral.lifecycle import actions
from referral.lifecycle.actions.bookings import TakeBooking
from referral.lifecycle.rules import Referral, ReferralState
from referral.lifecycle.tables import referral
from tests import make
from tests.actions.racing import at_once
from tests.actions.test_referrals import booked, now, take, words
from tests.feeds import RICH, file_of
from tests.make import HERE, WANG, Cast

TOKEN = Credential(CARD_TOKEN, next(each["token"] for each in RICH["credentials"] if each["kind"] == CARD_TOKEN))
ROUNDS = 5


@pytest.fixture
def prospect_visit(house: House, cast: Cast) -> str:
    """Somebody whom head office knows only without the card, and who comes with the card: a prospect on a visit."""
    named(house, credentials=[])
    house.works.run(enter_prospect, EnterProspect("新客人", TOKEN, 1990), cast.chen)
    return make.arrival(house, cast.kiosk, Seen(Verdict.OK, kind=CARD_TOKEN, value=TOKEN.value)).visit.id


@pytest.fixture
def customer_visit(house: House, cast: Cast, prospect_visit: str) -> str:
    """The same person comes again, with the app's code."""
    shown = replace(WANG, ref=bytes.fromhex(RICH["ref"]))
    return make.arrival(house, cast.kiosk, make.seen(house, shown)).visit.id


def named(house: House, as_of: str = "2026-11-24", **changes: object) -> None:
    """Head office describes the customer; with the card it names the prospect."""
    file = TakeFeed(read_customer_file(file_of({**RICH, "do_not_contact": False, **changes}, as_of=as_of)))
    take_customer_file(house, file, system(HERE))


def logged(house: House, visit_id: str, by: Actor, line: str = "wealth") -> Referral:
    return house.works.run(actions.log_referral, words(visit_id, product_line=line), by)


def stands_as(house: House) -> str:
    """The customer's own id."""
    with house.database.read() as db:
        found = customers.find_by_number(db, house.keys, RICH["customer_no"])
    assert found is not None
    return found.id


def live(house: House) -> list[tuple[str, str]]:
    """Id and customer of every live referral."""
    states = [str(each) for each in ReferralState if each.is_live]
    with house.database.read() as db:
        asked = sa.select(referral.c.id, referral.c.customer_id).where(referral.c.state.in_(states))
        return [(row.id, row.customer_id) for row in db.execute(asked)]


def test_who_logs_for_either_id_after_the_merger_finds_the_first(
    house: House, cast: Cast, prospect_visit: str, customer_visit: str
) -> None:
    first = logged(house, prospect_visit, cast.zhou)
    assert first.customer_id != stands_as(house)
    named(house, "2026-11-25")
    assert live(house) == [(first.id, stands_as(house))]
    for visit_id in (prospect_visit, customer_visit):
        with pytest.raises(Conflict, match="duplicate") as refused:
            logged(house, visit_id, cast.second_teller)
        assert refused.value.facts["first"]["id"] == first.id  # type: ignore[index]
    # Another need of theirs is another claim, and hangs on the customer whichever visit it came from.
    assert logged(house, prospect_visit, cast.second_teller, "loan").customer_id == stands_as(house)


def test_of_two_claims_that_meet_the_earlier_holds_however_far_the_later_has_come(
    house: House, cast: Cast, prospect_visit: str, customer_visit: str
) -> None:
    first = logged(house, prospect_visit, cast.zhou)
    make.advance(house, 1)
    second = logged(house, customer_visit, cast.second_teller)
    other = logged(house, customer_visit, cast.second_teller, "loan")
    house.works.run(actions.accept, second.id, cast.wu)
    named(house, "2026-11-25")
    joined = now(house, second)
    assert (joined.state, joined.duplicate_of) == (ReferralState.DUPLICATE, first.id)
    assert sorted(live(house)) == sorted([(first.id, stands_as(house)), (other.id, stands_as(house))])


def test_a_claim_whose_time_is_over_gives_way_to_the_one_that_holds(
    house: House, cast: Cast, prospect_visit: str, customer_visit: str
) -> None:
    old = logged(house, prospect_visit, cast.zhou, "deposit")
    make.advance(house, 23 * 3600)
    young = logged(house, customer_visit, cast.second_teller, "deposit")
    make.advance(house, 29 * 86_400 + 3600)
    named(house, "2026-12-24")
    assert (now(house, old).state, now(house, young).state) == (ReferralState.EXPIRED, ReferralState.OFFERED)


@pytest.mark.parametrize("is_told_by", ["customer", "prospect"])
def test_a_booking_under_either_number_wins_what_the_prospect_was_referred_for(
    house: House, cast: Cast, prospect_visit: str, is_told_by: str
) -> None:
    first = logged(house, prospect_visit, cast.zhou)
    with house.database.read() as db:
        prospect = customers.find(db, house.keys, first.customer_id)
    assert prospect is not None
    named(house, "2026-11-25")
    number = RICH["customer_no"] if is_told_by == "customer" else prospect.customer_no
    make.advance(house, 60)
    won = take(house, TakeBooking(booked(house, first).booking, number))
    assert won is not None and (won.id, won.state) == (first.id, ReferralState.WON)


def test_of_tellers_who_race_each_other_and_the_merger_one_is_first(
    house: House, cast: Cast, prospect_visit: str, customer_visit: str
) -> None:
    """Whatever happens first, at the end one claim is live, it hangs on the customer, and everybody else was told."""
    lines = [f"line-{number}" for number in range(ROUNDS)]

    def refer(visit_id: str, by: Actor, line: str) -> str:
        try:
            return logged(house, visit_id, by, line).id
        except Conflict as refused:
            return refused.code

    def merge() -> str:
        named(house, "2026-11-25")
        return "merged"

    tellers = [(visit, who) for visit in (prospect_visit, customer_visit) for who in (cast.zhou, cast.second_teller)]
    deeds: list[Callable[[], str]] = [partial(refer, *teller, line) for line in lines for teller in tellers]
    ends = at_once([merge, *deeds])
    held = live(house)
    assert {customer for _, customer in held} == {stands_as(house)}
    assert len(held) == ROUNDS and {each for each, _ in held} <= set(ends)
    with house.database.read() as db:
        asked = sa.select(referral.c.product_line, referral.c.state, referral.c.duplicate_of)
        told = db.execute(asked.where(referral.c.state == "duplicate")).all()
    assert all(row.duplicate_of in {each for each, _ in held} for row in told)
    assert ends.count("duplicate") == len(tellers) * ROUNDS - ROUNDS - len(told)
