"""Every query of taking a customer file: what is known, what is staged, and entering it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from lobby_server.customers.rules import TIER_KEPT, TIERS
from lobby_server.customers.store import ROWS_A_STATEMENT
from lobby_server.customers.tables import (
    credential_staged,
    customer,
    customer_credential,
    customer_load,
    customer_staged,
)

_INSERT: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_KNOWN = (
    customer.c.number_index,
    customer.c.id,
    customer.c.described_index,
    customer.c.gone_on,
    customer.c.asked_on,
    customer.c.key_no,
)
_FROM_FILE = [each.name for each in customer_staged.c if each.name != "load_id"]


@dataclass(frozen=True)
class Known:
    """A customer of whom head office spoke before; a guest was only asked for."""

    id: str
    described_index: bytes | None
    is_gone: bool
    is_guest: bool
    key_no: int | None


def known(db: sa.Connection, number_indexes: Collection[bytes]) -> dict[bytes, Known]:
    """Which of these numbers are known."""
    return {bytes(row.number_index): _known(row) for row in _in_portions(db, _KNOWN, number_indexes)}


def all_known(db: sa.Connection) -> dict[bytes, Known]:
    """Everybody of whom head office ever spoke."""
    rows: sa.Result[Any] = db.execute(sa.select(*_KNOWN).where(~customer.c.is_prospect))
    return {bytes(row.number_index): _known(row) for row in rows}


def count_described(db: sa.Connection) -> int:
    """How many customers head office's files describe now."""
    theirs = (~customer.c.is_prospect, customer.c.gone_on.is_(None), customer.c.asked_on.is_(None))
    return db.scalar(sa.select(sa.func.count()).where(*theirs)) or 0


def numbers_by_ref(db: sa.Connection, refs: Collection[bytes]) -> dict[bytes, bytes]:
    """Whose these handles are now: the blind index of each one's number."""
    rows = _in_portions(db, (customer.c.ref, customer.c.number_index), refs)
    return {bytes(row.ref): bytes(row.number_index) for row in rows}


def stage(db: sa.Connection, people: Sequence[Mapping[str, Any]], credentials: Sequence[Mapping[str, Any]]) -> None:
    """Put a portion beside the customers; it does not count yet."""
    for table, rows in ((customer_staged, people), (credential_staged, credentials)):
        if rows:
            db.execute(table.insert(), list(rows))


def stage_gone(db: sa.Connection, load_id: str, ids: Collection[str], gone_on: date) -> None:
    """Head office no longer names them: nothing it said holds, but number and credentials stay for ever."""
    emptied = {
        "tier": sa.literal(TIERS[0]),
        "tier_as_of": sa.literal(gone_on, sa.Date),
        "facts_sealed": sa.null(),
        "described_index": sa.null(),
        "asked_on": sa.null(),
        "gone_on": sa.literal(gone_on, sa.Date),
    }
    rows = sa.select(sa.literal(load_id), *(emptied.get(name, customer.c[name]) for name in _FROM_FILE))
    for portion in _portions(ids):
        names = ["load_id", *_FROM_FILE]
        db.execute(customer_staged.insert().from_select(names, rows.where(customer.c.id.in_(portion))))


def forget_undecided(db: sa.Connection) -> None:
    """Take away what was staged by attempts that came to nothing."""
    decided = sa.select(customer_load.c.load_id)
    for table in (customer_staged, credential_staged):
        db.execute(table.delete().where(table.c.load_id.not_in(decided)))


def one_at_a_time(db: sa.Connection) -> None:
    """Nobody else decides a load before this transaction ends. SQLite has one writer anyway."""
    if db.dialect.name == "postgresql":
        db.execute(sa.text("LOCK TABLE customer_load IN SHARE ROW EXCLUSIVE MODE"))


@dataclass(frozen=True)
class Guest:
    """Somebody whom no file has named yet."""

    id: str
    number_index: bytes
    ref: bytes


def guests(db: sa.Connection) -> list[Guest]:
    """All of them: those of other branches who came here since the last full file."""
    asked = sa.select(customer.c.id, customer.c.number_index, customer.c.ref).where(customer.c.asked_on.is_not(None))
    return [Guest(row.id, bytes(row.number_index), bytes(row.ref)) for row in db.execute(asked)]


def decide(db: sa.Connection, load_id: str) -> None:
    """From here on this load counts."""
    db.execute(customer_load.insert().values(load_id=load_id))


def decided(db: sa.Connection) -> list[str]:
    """Loads that count and are not wholly entered yet."""
    return list(db.scalars(sa.select(customer_load.c.load_id).order_by(customer_load.c.load_id)))


@dataclass(frozen=True)
class Merger:
    """A prospect who turned out to be this customer."""

    prospect_id: str
    customer_id: str


