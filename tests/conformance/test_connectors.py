"""Every connector of the folder keeps what the port promises; a new file is found, and asked, by itself.

Capabilities change what is expected of one exchange, never what is there in the end: one record a referral, as it is.
"""

from __future__ import annotations

import contextlib
import random
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lobby_server.kernel.house import House
from referral.crm_sync import connectors, store
from referral.crm_sync.connectors import file_drop, rest, simulated
from referral.crm_sync.courier import Courier
from referral.crm_sync.port import COMPARED, Connector, Trouble
from referral.crm_sync.reconciliation import reconcile
from referral.crm_sync.rules import Party, Record, Remote, Span, Verdict, digest_of, line_of
from tests import crm, make
from tests.crm import Chaos, Habits, crm_server, drain, expected, go_on, log_all, visits_of
from tests.make import HERE, WANG, Cast
from tests.tryton import TrytonServer, tryton_server

DAY = "2026-11-23"
PARTY = Party(make.WANG.id, "C1", "王*明")
TODAY_HERE = Span(HERE, date(2026, 11, 23), date(2026, 11, 24))


@dataclass(frozen=True)
class Stand:
    """A connector to a CRM of the tests, another that nobody lets in, and all records that the CRM holds."""

    connector: Connector
    stranger: Connector | None
    held: Callable[[], list[Mapping[str, Any]]]


@pytest.fixture(scope="module")
def tryton() -> Iterator[TrytonServer]:
    with tryton_server() as server:
        yield server


@contextlib.contextmanager
def _simulated(_folder: Path, _ask: pytest.FixtureRequest) -> Iterator[Stand]:
    connector = simulated.Simulated()
    yield Stand(connector, None, lambda: list(connector.records.values()))


@contextlib.contextmanager
def _file_drop(folder: Path, _ask: pytest.FixtureRequest) -> Iterator[Stand]:
    nowhere = file_drop.FileDrop(folder / "gone", "utf-8")
    yield Stand(file_drop.FileDrop(folder, "gb18030"), nowhere, lambda: newest(folder))


def newest(folder: Path) -> list[Mapping[str, Any]]:
    """What a reader of all batches knows in the end."""
    known: dict[str, Mapping[str, Any]] = {}
    for done in sorted(folder.glob("*.ok")):
        for line in file_drop.read_batch(done.with_suffix(".ndjson")):
            before = known.get(line["external_id"])
            if before is None or (before["epoch"], before["version"]) < (line["epoch"], line["version"]):
                known[line["external_id"]] = line
    return list(known.values())


def _rest(habits: Habits) -> Callable[..., contextlib.AbstractContextManager[Stand]]:
    @contextlib.contextmanager
    def stand(_folder: Path, _ask: pytest.FixtureRequest) -> Iterator[Stand]:
        with crm_server(habits) as server:
            good, bad = (rest.connect(server.mapping, token) for token in (crm.TOKEN, "wrong"))
            yield Stand(good, bad, lambda: list(server.leads.values()))

    return stand


@contextlib.contextmanager
def _tryton(_folder: Path, ask: pytest.FixtureRequest) -> Iterator[Stand]:
    server: TrytonServer = ask.getfixturevalue("tryton")
    connector = server.connector()
    for each in connector.pull(Span(HERE, date(2000, 1, 1), date(2100, 1, 1))):
        connector.retire(each, each)  # what the test before left there
    yield Stand(connector, server.connector("wrong"), lambda: [each.told for each in connector.pull(TODAY_HERE)])


STANDS: Mapping[str, tuple[str, Callable[..., contextlib.AbstractContextManager[Stand]]]] = {
    "simulated": ("simulated", _simulated),
    "file_drop": ("file_drop", _file_drop),
    "rest": ("rest", _rest(Habits())),
    "rest, no id on create, keys ignored": ("rest", _rest(Habits(returns_id=False, heeds_keys=False))),
    "tryton": ("tryton", _tryton),
}


