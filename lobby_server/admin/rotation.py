"""Another sealing key, while everybody works: all that is sealed is sealed anew, a few hundred rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa

from lobby_server.customers.store import erasing
from lobby_server.kernel.actor import system
from lobby_server.kernel.database import SEALED_AS, metadata
from lobby_server.kernel.errors import Conflict
from lobby_server.kernel.house import House
from lobby_server.kernel.privacy import KEY_ID_BYTES
from lobby_server.kernel.tables import answered
from lobby_server.kernel.work import Work

_ENDING = "_sealed"
# Enough that a round trip is little beside it, few enough that a teller does not notice the write.
ROWS_AT_ONCE = 500
# By then whatever was sealed with the older key just before the change is committed, or never will be.
SETTLED_AFTER_S = 60

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Sealed:
    """A column of sealed values and what they were sealed for."""

    column: sa.Column[Any]
    purpose: str


@dataclass(frozen=True)
class _Noted:
    kind: str
    current: int
    values: int


def sealed_columns() -> list[Sealed]:
    """Every column whose name ends in `_sealed`, and the answers that are kept for repeated commands."""
    columns = [each for table in metadata.sorted_tables for each in table.columns if each.name.endswith(_ENDING)]
    found = [
        Sealed(each, f"{each.table.info.get(SEALED_AS, each.table.name)}.{each.name.removesuffix(_ENDING)}")
        for each in columns
    ]
    return [*found, Sealed(answered.c.answer, answered.name)]


def rotate(house: House, branch_id: str) -> int:
    """A new key, and everything that older ones sealed sealed with it; returns how many values.

    May be stopped anywhere and run again: nothing is unreadable in between.
    """
    house.keys.rotate()
    count = _give_own_keys(house)
    # A load that runs meanwhile carries values from one table to another: until a whole round finds none.
    while found := sum(_seal_anew(house, each) for each in sealed_columns()):
        count += found
    house.works.run(_note, _Noted("keys.rotate", house.keys.current, count), system(branch_id))
    return count


def forget(house: House, branch_id: str) -> None:
    """Destroy the older keys. Raises Conflict("still_sealed") while they are needed, Conflict("rotated_just_now")."""
    since_s = house.clock.now().timestamp() - house.keys.written_at()
    if since_s < SETTLED_AFTER_S:
        raise Conflict("rotated_just_now", wait_s=round(SETTLED_AFTER_S - since_s))
    for each in sealed_columns():
        if next(_portions(house, each), None):
            raise Conflict("still_sealed", column=str(each.column))
    house.keys.forget()
    house.works.run(_note, _Noted("keys.forget", house.keys.current, 0), system(branch_id))


def _give_own_keys(house: House) -> int:
    """A key of their own for whoever was entered before there were such keys; returns how many values it sealed."""
    count = 0
    while True:
        with house.database.read() as db:
            portion = erasing.without_key(db, ROWS_AT_ONCE)
        if not portion:
            return count
        numbered = [(each, house.keys.own.take()) for each in portion]

        def give(db: sa.Connection, to: list[tuple[erasing.Keyless, int]] = numbered) -> int:
            return sum(erasing.give_key(db, house.keys, before, key_no) for before, key_no in to)

        count += house.database.run(give)


def _seal_anew(house: House, of: Sealed) -> int:
    count = 0
    for portion in _portions(house, of):
        fresh = [house.keys.seal_anew(row[-1], of.purpose) for row in portion]
        count += house.database.run(partial(_replace, of=of, before=portion, fresh=fresh))
    return count


def _portions(house: House, of: Sealed) -> Iterator[list[Row]]:
    """The rows that another key than the current one sealed: their primary key, then the value."""
    key = list(of.column.table.primary_key)
    found = sa.select(*key, of.column).order_by(*key).limit(ROWS_AT_ONCE)
    # A command that is not finished yet holds an empty answer.
    begins = sa.func.substr(of.column, 1, KEY_ID_BYTES)
    found = found.where(sa.func.length(of.column) > 0, begins.not_in(house.keys.current_begins()))
    last: Row = ()
    while True:
        after = found.where(sa.tuple_(*key) > sa.tuple_(*last[:-1])) if last else found
        with house.database.read() as db:
            portion = [tuple(row) for row in db.execute(after)]
        if not portion:
            return
        yield portion
        last = portion[-1]


def _replace(db: sa.Connection, *, of: Sealed, before: list[Row], fresh: list[bytes]) -> int:
    """Only what is still as it was read: whoever wrote meanwhile used the new key."""
    columns = [*of.column.table.primary_key, of.column]
    same = [each == sa.bindparam(f"was_{index}") for index, each in enumerate(columns)]
    changed = of.column.table.update().where(*same).values({of.column: sa.bindparam("fresh")})
    rows = [{f"was_{index}": value for index, value in enumerate(row)} for row in before]
    return sum(db.execute(changed, {**row, "fresh": new}).rowcount for row, new in zip(rows, fresh, strict=True))


def _note(work: Work, noted: _Noted) -> None:
    work.audit(noted.kind, str(noted.current), values=noted.values)
