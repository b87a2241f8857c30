"""Whether a product may be spoken of to this person at all: hard filters, not reminders.

In the order in which they are asked: is it sold now, age, risk, licence, consent, contact fatigue. What a filter
refuses no campaign and no score brings back. Sources: five levels of rating and their twelve months are the suitability
measures for sellers of funds and wealth products (适当性管理办法); the care from 65 on is the branch's own rule.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from lobby_server.recommend.products import Product

RATING_MONTHS = 12
CARE_FROM_AGE = 65
CARE_RISK_MAX = 2  # from that age on nothing livelier is recommended; who asks for it gets two people's time
DECLINED_RESTS = timedelta(days=90)


@dataclass(frozen=True)
class Person:
    """What the filters ask of a customer. What nobody knows counts as the careful case."""

    risk_rating: int | None
    rated_on: date | None
    born_year: int | None
    consents: Collection[str]
    do_not_contact: bool = False
    declined: Collection[str] = ()
    shown_today: Collection[str] = ()


def refusal(product: Product, person: Person, licences: Collection[str], today: date) -> str | None:
    """The first filter that refuses, by its code; None when the product may be offered.

    `licences` are those that somebody in the branch holds; `declined` of the person counts the last 90 days.
    """
    checks = (
        ("not_sold_now", is_sold_on(product, today)),
        ("age", fits_age(product, person.born_year, today)),
        ("risk", fits_risk(product, person, today)),
        ("licence", product.licence is None or product.licence in licences),
        ("consent", not person.do_not_contact and product.consent in person.consents),
        ("fatigue", product.code not in person.declined and product.code not in person.shown_today),
    )
    return next((code for code, holds in checks if not holds), None)


def is_sold_on(product: Product, day: date) -> bool:
    """Within the product's own days, both included."""
    return product.valid_from <= day and (product.valid_until is None or day <= product.valid_until)


def fits_age(product: Product, born_year: int | None, today: date) -> bool:
    """Certainly within the product's ages. Only the year of birth is known, so the birthday may be still to come."""
    if product.age_min is None and product.age_max is None:
        return True
    if born_year is None:
        return False
    oldest = today.year - born_year
    return (product.age_min or 0) <= oldest - 1 and (product.age_max is None or oldest <= product.age_max)


def fits_risk(product: Product, person: Person, today: date) -> bool:
    """A product without risk fits everybody; any other needs a fresh rating at least as high, and care with age."""
    if product.risk is None:
        return True
    if person.risk_rating is None or person.rated_on is None or not is_fresh(person.rated_on, today):
        return False
    needs_care = person.born_year is None or today.year - person.born_year >= CARE_FROM_AGE
    return product.risk <= (min(person.risk_rating, CARE_RISK_MAX) if needs_care else person.risk_rating)


def is_fresh(rated_on: date, today: date) -> bool:
    """At most twelve months old: it holds on the same day of the next year, and no longer. A future one is none."""
    months = (today.year - rated_on.year) * 12 + today.month - rated_on.month
    return rated_on <= today and (months < RATING_MONTHS or (months == RATING_MONTHS and today.day <= rated_on.day))
