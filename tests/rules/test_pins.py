"""Which PINs may be chosen: six digits, and none that is tried first."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lobby_server.kernel.passwords import PASSWORD_COST, PIN_COST
from lobby_server.staff.rules import may_be_pin


@pytest.mark.parametrize("pin", ["111111", "123456", "654321", "987654", "012345", "890123", "121212", "123123"])
def test_what_anybody_tries_first_is_no_pin(pin: str) -> None:
    assert not may_be_pin(pin)


@pytest.mark.parametrize("pin", ["", "13579", "1357911", "13579a", "１３５７９２", "13 579", "-13579"])
def test_what_is_not_six_digits_is_no_pin(pin: str) -> None:
    assert not may_be_pin(pin)


@pytest.mark.parametrize("pin", ["135792", "902817", "112358", "246813"])
def test_other_six_digits_may_be_one(pin: str) -> None:
    assert may_be_pin(pin)


@given(st.integers(0, 999_999))
def test_nearly_every_number_may_be_one(number: int) -> None:
    pin = f"{number:06}"
    if not may_be_pin(pin):
        steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
        assert len(steps) == 1 or pin[:3] == pin[3:] or pin[:2] * 3 == pin


def test_secrets_cost_what_the_standard_asks_at_least() -> None:
    """OWASP ASVS 11.4, and the figures of our own threat model."""
    costs = [(each.memory_cost, each.time_cost, each.parallelism) for each in (PASSWORD_COST, PIN_COST)]
    assert costs == [(64 * 1024, 3, 1), (19 * 1024, 2, 1)]
