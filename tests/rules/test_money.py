"""Money: whole minor units, shares that add up, and reversals that cancel part by part."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lobby_server.kernel.money import WHOLE_PPM, Money, split_minor

AMOUNTS = st.integers(-(10**15), 10**15)


@st.composite
def shares(draw: st.DrawFn) -> list[int]:
    """Parts per million that add up to a whole."""
    cuts = sorted(draw(st.lists(st.integers(0, WHOLE_PPM), max_size=8)))
    return [after - before for before, after in zip([0, *cuts], [*cuts, WHOLE_PPM], strict=True)]


@given(AMOUNTS, shares())
def test_the_parts_add_up_to_the_whole(amount_minor: int, shares_ppm: list[int]) -> None:
    assert sum(split_minor(amount_minor, shares_ppm)) == amount_minor


@given(AMOUNTS, shares())
def test_a_reversal_cancels_part_by_part(amount_minor: int, shares_ppm: list[int]) -> None:
    given_, taken_back = split_minor(amount_minor, shares_ppm), split_minor(-amount_minor, shares_ppm)
    assert [one + other for one, other in zip(given_, taken_back, strict=True)] == [0] * len(shares_ppm)


@given(AMOUNTS, shares())
def test_no_part_is_a_unit_or_more_away_from_its_share(amount_minor: int, shares_ppm: list[int]) -> None:
    for part, share_ppm in zip(split_minor(amount_minor, shares_ppm), shares_ppm, strict=True):
        assert abs(part * WHOLE_PPM - amount_minor * share_ppm) < WHOLE_PPM


@given(AMOUNTS, shares())
def test_who_has_no_share_gets_nothing_and_a_larger_share_never_less(amount_minor: int, shares_ppm: list[int]) -> None:
    parts = sorted(zip(shares_ppm, map(abs, split_minor(amount_minor, shares_ppm)), strict=True))
    assert all(part == 0 for share_ppm, part in parts if share_ppm == 0)
    assert all(one <= other for (less, one), (more, other) in itertools.pairwise(parts) if less < more)


@pytest.mark.parametrize(
    ("amount_minor", "shares_ppm", "parts"),
    [
        (100, [500_000, 500_000], [50, 50]),
        (101, [500_000, 500_000], [51, 50]),  # the odd unit goes to the earlier of two equal fractions
        (-101, [500_000, 500_000], [-51, -50]),
        (100, [333_333, 333_333, 333_334], [33, 33, 34]),
        (2, [333_333, 333_333, 333_334], [1, 0, 1]),  # first to the largest fraction, then to the earlier
        (1, [100_000, 900_000], [0, 1]),
        (0, [250_000, 750_000], [0, 0]),
        (7, [1_000_000], [7]),
    ],
)
def test_the_odd_unit_goes_where_the_docstring_says(amount_minor: int, shares_ppm: list[int], parts: list[int]) -> None:
    assert split_minor(amount_minor, shares_ppm) == parts


@pytest.mark.parametrize("shares_ppm", [[], [999_999], [1_000_001], [1_000_001, -1], [500_000, 400_000]])
def test_shares_that_are_no_whole_are_refused(shares_ppm: list[int]) -> None:
    with pytest.raises(ValueError, match="add up"):
        split_minor(100, shares_ppm)


def test_money_adds_and_turns_round_in_one_currency() -> None:
    assert Money(150, "CNY") + Money(-50, "CNY") == Money(100, "CNY")
    assert -Money(150, "CNY") + Money(150, "CNY") == Money(0, "CNY")
    with pytest.raises(AssertionError, match="two currencies"):
        Money(1, "CNY") + Money(1, "EUR")


@pytest.mark.parametrize(
    ("amount_minor", "currency"), [(1.0, "CNY"), (True, "CNY"), ("1", "CNY"), (1, "cny"), (1, "元")]
)
def test_no_float_and_no_unknown_writing_is_money(amount_minor: object, currency: str) -> None:
    with pytest.raises(AssertionError):
        Money(amount_minor, currency)  # type: ignore[arg-type]
