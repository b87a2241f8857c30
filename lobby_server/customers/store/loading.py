"""Every query of taking a customer file: what is known, what is staged, and taking it over."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from lobby_server.customers.rules import TIERS
from lobby_server.customers.store import ROWS_A_STATEMENT
from lobby_server.customers.tables import credential_staged, customer, customer_credential, customer_staged

_INSERT: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_KNOWN = (customer.c.number_index, customer.c.id, customer.c.described_index, customer.c.gone_on)
_FROM_FILE = [each.name for each in customer_staged.c if each.name != "load_id"]


@dataclass(frozen=True)
class Known:
    """A customer of whom head office spoke before."""

    id: str
    described_index: bytes | None
    is_gone: bool


def known(db: sa.Connection, number_indexes: Collection[bytes]) -> dict[bytes, Known]:
    """Which of these numbers are known."""
    return {bytes(row.number_index): _known(row) for row in _in_portions(db, _KNOWN, number_indexes)}


def all_known(db: sa.Connection) -> dict[bytes, Known]:
    """Everybody of whom head office ever spoke."""
    rows: sa.Result[Any] = db.execute(sa.select(*_KNOWN).where(~customer.c.is_prospect))
    return {bytes(row.number_index): _known(row) for row in rows}


def count_described(db: sa.Connection) -> int:
    """How many customers head office describes now."""
    return db.scalar(sa.select(sa.func.count()).where(~customer.c.is_prospect, customer.c.gone_on.is_(None))) or 0


def numbers_by_ref(db: sa.Connection, refs: Collection[bytes]) -> dict[bytes, bytes]:
    """Whose these handles are now: the blind index of each one's number."""
    rows = _in_portions(db, (customer.c.ref, customer.c.number_index), refs)
    return {bytes(row.ref): bytes(row.number_index) for row in rows}


def stage(db: sa.Connection, people: Sequence[Mapping[str, Any]], credentials: Sequence[Mapping[str, Any]]) -> None:
    """Put a portion beside the customers; it does not count yet."""
    for table, rows in ((customer_staged, people), (credential_staged, credentials)):
        if rows:
            db.execute(table.insert(), list(rows))


def forget_staged(db: sa.Connection, load_id: str | None = None) -> None:
    """Take away what was staged, by one load or by any."""
    for table in (customer_staged, credential_staged):
        which = table.delete()
        db.execute(which if load_id is None else which.where(table.c.load_id == load_id))


def take_over(db: sa.Connection, load_id: str) -> None:
    """What was staged counts from this transaction on, wholly. Prospects who are named become those customers."""
    mine = customer_staged.c.load_id == load_id
    insert = _INSERT[db.dialect.name]
    entered = insert(customer).from_select(_FROM_FILE, sa.select(*_columns(customer_staged, _FROM_FILE)).where(mine))
    changed = {name: entered.excluded[name] for name in _FROM_FILE if name != "id"}
    db.execute(entered.on_conflict_do_update(index_elements=["id"], set_={**changed, "gone_on": None}))
    _merge_prospects(db, load_id)
    held = sa.select(customer_staged.c.id).where(mine)
    db.execute(customer_credential.delete().where(customer_credential.c.customer_id.in_(held)))
    columns = [each.name for each in customer_credential.c]
    staged = sa.select(*_columns(credential_staged, columns)).where(credential_staged.c.load_id == load_id)
    given = insert(customer_credential).from_select(columns, staged)
    db.execute(
        given.on_conflict_do_update(
            index_elements=["kind", "value_index"], set_={"customer_id": given.excluded["customer_id"]}
        )
    )
    forget_staged(db, load_id)


def _merge_prospects(db: sa.Connection, load_id: str) -> None:
    """A prospect whose token head office gives to a customer was that customer all the time."""
    named = (
        sa.select(customer_credential.c.customer_id.label("prospect_id"), credential_staged.c.customer_id)
        .join(
            credential_staged,
            sa.and_(
                credential_staged.c.kind == customer_credential.c.kind,
                credential_staged.c.value_index == customer_credential.c.value_index,
            ),
        )
        .join(customer, customer.c.id == customer_credential.c.customer_id)
        .where(credential_staged.c.load_id == load_id, customer.c.is_prospect)
    )
    for row in db.execute(named).all():
        db.execute(customer.update().where(customer.c.id == row.prospect_id).values(merged_into=row.customer_id))


def end_relations(db: sa.Connection, ids: Collection[str], gone_on: date) -> None:
    """Head office no longer names them: nothing it said holds, but number and credentials stay for ever."""
    for portion in _portions(sorted(ids)):
        db.execute(
            customer.update()
            .where(customer.c.id.in_(portion))
            .values(tier=TIERS[0], tier_as_of=gone_on, facts_sealed=None, described_index=None, gone_on=gone_on)
        )


def _columns(table: sa.Table, names: Iterable[str]) -> list[sa.Column[Any]]:
    return [table.c[name] for name in names]


def _known(row: sa.Row[Any]) -> Known:
    index = bytes(row.described_index) if row.described_index is not None else None
    return Known(row.id, index, row.gone_on is not None)


def _in_portions(
    db: sa.Connection, columns: tuple[sa.Column[Any], ...], wanted: Collection[bytes]
) -> Iterator[sa.Row[Any]]:
    """The rows whose first column is among these values, asked so many at a time."""
    for portion in _portions(wanted):
        yield from db.execute(sa.select(*columns).where(columns[0].in_(portion)))


def _portions(wanted: Iterable[Any]) -> Iterator[list[Any]]:
    everything = list(wanted)
    for at in range(0, len(everything), ROWS_A_STATEMENT):
        yield everything[at : at + ROWS_A_STATEMENT]
