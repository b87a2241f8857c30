"""What befalls an offer: it is shown, and the customer answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from lobby_server.kernel.events import Event
from lobby_server.recommend.rules import Offer


@dataclass(frozen=True)
class OfferEvent(Event):
    """Something about one offer."""

    offer: Offer

    def data(self) -> dict[str, Any]:
        """What a screen needs: which visit, what, why, and the answer; not whose it is."""
        return {"visit_id": self.offer.visit_id, "rank": self.offer.rank, **offer_data(self.offer)}


@dataclass(frozen=True)
class OfferShown(OfferEvent):
    """It stands on the card."""

    type: ClassVar[str] = "offer.shown"


@dataclass(frozen=True)
class OfferAnswered(OfferEvent):
    """The customer said something about it."""

    type: ClassVar[str] = "offer.answered"


def offer_data(offer: Offer) -> dict[str, Any]:
    """An offer as a card shows it."""
    return {
        "offer_id": offer.id,
        "product": offer.product,
        "product_line": offer.product_line,
        "names": dict(offer.names),
        "reason": {"code": offer.reason.code, **offer.reason.facts},
        "answer": offer.answer,
    }
