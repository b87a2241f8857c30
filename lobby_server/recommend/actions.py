"""Speaking to a customer of what suits them, and keeping what they said."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import Any

from lobby_server.customers import store as customers
from lobby_server.customers.rules import BANDS, PURPOSES, Customer
from lobby_server.kernel import feeds
from lobby_server.kernel.errors import Conflict, NotFound
from lobby_server.kernel.events import to_json
from lobby_server.kernel.feeds import Difference, Outcome, TakeFeed
from lobby_server.kernel.work import Work
from lobby_server.recommend import store
from lobby_server.recommend.events import OfferAnswered, OfferShown
from lobby_server.recommend.products import Called, Campaign, Known, Product, called_for
from lobby_server.recommend.rules import ACCEPTED, DECLINED, OFFERS_MAX, Offer, Reason
from lobby_server.recommend.suitability import DECLINED_RESTS, Person, refusal
from lobby_server.staff import store as staff


@dataclass(frozen=True)
class Recommendation:
    """What to speak of on this visit, and why."""

    offer_id: str
    product: str
    product_line: str
    names: dict[str, str]
    reason: Reason
    need: str | None


def recommend(work: Work, customer: Customer, visit_id: str, today: date) -> Recommendation | None:
    """Choose up to three offers for a visit and note that they are shown; the first is the recommendation.

    What no hard filter lets through is not shown; None when nothing is called for.
    """
    products = list(store.products(work.db).values())
    if not products:
        return None
    campaigns = list(store.campaigns(work.db).values())
    person = _person(work, customer, today)
    licences = staff.licences_held(work.db, work.actor.branch_id)
    wanted = called_for(Known(customer.tags, customer.accounts), products, campaigns, BANDS, today)
    chosen = (each for each in wanted if refusal(each.product, person, licences, today) is None)
    offers = [_offer(work, customer, visit_id, each, rank) for rank, each in enumerate(islice(chosen, OFFERS_MAX), 1)]
    if not offers:
        return None
    store.add_offers(work.db, work.keys, offers, today, _facts(customer, person))
    for each in offers:
        work.record(OfferShown(each.branch_id, each))
    first = offers[0]
    return Recommendation(first.id, first.product, first.product_line, dict(first.names), first.reason, first.need)


def _person(work: Work, customer: Customer, today: date) -> Person:
    ids = customers.ids_of(work.db, customer.id)
    return Person(
        risk_rating=customer.risk_rating,
        rated_on=customer.rated_on,
        born_year=customer.born_year,
        consents=[each for each in PURPOSES if customer.consents_to(each, today)],
        do_not_contact=customer.do_not_contact,
        declined=store.declined_since(work.db, ids, today - DECLINED_RESTS),
        shown_today=store.shown_since(work.db, ids, today),
    )


def _offer(work: Work, customer: Customer, visit_id: str, called: Called, rank: int) -> Offer:
    return Offer(
        id=work.ids.new_id(),
        branch_id=work.actor.branch_id,
        visit_id=visit_id,
        customer_id=customer.id,
        rank=rank,
        product=called.product.code,
        product_line=called.product.line,
        names=called.product.names,
        reason=called.reason,
        need=called.need,
        campaign=called.campaign,
        shown_at=work.now,
    )


def _facts(customer: Customer, person: Person) -> dict[str, Any]:
    """What was known at the time and let the offers through."""
    return {
        "tier": customer.tier,
        "risk_rating": person.risk_rating,
        "rated_on": to_json(person.rated_on),
        "born_year": person.born_year,
        "consents": list(person.consents),
        "accounts": to_json(customer.accounts),
        "tags": to_json(customer.tags),
    }


@dataclass(frozen=True)
class Respond:
    """What a customer said about an offer of a visit; `reason` is a code, for a refusal."""

    visit_id: str
    offer_id: str
    answer: str
    reason: str | None = None


def respond(work: Work, request: Respond) -> Offer:
    """Keep an answer; one that was deferred may be answered again.

    Raises NotFound("offer"), Conflict("answered") with the answer that stands.
    """
    offer = store.lock_offer(work.db, work.actor.branch_id, request.visit_id, request.offer_id)
    if offer is None:
        raise NotFound("offer")
    if offer.answer in (ACCEPTED, DECLINED):
        raise Conflict("answered", answer=offer.answer)
    answered = replace(
        offer,
        answer=request.answer,
        answer_reason=request.reason,
        answered_at=work.now,
        answered_by=work.actor.id,
    )
    store.save_answer(work.db, answered)
    work.audit("respond", offer.id, answer=request.answer)
    work.record(OfferAnswered(offer.branch_id, answered))
    return answered


def take_products(work: Work, request: TakeFeed[Product]) -> Outcome:
    """Products as head office states them. Raises what `feeds.take` raises."""

    def enter(difference: Difference[str, Product]) -> None:
        store.put_products(work.db, _now(difference), difference.gone)

    told = {each.code: each for each in request.file.lines}
    return feeds.take(work, request, store.products(work.db), told, enter)


def take_campaigns(work: Work, request: TakeFeed[Campaign]) -> Outcome:
    """Campaigns as head office states them. Raises what `feeds.take` raises."""

    def enter(difference: Difference[str, Campaign]) -> None:
        store.put_campaigns(work.db, _now(difference), difference.gone)

    told = {each.code: each for each in request.file.lines}
    return feeds.take(work, request, store.campaigns(work.db), told, enter)


def _now(difference: Difference[str, Any]) -> Collection[Any]:
    return [*difference.added.values(), *difference.changed.values()]
