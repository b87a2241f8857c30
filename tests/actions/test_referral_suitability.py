"""Suitability on the way of a referral, on both engines: refused by its code, written down, and nothing has moved."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from lobby_server.kernel.actor import Actor
from lobby_server.kernel.errors import Conflict, Invalid
from lobby_server.kernel.house import House
from lobby_server.kernel.tables import audit
from lobby_server.recommend.tables import product
from lobby_server.staff.tables import staff
from referral.lifecycle import actions
from referral.lifecycle.actions import Contact
from referral.lifecycle.rules import Referral, ReferralState
from tests import make
from tests.actions.test_referrals import accepted, logged, now
from tests.make import TODAY, WANG, Cast


def met(house: House, cast: Cast, line: str = "wealth") -> Referral:
    """A referral whose customer was spoken with."""
    of = accepted(house, cast, product_line=line)
    return house.works.run(actions.contact, Contact(of.id, "lobby"), cast.wu)


def refused_as(house: House, cast: Cast, of: Referral, deed: str) -> str:
    """The code with which a step is refused; the referral is where it was, and the attempt is in the audit."""
    with pytest.raises(Invalid) as refused:
        house.works.run(getattr(actions, deed), of.id, cast.wu)
    assert now(house, of) == of
    with house.database.read() as db:
        newest = db.execute(sa.select(audit).order_by(audit.c.audit_seq.desc()).limit(1)).one()
    assert (newest.deed, newest.subject) == (f"refused_{deed}", refused.value.code)
    return refused.value.code


def test_a_need_for_what_carries_risk_is_real_only_with_a_rating_that_holds(house: House, cast: Cast) -> None:
    make.on_sale(house, "wealth", 2, 4)
    of = met(house, cast)
    assert refused_as(house, cast, of, "qualify") == "rating_missing"
    make.described(house, WANG, risk_rating=3, rated_on=TODAY - timedelta(days=366), born_year=1980)
    assert refused_as(house, cast, of, "qualify") == "rating_expired"
    make.described(house, WANG, risk_rating=1, rated_on=TODAY, born_year=1980)
    qualified = house.works.run(actions.qualify, of.id, cast.wu)
    assert refused_as(house, cast, qualified, "propose") == "not_suitable"
    make.described(house, WANG, risk_rating=2, rated_on=TODAY, born_year=1980)
    assert house.works.run(actions.propose, of.id, cast.wu).state is ReferralState.PROPOSED


def test_a_rating_that_ran_out_since_stops_the_proposal(house: House, cast: Cast) -> None:
    make.on_sale(house, "wealth", 2)
    make.described(house, WANG, risk_rating=5, rated_on=TODAY - timedelta(days=360), born_year=1980)
    of = met(house, cast)
    qualified = house.works.run(actions.qualify, of.id, cast.wu)
    make.advance(house, 6 * 86_400)
    assert refused_as(house, cast, qualified, "propose") == "rating_expired"


def test_a_deposit_asks_for_no_rating_and_what_is_not_sold_is_not_proposed(house: House, cast: Cast) -> None:
    make.on_sale(house, "deposit")
    of = met(house, cast, "deposit")
    house.works.run(actions.qualify, of.id, cast.wu)
    assert house.works.run(actions.propose, of.id, cast.wu).state is ReferralState.PROPOSED
    other = met(house, cast, "loan")
    qualified = house.works.run(actions.qualify, other.id, cast.wu)
    assert refused_as(house, cast, qualified, "propose") == "line_not_sold"


def test_out_of_turn_is_refused_for_that_and_not_for_the_rating(house: House, cast: Cast) -> None:
    make.on_sale(house, "wealth", 5)
    of = accepted(house, cast)
    with pytest.raises(Conflict, match="changed"):
        house.works.run(actions.qualify, of.id, cast.wu)


def licensed(house: House, who: Actor, *licences: str) -> None:
    row = staff.update().where(staff.c.id == who.id).values(licences=list(licences))
    house.database.run(lambda db: db.execute(row))


def test_who_lacks_the_licence_takes_nothing_and_who_loses_it_goes_no_further(house: House, cast: Cast) -> None:
    row = product.insert().values(code="f-1", names={}, line="fund", licence="funds", consent="serve", needs=[],
                                  valid_from=TODAY)  # fmt: skip
    house.database.run(lambda db: db.execute(row))
    of = logged(house, cast, product_line="fund")
    # Nobody of the branch may be asked, so it waits for whoever takes it.
    assert of.state is ReferralState.DECLINED
    assert refused_as(house, cast, of, "accept") == "not_licensed"
    licensed(house, cast.wu, "funds")
    house.works.run(actions.accept, of.id, cast.wu)
    house.works.run(actions.contact, Contact(of.id, "lobby"), cast.wu)
    qualified = house.works.run(actions.qualify, of.id, cast.wu)
    licensed(house, cast.wu)
    assert refused_as(house, cast, qualified, "propose") == "not_licensed"
