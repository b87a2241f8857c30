"""What may be spoken of to whom: every pair of what the filters look at, and each border by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import product as every

import pytest

from lobby_server.recommend.products import Product
from lobby_server.recommend.suitability import Person, fits_age, fits_risk, is_fresh, is_sold_on, refusal

TODAY = date(2026, 11, 23)
FUND = Product(
    code="fund-07",
    names={"zh-CN": "稳健混合", "en": "Balanced fund"},
    line="wealth",
    risk=3,
    licence="fund",
    consent="serve",
    needs=("wealth",),
    age_min=None,
    age_max=None,
    valid_from=date(2026, 1, 1),
    valid_until=None,
)
FIT = Person(risk_rating=5, rated_on=date(2026, 11, 1), born_year=1980, consents=("serve",))

RISKS = (None, 1, 2, 3, 4, 5)
RATINGS = (None, 1, 2, 3, 4, 5)
RATED_ON = {None: False, date(2026, 11, 23): True, date(2025, 11, 23): True, date(2025, 11, 22): False}
AGES = {1990: "adult", 1962: "adult", 1961: "senior", 1940: "senior", None: "senior"}  # unknown: the careful case
CONSENTS = ((), ("serve",), ("contact_later",))
LICENCES = (None, "fund")
HELD = (frozenset[str](), frozenset({"fund"}), frozenset({"insurance"}))
FATIGUE: tuple[dict[str, tuple[str, ...]], ...] = (
    {},
    {"declined": ("fund-07",)},
    {"shown_today": ("fund-07",)},
    {"declined": ("card-01",), "shown_today": ("card-01",)},
)


def expected(product: Product, person: Person, held: frozenset[str]) -> str | None:
    """The same in other words: a table of what must be true, in the order in which it is asked."""
    if product.risk is not None:
        is_fresh_rating = person.risk_rating is not None and RATED_ON[person.rated_on]
        highest = min(person.risk_rating or 0, 2 if AGES[person.born_year] == "senior" else 5)
        if not is_fresh_rating or product.risk > highest:
            return "risk"
    if product.licence == "fund" and "fund" not in held:
        return "licence"
    if person.do_not_contact or "serve" not in person.consents:
        return "consent"
    return "fatigue" if "fund-07" in (*person.declined, *person.shown_today) else None


def test_every_pair_of_product_and_person_is_let_through_or_refused_as_the_table_says() -> None:
    people = [
        Person(rating, rated_on, born, consents, silent, **tired)
        for rating, rated_on, born, consents, silent, tired in every(
            RATINGS, RATED_ON, AGES, CONSENTS, (False, True), FATIGUE
        )
    ]
    products = [replace(FUND, risk=risk, licence=licence) for risk, licence in every(RISKS, LICENCES)]
    wrong = [
        (product.risk, product.licence, person, held)
        for product, person, held in every(products, people, HELD)
        if refusal(product, person, held, TODAY) != expected(product, person, held)
    ]
    assert len(products) * len(people) * len(HELD) == 103_680
    assert wrong == []


def test_nothing_above_the_rating_is_ever_let_through() -> None:
    for risk, rating in every(RISKS[1:], RATINGS[1:]):
        person = replace(FIT, risk_rating=rating)
        assert (refusal(replace(FUND, risk=risk), person, {"fund"}, TODAY) is None) is (risk <= rating)


@pytest.mark.parametrize(
    ("rated_on", "is_good"),
    [
        (date(2026, 11, 23), True),
        (date(2025, 11, 23), True),
        (date(2025, 11, 22), False),
        (date(2024, 12, 1), False),
        (date(2026, 11, 24), False),
    ],
)
def test_a_rating_holds_for_twelve_months_to_the_day_and_none_from_the_future(rated_on: date, is_good: bool) -> None:
    assert is_fresh(rated_on, TODAY) is is_good


def test_a_rating_of_a_leap_day_ends_with_february() -> None:
    assert is_fresh(date(2024, 2, 29), date(2025, 2, 28))
    assert not is_fresh(date(2024, 2, 29), date(2025, 3, 1))


def test_from_sixty_five_on_only_what_is_calm_is_recommended() -> None:
    for born, highest in ((1962, 5), (1961, 2), (1950, 2), (None, 2)):
        person = replace(FIT, born_year=born)
        let = [risk for risk in (1, 2, 3, 4, 5) if fits_risk(replace(FUND, risk=risk), person, TODAY)]
        assert let == list(range(1, highest + 1)), born


def test_a_product_without_risk_needs_no_rating() -> None:
    assert fits_risk(replace(FUND, risk=None), replace(FIT, risk_rating=None, rated_on=None), TODAY)


@pytest.mark.parametrize(
    ("age_min", "age_max", "born", "fits"),
    [
        (None, None, None, True),
        (18, None, None, False),
        (18, None, 2007, True),  # 18 at least, whenever the birthday is
        (18, None, 2008, False),  # perhaps still 17
        (None, 60, 1966, True),  # at most 60
        (None, 60, 1965, False),  # perhaps 61 already
        (18, 60, 1980, True),
    ],
)
def test_an_age_must_be_certain(age_min: int | None, age_max: int | None, born: int | None, fits: bool) -> None:
    assert fits_age(replace(FUND, age_min=age_min, age_max=age_max), born, TODAY) is fits


def test_a_product_is_sold_on_its_days_both_included() -> None:
    sold = replace(FUND, valid_from=date(2026, 11, 23), valid_until=date(2026, 11, 24))
    days = [is_sold_on(sold, date(2026, 11, day)) for day in (22, 23, 24, 25)]
    assert days == [False, True, True, False]
    assert refusal(replace(sold, valid_from=date(2026, 12, 1)), FIT, {"fund"}, TODAY) == "not_sold_now"
    assert refusal(replace(sold, age_max=20), FIT, {"fund"}, TODAY) == "age"
