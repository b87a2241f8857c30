"""The database's shape: built step by step it is the one that the tables declare, and what is stored survives."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from lobby_server.kernel.database import Database, metadata
from lobby_server.migrations import _config, migrate
from lobby_server.queue import store
from lobby_server.queue.rules import TicketState
from lobby_server.queue.store import checks
from tests import make, servers

FIRST = "20261123_0100"


@pytest.fixture(params=["sqlite", "postgresql"])
def two_empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The addresses of two empty databases."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'a.sqlite3'}", f"sqlite:///{tmp_path / 'b.sqlite3'}"
        return
    server: servers.PostgreSQL = request.getfixturevalue("postgresql")
    urls = server.fresh_database(), server.fresh_database()
    yield urls
    for url in urls:
        server.drop_database(url)


def test_the_steps_build_what_the_tables_declare(two_empty: tuple[str, str]) -> None:
    stepped, declared = two_empty
    migrate(stepped)
    engine = sa.create_engine(declared)
    metadata.create_all(engine)
    engine.dispose()
    assert shape_of(stepped) == shape_of(declared)


def test_tickets_of_the_first_shape_keep_their_place_and_their_calls(two_empty: tuple[str, str]) -> None:
    url, _ = two_empty
    command.upgrade(_config(url), FIRST)
    engine = sa.create_engine(url)
    with engine.begin() as db:
        _store_a_first_ticket(db)
    engine.dispose()
    migrate(url)
    database = Database(url)
    with database.read() as db:
        kept = store.find(db, make.HERE, "t1")
        call = store.last_call_of(db, "t1")
        assert checks.overtake_cap_faults(db) == []
        assert store.look_at_queue(db, make.HERE).policy.parameters.vip_run_max == 2
    database.close()
    assert kept is not None and call is not None
    assert (kept.placed_at, kept.place_no, kept.state) == (kept.arrived_at, 1, TicketState.WAITING)
    assert (call.policy, [(each.number, each.waited_s) for each in call.candidates]) == (None, [("A001", 90.0)])


def shape_of(url: str) -> dict[str, Any]:
    """Every table with its columns, keys, indexes and checks, in an order that does not depend on how it was built."""
    engine = sa.create_engine(url)
    look = sa.inspect(engine)
    shape = {}
    for name in sorted(look.get_table_names()):
        if name == "alembic_version":
            continue
        columns = {
            each["name"]: (repr(each["type"]), each["nullable"], each["default"]) for each in look.get_columns(name)
        }
        rest = (
            look.get_check_constraints(name),
            look.get_indexes(name),
            look.get_unique_constraints(name),
            look.get_foreign_keys(name),
            [look.get_pk_constraint(name)],
        )
        shape[name] = (columns, [sorted(_plain(each) for each in kind) for kind in rest])
    engine.dispose()
    return shape


def _plain(found: Any) -> str:
    return re.sub(r"\s+", " ", json.dumps(found, sort_keys=True, default=str))


def _store_a_first_ticket(db: sa.Connection) -> None:
    """What the first version wrote."""
    at = "2026-11-23T02:00:00.000000Z"
    db.execute(sa.text("INSERT INTO branch (id, names, timezone, cut_over_minute) VALUES ('0001', '{}', 'UTC', 240)"))
    db.execute(
        sa.text(
            "INSERT INTO branch_queue (branch_id, discipline, version, overtake_cap, waits) "
            "VALUES ('0001', 'fifo', 1, 0, '{}')"
        )
    )
    db.execute(
        sa.text(
            "INSERT INTO ticket (id, branch_id, business_day, series, ordinal, key_index, visit_id, service_type, "
            "ticket_class, service_level, language, overtake_cap, state, arrived_at, issued_at, call_count) VALUES "
            "('t1', '0001', '2026-11-23', 'A', 1, :key, 'v1', 'cash', 'A', 'ordinary', 'en', 0, 'waiting', :at, :at, 1)"
        ),
        {"at": at, "key": b"k"},
    )
    db.execute(
        sa.text(
            "INSERT INTO ticket_call "
            "(ticket_id, call_no, at, service_point, staff_id, rule_version, reason, candidates) "
            "VALUES ('t1', 1, :at, 'W1', 's1', 'fifo/1', 'earliest_arrival', :candidates)"
        ),
        {"at": at, "candidates": '[{"number":"A001","waited_s":90.0}]'},
    )