@pytest.fixture(params=sorted(STANDS))
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stand]:
    (tmp_path / "drop").mkdir()
    with STANDS[request.param][1](tmp_path / "drop", request) as built:
        yield built
        for each in (built.connector, built.stranger):
            if each is not None:
                each.close()


@pytest.fixture
def asked(stand: Stand) -> Connector:
    """A connector that can be asked what its CRM holds."""
    if not stand.connector.capabilities.can_find:
        pytest.skip("it cannot be asked: seen by what is there in the end")
    return stand.connector


@pytest.fixture
def branch(sqlite_template: Path, tmp_path: Path) -> Iterator[tuple[House, Cast]]:
    shutil.copy(sqlite_template, tmp_path / "lobby.sqlite3")
    house = make.house(f"sqlite:///{tmp_path / 'lobby.sqlite3'}")
    yield house, make.furnish(house)
    house.database.close()


def a_record(**changes: Any) -> Record:
    told = Record(
        external_id=make.new_id(),
        version=3,
        epoch=1_790_000_000,
        branch=HERE,
        day=DAY,
        state="accepted",
        product_line="wealth",
        need="idle_money",
        customer=PARTY.external_id,
        referrer="T001",
        receiver="R001",
    )
    return replace(told, **changes)


def write(connector: Connector, record: Record, remote_id: str | None = None) -> None:
    party_id = connector.upsert_party(PARTY, make.new_id()) if record.customer else None
    connector.upsert_referral(record, remote_id, party_id, make.new_id())


def kept(connector: Connector, record: Record) -> dict[str, Any]:
    return {name: value for name, value in asdict(record).items() if name in connector.capabilities.keeps}


# ---- One exchange -------------------------------------------------------------------------------------------------


def test_every_connector_has_a_stand_and_every_stand_its_connector() -> None:
    assert {name for name, _stand in STANDS.values()} == set(connectors.names())


def test_what_was_written_comes_back_field_by_field(asked: Connector) -> None:
    assert asked.capabilities.keeps >= COMPARED
    for record in (
        a_record(),
        a_record(state="won", amount_minor=2**40, currency="CNY", booking_id="B-1"),
        a_record(state="withdrawn", need=None, customer=None),
    ):
        write(asked, record)
        [found] = asked.find(record.external_id)
        assert {name: found.told[name] for name in kept(asked, record)} == kept(asked, record)


def test_a_record_that_is_known_is_changed_and_none_is_made(asked: Connector, stand: Stand) -> None:
    record = a_record()
    write(asked, record)
    [found] = asked.find(record.external_id)
    for state in ("contacted", "lost"):
        record = replace(record, version=record.version + 1, state=state)
        write(asked, record, found.remote_id)
        asked.transition(record, found)
        asked.transition(record, found)
    [changed] = asked.find(record.external_id)
    assert (changed.remote_id, changed.told["state"], changed.order[1]) == (found.remote_id, "lost", 5)
    assert len(stand.held()) == 1


def test_whom_nobody_knows_is_not_found_and_a_record_that_is_gone_is_said_to_be(asked: Connector) -> None:
    assert asked.find(make.new_id()) == []
    with pytest.raises(Trouble) as caught:
        asked.upsert_referral(a_record(customer=None), "987654", None, make.new_id())
    assert caught.value.verdict is Verdict.GONE


def test_an_older_version_never_turns_a_record_back_where_the_crm_checks(asked: Connector) -> None:
    if not asked.capabilities.checks_version:
        pytest.skip("it checks no version: the courier's reading back is what protects it")
    record = a_record(version=5)
    write(asked, record)
    [found] = asked.find(record.external_id)
    for older in (replace(record, version=4, state="offered"), replace(record, epoch=1, version=9)):
        with pytest.raises(Trouble) as caught:
            write(asked, older, found.remote_id)
        assert caught.value.verdict is Verdict.STALE
    assert asked.find(record.external_id)[0].told["state"] == "accepted"


def test_the_same_customer_told_twice_is_one_party(asked: Connector) -> None:
    first = asked.upsert_party(PARTY, make.new_id())
    assert asked.upsert_party(replace(PARTY, masked_name="王**"), make.new_id()) == first


