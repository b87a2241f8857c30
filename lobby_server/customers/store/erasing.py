"""Every query of erasing a customer: what is taken away from them, and whether their key went with it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from lobby_server.customers.rules import TIERS
from lobby_server.customers.store import FACTS, NAME, NUMBER, ROWS_A_STATEMENT
from lobby_server.customers.tables import (
    credential_staged,
    customer,
    customer_credential,
    customer_owner,
    customer_staged,
)
from lobby_server.kernel.privacy import Keyring

_PSEUDONYM = "customer.erased"
# While this is empty the row still holds somebody.
_IS_ERASED = customer.c.erased_on.is_not(None)


@dataclass(frozen=True)
class Standing:
    """One of the ids under which a customer stands; only whoever head office's files name must not be erased."""

    id: str
    key_no: int | None
    is_named: bool
    is_erased: bool


@dataclass(frozen=True)
class Keyless:
    """A customer without a key of their own, as they are sealed."""

    id: str
    number_sealed: bytes
    name_sealed: bytes
    facts_sealed: bytes | None


def lock(db: sa.Connection, ids: Collection[str]) -> list[Standing]:
    """All of these ids, taken for this transaction, in their order."""
    asked = sa.select(customer).where(customer.c.id.in_(ids)).order_by(customer.c.id).with_for_update()
    return [Standing(row.id, row.key_no, _is_named(row), row.erased_on is not None) for row in db.execute(asked)]


def _is_named(row: sa.Row[Any]) -> bool:
    return not row.is_prospect and row.gone_on is None and row.asked_on is None


def erase(db: sa.Connection, keys: Keyring, ids: Collection[str], day: date) -> None:
    """Leave of these rows nothing but a pseudonym, and of their credentials nothing at all."""
    numbers = sa.select(customer.c.number_index).where(customer.c.id.in_(ids))
    db.execute(customer_owner.delete().where(customer_owner.c.number_index.in_(numbers)))
    db.execute(customer_credential.delete().where(customer_credential.c.customer_id.in_(ids)))
    db.execute(credential_staged.delete().where(credential_staged.c.customer_id.in_(ids)))
    db.execute(customer_staged.delete().where(customer_staged.c.id.in_(ids)))
    empty = ("facts_sealed", "described_index", "kept_tier", "kept_since", "asked_on")
    nothing = {**dict.fromkeys(empty), "tier": TIERS[0]}
    for each in ids:
        index = keys.index(each, _PSEUDONYM)
        blank = {"number_sealed": keys.seal("", NUMBER), "name_sealed": keys.seal("", NAME)}
        row = {**nothing, **blank, "number_index": index, "ref": index[:8], "tier_as_of": day, "erased_on": day}
        gone_on = sa.func.coalesce(customer.c.gone_on, sa.literal(day, sa.Date))
        db.execute(customer.update().where(customer.c.id == each).values(**row, gone_on=gone_on))


def keys_of_erased(db: sa.Connection) -> list[int]:
    """The numbers of all keys that must be destroyed."""
    return list(db.scalars(sa.select(customer.c.key_no).where(_IS_ERASED, customer.c.key_no.is_not(None))))


def still_named(db: sa.Connection, destroyed: Collection[int]) -> list[str]:
    """Customers who are not erased, but whose key is: the database was put back to before their erasure."""
    found: list[str] = []
    for portion in _portions(sorted(destroyed)):
        found += db.scalars(sa.select(customer.c.id).where(~_IS_ERASED, customer.c.key_no.in_(portion)))
    return sorted(found)


def greatest_key_no(db: sa.Connection) -> int:
    """The greatest number of a key that somebody has; 0 where nobody has one."""
    return db.scalar(sa.select(sa.func.max(customer.c.key_no))) or 0


def without_key(db: sa.Connection, most: int) -> list[Keyless]:
    """Some of those who were entered before there were keys of their own."""
    columns = (customer.c.id, customer.c.number_sealed, customer.c.name_sealed, customer.c.facts_sealed)
    asked = sa.select(*columns).where(customer.c.key_no.is_(None), ~_IS_ERASED).order_by(customer.c.id)
    return [Keyless(*row) for row in db.execute(asked.limit(most))]


def give_key(db: sa.Connection, keys: Keyring, before: Keyless, key_no: int) -> int:
    """Seal what a customer's row holds under a key of their own, unless it changed meanwhile; 1 if it was done."""
    sealed = {NUMBER: before.number_sealed, NAME: before.name_sealed, FACTS: before.facts_sealed}
    fresh = {
        f"{purpose.removeprefix('customer.')}_sealed": keys.seal(keys.open(value, purpose), purpose, key_no)
        for purpose, value in sealed.items()
        if value is not None
    }
    same = (customer.c.id == before.id, customer.c.key_no.is_(None), customer.c.name_sealed == before.name_sealed)
    return db.execute(customer.update().where(*same).values(**fresh, key_no=key_no)).rowcount


def _portions(numbers: list[int]) -> Iterator[list[int]]:
    for at in range(0, len(numbers), ROWS_A_STATEMENT):
        yield numbers[at : at + ROWS_A_STATEMENT]