def enter(db: sa.Connection, load_id: str, most: int) -> list[Merger] | None:
    """Enter a portion of a decided load; None when nothing was left. Done again it does no harm.

    The answer is the prospects whom the portion named.
    """
    mine = sa.select(customer_staged.c.id, customer_staged.c.gone_on).where(customer_staged.c.load_id == load_id)
    rows = db.execute(mine.order_by(customer_staged.c.id).limit(most)).all()
    if not rows:
        db.execute(customer_load.delete().where(customer_load.c.load_id == load_id))
        return None
    ids = [row.id for row in rows]
    here = sa.and_(customer_staged.c.load_id == load_id, customer_staged.c.id.in_(ids))
    held = sa.and_(credential_staged.c.load_id == load_id, credential_staged.c.customer_id.in_(ids))
    _enter_people(db, here)
    mergers = _merge_prospects(db, held)
    _enter_credentials(db, held, [row.id for row in rows if row.gone_on is None])
    db.execute(credential_staged.delete().where(held))
    db.execute(customer_staged.delete().where(here))
    return mergers


def _enter_people(db: sa.Connection, here: sa.ColumnElement[bool]) -> None:
    insert = _INSERT[db.dialect.name]
    entered = insert(customer).from_select(_FROM_FILE, sa.select(*_columns(customer_staged, _FROM_FILE)).where(here))
    changed = {name: entered.excluded[name] for name in _FROM_FILE if name != "id"}
    # All of a load are of the same day.
    as_of = db.scalar(sa.select(sa.func.max(customer_staged.c.tier_as_of)).where(here))
    kept = _kept_tier(entered.excluded, as_of)
    db.execute(entered.on_conflict_do_update(index_elements=["id"], set_={**changed, **kept}))


def _kept_tier(told: Any, as_of: date) -> dict[str, Any]:
    """What is kept of a tier that is lowered now: the one in force until now, from this day on.

    A higher one that is still kept goes on; what is raised to it again, or is gone, keeps nothing.
    """
    before, kept = _rank(customer.c.tier), _rank(customer.c.kept_tier)
    still = sa.and_(customer.c.kept_tier.is_not(None), customer.c.kept_since > as_of - TIER_KEPT)
    is_lowered = _rank(told.tier) < before
    nothing = sa.or_(told.gone_on.is_not(None), sa.and_(_rank(told.tier) >= kept, ~is_lowered))
    goes_on = sa.or_(~is_lowered, sa.and_(still, kept > before))
    now = {"kept_tier": customer.c.tier, "kept_since": sa.literal(as_of, sa.Date)}
    return {
        name: sa.case((nothing, sa.null()), (goes_on, customer.c[name]), else_=value) for name, value in now.items()
    }


def _rank(tier: Any) -> sa.Case[int]:
    """How high a tier stands; none stands below all."""
    return sa.case({name: rank for rank, name in enumerate(TIERS)}, value=tier, else_=-1)


def _merge_prospects(db: sa.Connection, held: sa.ColumnElement[bool]) -> list[Merger]:
    """A prospect whose token head office gives to a customer was that customer all the time."""
    is_same = sa.and_(
        credential_staged.c.kind == customer_credential.c.kind,
        credential_staged.c.value_index == customer_credential.c.value_index,
    )
    named = (
        sa.select(customer_credential.c.customer_id.label("prospect_id"), credential_staged.c.customer_id)
        .join(credential_staged, is_same)
        .join(customer, customer.c.id == customer_credential.c.customer_id)
        .where(held, customer.c.is_prospect)
    )
    mergers = [Merger(row.prospect_id, row.customer_id) for row in db.execute(named.order_by(*named.selected_columns))]
    for each in mergers:
        db.execute(customer.update().where(customer.c.id == each.prospect_id).values(merged_into=each.customer_id))
    return mergers


def _enter_credentials(db: sa.Connection, held: sa.ColumnElement[bool], described: list[str]) -> None:
    """Exactly what head office says they hold now; a token that was somebody else's moves."""
    db.execute(customer_credential.delete().where(customer_credential.c.customer_id.in_(described)))
    columns = [each.name for each in customer_credential.c]
    staged = sa.select(*_columns(credential_staged, columns)).where(held)
    given = _INSERT[db.dialect.name](customer_credential).from_select(columns, staged)
    moved = {"customer_id": given.excluded["customer_id"]}
    db.execute(given.on_conflict_do_update(index_elements=["kind", "value_index"], set_=moved))


def _columns(table: sa.Table, names: Iterable[str]) -> list[sa.Column[Any]]:
    return [table.c[name] for name in names]


def _known(row: sa.Row[Any]) -> Known:
    index = bytes(row.described_index) if row.described_index is not None else None
    return Known(row.id, index, row.gone_on is not None, row.asked_on is not None, row.key_no)


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