def test_many_new_customers_at_once_are_a_party_each(asked: Connector) -> None:
    new = [Party(make.new_id(), f"N{number}", "王*") for number in range(24)]
    with ThreadPoolExecutor(8) as lanes:
        made = list(lanes.map(lambda each: asked.upsert_party(each, make.new_id()), new))
    assert len(set(made)) == len(new)
    assert [asked.upsert_party(each, make.new_id()) for each in new] == made


def test_a_digest_is_that_of_the_records_and_of_no_other_day_or_branch(asked: Connector) -> None:
    mine = [a_record(external_id=make.new_id(), version=at) for at in range(12)]
    for each in (*mine, a_record(branch="0002"), a_record(day="2026-11-20")):
        write(asked, each)
    held = asked.pull(TODAY_HERE)
    assert sorted(str(each.told["external_id"]) for each in held) == sorted(each.external_id for each in mine)
    assert (
        asked.digest(TODAY_HERE)
        == digest_of(line_of(each) for each in held)
        == digest_of(line_of(Remote("", asdict(each))) for each in mine)
    )


def test_one_that_stands_twice_can_be_retired(asked: Connector, stand: Stand) -> None:
    if asked.capabilities.is_unique:
        pytest.skip("it refuses a second one")
    record = a_record()
    write(asked, record)
    write(asked, record)
    first, second = asked.find(record.external_id)
    asked.retire(second, first)
    assert [each.remote_id for each in asked.find(record.external_id)] == [first.remote_id]


def test_who_is_not_let_in_is_told_so_by_structure_in_whatever_language(stand: Stand) -> None:
    if stand.stranger is None:
        pytest.skip("anybody may use it")
    stand.connector.health()
    with pytest.raises(Trouble) as caught:
        stand.stranger.health()
    assert caught.value.verdict is Verdict.UNAUTHORISED


# ---- In the end ---------------------------------------------------------------------------------------------------


def test_in_the_end_head_office_holds_every_referral_once_and_as_it_is(
    stand: Stand, branch: tuple[House, Cast]
) -> None:
    house, cast = branch
    courier = Courier(house, stand.connector, lanes=2)
    logged = log_all(house, cast, visits_of(house, cast))
    courier.drain()
    go_on(house, cast, logged)
    drain(house, courier)
    assert_same(house, stand)


def test_whatever_gets_lost_on_the_way_nothing_is_lost_or_doubled(stand: Stand, branch: tuple[House, Cast]) -> None:
    house, cast = branch
    chaos = Chaos(stand.connector, random.Random(20261123), 0.3)
    courier = Courier(house, chaos, lanes=2)
    logged = log_all(house, cast, visits_of(house, cast))
    courier.drain()
    go_on(house, cast, logged)
    drain(house, courier)
    assert chaos.lost > 10 or not stand.connector.capabilities.can_find
    assert_same(house, stand)


def assert_same(house: House, stand: Stand) -> None:
    """Both sides hold the same, record by record, by the digest, and by the outbox's own check."""
    ours = expected(house)
    keeps = stand.connector.capabilities.keeps or frozenset(next(iter(ours.values())))
    with house.database.read() as db:
        assert store.faults(db) == []
        assert store.parked(db, HERE) == []
    held = stand.held()
    assert len(held) == len(ours)
    if stand.connector.capabilities.can_find:
        found = {external_id: stand.connector.find(external_id) for external_id in ours}
        assert [external_id for external_id, rows in found.items() if len(rows) != 1] == []
        theirs = {external_id: rows[0].told for external_id, rows in found.items()}
        compared = reconcile(house, stand.connector, HERE)
        assert (compared.questions, compared.repaired, compared.unknown) == (1, [], [])
    else:
        theirs = {str(each["external_id"]): each for each in held}
    for external_id, told in ours.items():
        assert {name: theirs[external_id][name] for name in keeps} == {name: told[name] for name in keeps}
    assert WANG.name not in str(held)
