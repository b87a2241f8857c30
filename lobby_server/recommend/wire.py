"""Recommendations on the wire: head office's products and campaigns, and what a customer answered."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from lobby_server.customers.rules import BANDS, PURPOSES
from lobby_server.doors.feeds import Day, read_feed
from lobby_server.doors.reading import Code, Id, OneOf, Text, Wire
from lobby_server.kernel.feeds import FeedFile, Mark
from lobby_server.recommend.events import offer_data
from lobby_server.recommend.products import Campaign, Condition, Product
from lobby_server.recommend.rules import Offer

PRODUCTS, CAMPAIGNS = "products", "campaigns"
AGE_MAX = 130
PRIORITY_MAX = 1000


class Names(Wire):
    """A name in every language."""

    zh_cn: Annotated[Text, Field(alias="zh-CN")]
    en: Text

    def as_told(self) -> dict[str, str]:
        """By language."""
        return {"zh-CN": self.zh_cn, "en": self.en}


Age = Annotated[int, Field(ge=0, le=AGE_MAX)]


class ProductLine(Wire):
    """One product."""

    code: Code
    names: Names
    line: Code
    risk: Annotated[int, Field(ge=1, le=5)] | None = None
    licence: Code | None = None
    consent: Annotated[str, OneOf(PURPOSES)]
    needs: list[Code] = Field(default_factory=list, max_length=16)
    age_min: Age | None = None
    age_max: Age | None = None
    valid_from: Day
    valid_until: Day | None = None


class ConditionLine(Wire):
    """What a campaign asks: a tag, or a kind of account in at least a band."""

    tag: Code | None = None
    account: Code | None = None
    band_at_least: Annotated[str, OneOf(BANDS)] | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> ConditionLine:
        if (self.tag is None) == (self.account is None) or (self.account is None and self.band_at_least is not None):
            raise ValueError("a tag or an account")
        return self


class CampaignLine(Wire):
    """One campaign."""

    code: Code
    names: Names
    product: Code
    conditions: list[ConditionLine] = Field(min_length=1, max_length=8)
    starts_on: Day
    ends_on: Day
    priority: Annotated[int, Field(ge=0, le=PRIORITY_MAX)] = 0


class Response(Wire):
    """What the customer said about an offer."""

    offer_id: Id
    answer: Literal["accepted", "declined", "deferred"]
    reason: Literal["no_need", "has_elsewhere", "too_long", "too_risky", "unclear"] | None = None

    @model_validator(mode="after")
    def _reason_of_a_refusal(self) -> Response:
        if self.reason is not None and self.answer != "declined":
            raise ValueError("a reason without a refusal")
        return self


class OfferSeen(Wire):
    """An offer on a card; `reason` holds a code and the facts of its sentence."""

    offer_id: str
    product: str
    product_line: str
    names: dict[str, str]
    reason: dict[str, Any]
    answer: str | None


class OfferNews(OfferSeen):
    """An offer that was shown or answered, and on which visit; `rank` 1 is the recommendation."""

    visit_id: str
    rank: int


class OfferAnswer(Wire):
    """The offer as it stands after the deed."""

    offer: OfferSeen


def offer_seen(offer: Offer) -> OfferSeen:
    """An offer as staff see it."""
    return OfferSeen(**offer_data(offer))


def read_product_file(raw: bytes) -> FeedFile[Product]:
    """Read a whole file; raises what `read_feed` raises."""
    return read_feed(raw, PRODUCTS, ProductLine, _product, lambda line: [("code", line.code)])


def read_campaign_file(raw: bytes) -> FeedFile[Campaign]:
    """Read a whole file; raises what `read_feed` raises."""
    return read_feed(raw, CAMPAIGNS, CampaignLine, _campaign, lambda line: [("code", line.code)])


def _product(line: ProductLine, _mark: Mark) -> Product:
    told = line.model_dump(exclude={"names", "needs"})
    return Product(**told, names=line.names.as_told(), needs=tuple(line.needs))


def _campaign(line: CampaignLine, _mark: Mark) -> Campaign:
    told = line.model_dump(exclude={"names", "conditions"})
    conditions = tuple(Condition(**each.model_dump()) for each in line.conditions)
    return Campaign(**told, names=line.names.as_told(), conditions=conditions)
