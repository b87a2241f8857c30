"""Every query about products, campaigns and offers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import date
from typing import Any

import sqlalchemy as sa

from lobby_server.customers import store as customers
from lobby_server.kernel.database import canonical
from lobby_server.kernel.privacy import Keyring
from lobby_server.recommend.products import Campaign, Condition, Product
from lobby_server.recommend.rules import DECLINED, Offer, Reason
from lobby_server.recommend.tables import campaign, offer, product

FACTS = "offer.facts"
_OFFER = [each.name for each in fields(Offer)]


def products(db: sa.Connection) -> dict[str, Product]:
    """Everything that the bank sells, by code."""
    rows = db.execute(sa.select(product))
    return {row.code: Product(**{**row._mapping, "needs": tuple(row.needs)}) for row in rows}


def campaigns(db: sa.Connection) -> dict[str, Campaign]:
    """Every campaign, by code."""
    return {row.code: _campaign(row) for row in db.execute(sa.select(campaign))}


def put_products(db: sa.Connection, now: Iterable[Product], gone: Collection[str]) -> None:
    """Products as head office states them now; what it no longer names is not sold."""
    _put(db, product, [asdict(each) for each in now], gone)


def put_campaigns(db: sa.Connection, now: Iterable[Campaign], gone: Collection[str]) -> None:
    """The same for campaigns."""
    _put(db, campaign, [asdict(each) for each in now], gone)


def add_offers(
    db: sa.Connection, keys: Keyring, new: Sequence[Offer], shown_on: date, facts: Mapping[str, Any]
) -> None:
    """What is shown to one customer on a visit, one offer or more, with the facts that let it through."""
    sealed = keys.seal(canonical(dict(facts)), FACTS, customers.key_no(db, new[0].customer_id))
    db.execute(offer.insert(), [{**_offer_row(each), "shown_on": shown_on, "facts_sealed": sealed} for each in new])


def forget_facts(db: sa.Connection, keys: Keyring, customer_ids: Collection[str]) -> None:
    """Take away what was known of a customer when something was shown to them."""
    mine = offer.c.customer_id.in_(sorted(customer_ids))
    db.execute(offer.update().where(mine).values(facts_sealed=keys.seal(canonical({}), FACTS)))


def lock_offer(db: sa.Connection, branch_id: str, visit_id: str, offer_id: str) -> Offer | None:
    """An offer of this branch and visit, taken for this transaction."""
    mine = sa.and_(offer.c.id == offer_id, offer.c.visit_id == visit_id, offer.c.branch_id == branch_id)
    row = db.execute(sa.select(offer).where(mine).with_for_update()).one_or_none()
    return _offer(row) if row else None


def save_answer(db: sa.Connection, answered: Offer) -> None:
    """What the customer said."""
    said = {name: getattr(answered, name) for name in ("answer", "answer_reason", "answered_at", "answered_by")}
    db.execute(offer.update().where(offer.c.id == answered.id).values(said))


def offers_of(db: sa.Connection, visit_ids: Collection[str]) -> dict[str, list[Offer]]:
    """What was shown on these visits, by visit, the recommendation first."""
    found: dict[str, list[Offer]] = {}
    if visit_ids:
        asked = sa.select(offer).where(offer.c.visit_id.in_(sorted(visit_ids))).order_by(offer.c.visit_id, offer.c.rank)
        for row in db.execute(asked):
            found.setdefault(row.visit_id, []).append(_offer(row))
    return found


def declined_since(db: sa.Connection, customer_ids: Collection[str], day: date) -> set[str]:
    """Products that a customer declined, shown on this day or later."""
    return set(db.scalars(_shown(customer_ids, day).where(offer.c.answer == DECLINED)))


def shown_since(db: sa.Connection, customer_ids: Collection[str], day: date) -> set[str]:
    """Products that a customer was shown on this day or later."""
    return set(db.scalars(_shown(customer_ids, day)))


def _shown(customer_ids: Collection[str], day: date) -> sa.Select[Any]:
    return sa.select(offer.c.product).where(offer.c.customer_id.in_(sorted(customer_ids)), offer.c.shown_on >= day)


def _put(db: sa.Connection, table: sa.Table, rows: list[dict[str, Any]], gone: Collection[str]) -> None:
    codes = {*gone, *(each["code"] for each in rows)}
    db.execute(table.delete().where(table.c.code.in_(sorted(codes))))
    if rows:
        db.execute(table.insert(), rows)


def _campaign(row: sa.Row[Any]) -> Campaign:
    return Campaign(**{**row._mapping, "conditions": tuple(Condition(**each) for each in row.conditions)})


def _offer(row: sa.Row[Any]) -> Offer:
    told = {name: row._mapping[name] for name in _OFFER}
    return Offer(**{**told, "reason": Reason(row.reason["code"], row.reason["facts"])})


def _offer_row(each: Offer) -> dict[str, Any]:
    told = {name: getattr(each, name) for name in _OFFER}
    return {**told, "reason": {"code": each.reason.code, "facts": dict(each.reason.facts)}}
