"""Products and campaigns as head office states them, and which of them somebody's facts call for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from lobby_server.recommend.rules import UNDERSTOOD, Fact, Need, Reason, infer_needs


@dataclass(frozen=True)
class Product:
    """Something the bank sells. `risk` is 1 to 5, None where nothing can be lost (a deposit, a card).

    `needs` are the service types that it answers; `consent` is the purpose that a customer must have agreed to.
    """

    code: str
    names: Mapping[str, str]
    line: str
    risk: int | None
    licence: str | None
    consent: str
    needs: tuple[str, ...]
    age_min: int | None
    age_max: int | None
    valid_from: date
    valid_until: date | None


@dataclass(frozen=True)
class Condition:
    """What a campaign asks of a customer: that a tag holds today, or a kind of account in at least a band.

    Exactly one of `tag` and `account` is set.
    """

    tag: str | None = None
    account: str | None = None
    band_at_least: str | None = None


@dataclass(frozen=True)
class Campaign:
    """For whom a product is meant now. All conditions must hold; the highest priority comes first."""

    code: str
    names: Mapping[str, str]
    product: str
    conditions: tuple[Condition, ...]
    starts_on: date
    ends_on: date
    priority: int


class Balance(Protocol):
    """An account as this room sees it."""

    @property
    def kind(self) -> str: ...

    @property
    def band(self) -> str: ...


@dataclass(frozen=True)
class Known:
    """What a customer's record says that may call for a product."""

    tags: Sequence[Fact]
    accounts: Sequence[Balance]


@dataclass(frozen=True)
class Called:
    """A product that something calls for, with the reason, and the need that it would answer."""

    product: Product
    reason: Reason
    need: str | None
    campaign: str | None = None


def called_for(
    known: Known, products: Sequence[Product], campaigns: Sequence[Campaign], bands: Sequence[str], today: date
) -> Iterator[Called]:
    """Everything that is called for, each product once: by campaigns first, then by what the tags say.

    `bands` are in order, lowest first. Equal priorities go by code, so that the same facts give the same answer.
    """
    by_code = {each.code: each for each in products}
    needs = infer_needs(known.tags, today)
    seen: set[str] = set()
    for called in (*_by_campaigns(known, by_code, campaigns, bands, today), *_by_needs(needs, products)):
        if called.product.code not in seen:
            seen.add(called.product.code)
            yield called


def _by_campaigns(
    known: Known,
    by_code: Mapping[str, Product],
    campaigns: Sequence[Campaign],
    bands: Sequence[str],
    today: date,
) -> Iterator[Called]:
    for campaign in sorted(campaigns, key=lambda each: (-each.priority, each.code)):
        product = by_code.get(campaign.product)
        if product is None or not campaign.starts_on <= today <= campaign.ends_on:
            continue
        if all(_holds(condition, known, bands, today) for condition in campaign.conditions):
            need = _need_of(campaign, known, today)
            reason = need.reason if need else Reason("campaign", {"names": dict(campaign.names)})
            yield Called(product, reason, need.code if need else None, campaign.code)


def _by_needs(needs: Sequence[Need], products: Sequence[Product]) -> Iterator[Called]:
    for need in needs:
        for product in sorted(products, key=lambda each: each.code):
            if need.code in product.needs:
                yield Called(product, need.reason, need.code)


def _holds(condition: Condition, known: Known, bands: Sequence[str], today: date) -> bool:
    if condition.tag is not None:
        return any(tag.name == condition.tag and _counts(tag, today) for tag in known.tags)
    least = bands.index(condition.band_at_least) if condition.band_at_least else 0
    return any(each.kind == condition.account and bands.index(each.band) >= least for each in known.accounts)


def _counts(tag: Fact, today: date) -> bool:
    """A tag that a rule understands counts while its rule holds; any other as long as head office says it."""
    return tag.name not in UNDERSTOOD or bool(infer_needs([tag], today))


def _need_of(campaign: Campaign, known: Known, today: date) -> Need | None:
    """The first condition's tag says why, where a rule can put it into words."""
    wanted = [each.tag for each in campaign.conditions if each.tag]
    return next(iter(infer_needs([tag for tag in known.tags if tag.name in wanted], today)), None)
