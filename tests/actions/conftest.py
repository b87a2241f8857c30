"""What tests of head office's road ask for, besides a branch."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lobby_server.kernel.house import House
from referral.crm_sync import store
from referral.crm_sync.courier import Courier
from referral.lifecycle.rules import Referral
from tests.crm import Refusing, log_all, visits_of
from tests.make import Cast


@pytest.fixture
def crm() -> Refusing:
    """A simulated CRM that refuses what it is told to refuse."""
    return Refusing()


@pytest.fixture
def courier(house: House, crm: Refusing) -> Courier:
    """The road to it, over two lanes."""
    return Courier(house, crm, lanes=2)


@pytest.fixture
def logged(house: House, cast: Cast) -> list[tuple[str, Referral]]:
    """Referrals of both customers, one for each product line."""
    return log_all(house, cast, visits_of(house, cast))


@pytest.fixture
def the_outbox_is_whole(house: House) -> Iterator[None]:
    """Whatever a test did, the outbox keeps its promises."""
    yield
    with house.database.read() as db:
        assert store.faults(db) == []
