"""After a long outage: everything is told once and in order, and the courier holds no more of it than it tells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lobby_server.kernel.house import House
from referral.crm_sync import store
from referral.crm_sync.connectors.file_drop import FileDrop, read_batch
from referral.crm_sync.courier import Courier
from tests import make
from tests.backlog import STATES, fill, grown, left
from tests.make import Cast

# A courier's few leased steps, its threads and the database's cache. Read at once, 10,000 steps take 18 MiB.
GROWN_MIB_MAX = 8
LONG = pytest.param(100_000, marks=[pytest.mark.soak, pytest.mark.timeout(0)])


@pytest.mark.usefixtures("the_outbox_is_whole")
@pytest.mark.parametrize("steps", [10_000, LONG])
def test_a_long_backlog_is_told_once_in_order_and_with_flat_memory(
    house: House, cast: Cast, tmp_path: Path, steps: int
) -> None:
    fill(house, cast, steps)
    drop = tmp_path / "drop"
    drop.mkdir()
    courier = Courier(house, FileDrop(drop, "utf-8"))
    with grown() as peak:
        while left(house):
            courier.drain()
            make.advance(house, 1)
        grew_mib = peak()
    courier.close()
    told: dict[str, list[tuple[int, str]]] = {}
    for external_id, version, state in lines_of(drop):
        told.setdefault(external_id, []).append((version, state))
    assert len(told) == steps // len(STATES)
    assert all(each == list(enumerate(STATES)) for each in told.values())
    with house.database.read() as db:
        assert store.parked(db, make.HERE) == []
    assert grew_mib < GROWN_MIB_MAX


def lines_of(drop: Path) -> Iterator[tuple[str, int, str]]:
    """What a reader of the folder takes, in the order of the names."""
    for done in sorted(drop.glob("*.ok")):
        for each in read_batch(done.with_suffix(".ndjson")):
            yield each["external_id"], each["version"], each["state"]
