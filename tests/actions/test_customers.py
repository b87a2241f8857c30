"""Customers as the branch itself knows them: prospects, what they present, and whom they turn out to be."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from lobby_server.customers import store
from lobby_server.customers.actions import PROVISIONAL, EnterProspect, enter_prospect
from lobby_server.customers.actions.feed import take_customer_file
from lobby_server.customers.rules import Credential, Customer
from lobby_server.customers.wire import read_customer_file
from lobby_server.kernel.actor import system
from lobby_server.kernel.errors import Conflict
from lobby_server.kernel.feeds import Outcome, TakeFeed
from lobby_server.kernel.house import House
from tests import make
from tests.feeds import RICH, file_of, line
from tests.make import Cast

TOKENS = [Credential(each["kind"], each["token"]) for each in RICH["credentials"]]


def entered(house: House, cast: Cast, *, credential: Credential | None = TOKENS[0]) -> Customer:
    return house.works.run(enter_prospect, EnterProspect("新客人", credential, 1990), cast.chen)


def presented(house: House, credential: Credential) -> Customer | None:
    with house.database.read() as db:
        return store.find_by_credential(db, house.keys, credential.kind, credential.value)


def take(house: House, raw: bytes) -> Outcome:
    return take_customer_file(house, TakeFeed(read_customer_file(raw)), system(make.HERE))


def test_a_prospect_has_a_provisional_number_and_is_known_by_the_card(house: House, cast: Cast) -> None:
    prospect = entered(house, cast)
    assert (prospect.customer_no, prospect.tier, prospect.is_prospect) == (PROVISIONAL + prospect.id, "ordinary", True)
    assert presented(house, TOKENS[0]) == prospect
    with house.database.read() as db:
        assert store.find_by_number(db, house.keys, prospect.customer_no) == prospect


def test_a_card_that_is_known_enters_nobody(house: House, cast: Cast) -> None:
    entered(house, cast)
    with pytest.raises(Conflict, match="customer_known"):
        entered(house, cast)
    assert entered(house, cast, credential=None).is_prospect
    assert entered(house, cast, credential=None).is_prospect


def test_a_prospect_whom_head_office_names_is_that_customer_under_both_numbers(house: House, cast: Cast) -> None:
    prospect = entered(house, cast)
    assert take(house, file_of(RICH)) == Outcome(added=1)
    named = presented(house, TOKENS[0])
    assert named is not None and (named.customer_no, named.is_prospect) == (RICH["customer_no"], False)
    with house.database.read() as db:
        assert store.find(db, house.keys, prospect.id) == named
        assert store.find_by_number(db, house.keys, prospect.customer_no) == named
        assert store.find_by_number(db, house.keys, RICH["customer_no"]) == named


def test_a_prospect_is_merged_into_a_customer_who_was_known_before(house: House, cast: Cast) -> None:
    take(house, file_of({**RICH, "credentials": []}))
    prospect = entered(house, cast)
    take(house, file_of(RICH, as_of="2026-11-25"))
    with house.database.read() as db:
        found = store.find(db, house.keys, prospect.id)
    assert found is not None and found.customer_no == RICH["customer_no"]


def test_a_full_file_leaves_prospects_alone(house: House, cast: Cast) -> None:
    prospect = entered(house, cast)
    request = TakeFeed(read_customer_file(file_of(line(1), head={"kind": "full"})), may_shrink=True)
    assert take_customer_file(house, request, system(make.HERE)) == Outcome(added=1, gone=2)
    assert presented(house, TOKENS[0]) == prospect


def test_neither_name_nor_token_is_stored_in_the_open(house: House, cast: Cast) -> None:
    prospect = entered(house, cast)
    with house.database.read() as db:
        stored = repr(
            [db.execute(sa.text(f"SELECT * FROM {name}")).all() for name in ("customer", "customer_credential")]
        )
    assert prospect.name not in stored and TOKENS[0].value not in stored and "1990" not in stored
