"""What suitability asks before a need is called real and before a proposal: codes of refusal, or None to go on.

A product line carries risk when everything sold of it does; its risk is that of the calmest product that may still be
proposed. Source: the suitability measures for sellers of funds and wealth products (适当性管理办法), as
`lobby_server.recommend.suitability` applies them to recommendations: what may be spoken of may be proposed, no more.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date

from lobby_server.recommend.products import Product
from lobby_server.recommend.suitability import Person, fits_risk, is_fresh

RATING_MISSING, RATING_EXPIRED = "rating_missing", "rating_expired"
LINE_NOT_SOLD, NOT_SUITABLE = "line_not_sold", "not_suitable"


def refusal_to_qualify(sold: Collection[Product], person: Person, today: date) -> str | None:
    """A line that carries risk needs a rating that holds today. `sold` are the products of the line sold today.

    Of a line of which nothing is sold nobody knows the risk; there the need may be real, and nothing can be proposed.
    """
    if not sold or any(each.risk is None for each in sold):
        return None
    if person.risk_rating is None or person.rated_on is None:
        return RATING_MISSING
    return None if is_fresh(person.rated_on, today) else RATING_EXPIRED


def refusal_to_propose(sold: Collection[Product], person: Person, today: date) -> str | None:
    """The same on the day of the proposal, and something of the line must lie within what the customer may take."""
    if not sold:
        return LINE_NOT_SOLD
    refusal = refusal_to_qualify(sold, person, today)
    if refusal is None and not any(fits_risk(each, person, today) for each in sold):
        return NOT_SUITABLE
    return refusal


# Deeds that suitability stands before.
GATES: Mapping[str, Callable[[Collection[Product], Person, date], str | None]] = {
    "qualify": refusal_to_qualify,
    "propose": refusal_to_propose,
}
