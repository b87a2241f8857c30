"""Every query about customers. There is no search by name anywhere: exact look-ups only."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

import sqlalchemy as sa

from lobby_server.customers.rules import Customer, Tag
from lobby_server.customers.tables import customer, customer_tag, feed_taken
from lobby_server.kernel.privacy import Keyring

NAME = "customer.name"
NUMBER = "customer.number"
ROWS_A_STATEMENT = 500


def find(db: sa.Connection, keys: Keyring, customer_id: str) -> Customer | None:
    """The customer with this id."""
    return _one(db, keys, customer.c.id == customer_id)


def find_by_ref(db: sa.Connection, keys: Keyring, ref: bytes) -> Customer | None:
    """The customer whom a code's handle names."""
    return _one(db, keys, customer.c.ref == ref)


def find_by_number(db: sa.Connection, keys: Keyring, customer_no: str) -> Customer | None:
    """The customer with this number."""
    return _one(db, keys, customer.c.number_index == keys.index(customer_no, NUMBER))


def names(db: sa.Connection, keys: Keyring, ids: Collection[str]) -> dict[str, str]:
    """Full names by id; the caller masks them."""
    if not ids:
        return {}
    rows = db.execute(sa.select(customer.c.id, customer.c.name_sealed).where(customer.c.id.in_(sorted(ids))))
    return {row.id: keys.open(row.name_sealed, NAME) for row in rows}


def some(db: sa.Connection, keys: Keyring, most: int, tier: str | None = None) -> list[Customer]:
    """A few customers, by number of tier; for trials only."""
    chosen = sa.select(customer.c.id).order_by(customer.c.id).limit(most)
    if tier is not None:
        chosen = chosen.where(customer.c.tier == tier)
    found = (find(db, keys, each) for each in db.scalars(chosen).all())
    return [each for each in found if each is not None]


def ids_by_number(db: sa.Connection, number_indexes: Collection[bytes]) -> dict[bytes, str]:
    """Which of these numbers are known, with their ids."""
    found: dict[bytes, str] = {}
    wanted = list(number_indexes)
    for at in range(0, len(wanted), ROWS_A_STATEMENT):
        rows = db.execute(
            sa.select(customer.c.number_index, customer.c.id).where(
                customer.c.number_index.in_(wanted[at : at + ROWS_A_STATEMENT])
            )
        )
        found.update({bytes(row.number_index): row.id for row in rows})
    return found


def numbers_by_ref(db: sa.Connection, refs: Collection[bytes]) -> dict[bytes, bytes]:
    """Whose these handles are now: the blind index of each one's number."""
    found: dict[bytes, bytes] = {}
    wanted = list(refs)
    for at in range(0, len(wanted), ROWS_A_STATEMENT):
        rows = db.execute(
            sa.select(customer.c.ref, customer.c.number_index).where(
                customer.c.ref.in_(wanted[at : at + ROWS_A_STATEMENT])
            )
        )
        found.update({bytes(row.ref): bytes(row.number_index) for row in rows})
    return found


def add_all(db: sa.Connection, keys: Keyring, new: Iterable[Customer]) -> None:
    """Enter customers that are not known yet."""
    rows = [
        {
            "id": each.id,
            "number_index": keys.index(each.customer_no, NUMBER),
            "number_sealed": keys.seal(each.customer_no, NUMBER),
            "ref": each.ref,
            "name_sealed": keys.seal(each.name, NAME),
            "tier": each.tier,
            "tier_as_of": each.tier_as_of,
        }
        for each in new
    ]
    for at in range(0, len(rows), ROWS_A_STATEMENT):
        db.execute(customer.insert(), rows[at : at + ROWS_A_STATEMENT])


def change(db: sa.Connection, keys: Keyring, known: Customer) -> None:
    """What head office says now of a customer it spoke of before."""
    db.execute(
        customer.update()
        .where(customer.c.id == known.id)
        .values(
            ref=known.ref,
            name_sealed=keys.seal(known.name, NAME),
            tier=known.tier,
            tier_as_of=known.tier_as_of,
        )
    )


def replace_tags(db: sa.Connection, of: Collection[Customer]) -> None:
    """Exactly the tags that these customers carry now."""
    everybody = list(of)
    for at in range(0, len(everybody), ROWS_A_STATEMENT):
        portion = everybody[at : at + ROWS_A_STATEMENT]
        db.execute(customer_tag.delete().where(customer_tag.c.customer_id.in_([each.id for each in portion])))
        rows = [
            {
                "customer_id": each.id,
                "name": tag.name,
                "value": dict(tag.value),
                "source": tag.source,
                "as_of": tag.as_of,
            }
            for each in portion
            for tag in each.tags
        ]
        if rows:
            db.execute(customer_tag.insert(), rows)


def is_taken(db: sa.Connection, feed: str, sha256: str) -> bool:
    """Whether exactly this file was taken before."""
    return (
        db.scalar(
            sa.select(sa.func.count())
            .select_from(feed_taken)
            .where(feed_taken.c.feed == feed, feed_taken.c.sha256 == sha256)
        )
        == 1
    )


def newest_taken(db: sa.Connection, feed: str) -> date | None:
    """The day of the newest file of a feed."""
    newest: date | None = db.scalar(sa.select(sa.func.max(feed_taken.c.as_of)).where(feed_taken.c.feed == feed))
    return newest


def note_taken(db: sa.Connection, feed: str, sha256: str, as_of: date, row_count: int) -> None:
    """This file is in."""
    db.execute(feed_taken.insert().values(feed=feed, sha256=sha256, as_of=as_of, row_count=row_count))


def _one(db: sa.Connection, keys: Keyring, which: sa.ColumnElement[bool]) -> Customer | None:
    row = db.execute(sa.select(customer).where(which)).one_or_none()
    return _customer(row, keys, _tags(db, row.id)) if row else None


def _tags(db: sa.Connection, customer_id: str) -> tuple[Tag, ...]:
    rows = db.execute(
        sa.select(customer_tag).where(customer_tag.c.customer_id == customer_id).order_by(customer_tag.c.name)
    )
    return tuple(Tag(row.name, row.value, row.source, row.as_of) for row in rows)


def _customer(row: sa.Row[Any], keys: Keyring, tags: tuple[Tag, ...]) -> Customer:
    return Customer(
        id=row.id,
        customer_no=keys.open(row.number_sealed, NUMBER),
        ref=bytes(row.ref),
        name=keys.open(row.name_sealed, NAME),
        tier=row.tier,
        tier_as_of=row.tier_as_of,
        tags=tags,
    )
