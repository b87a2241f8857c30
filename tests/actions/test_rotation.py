"""Another sealing key while everybody works: nothing is unreadable for a moment, and the older key can go."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from lobby_server.admin import rotation
from lobby_server.admin.check import run_checks
from lobby_server.admin.rotation import Sealed, sealed_columns
from lobby_server.app import build_house
from lobby_server.customers import store as customers
from lobby_server.kernel.actor import system
from lobby_server.kernel.errors import Conflict
from lobby_server.kernel.house import House
from lobby_server.kernel.idempotency import CommandKey, once
from lobby_server.kernel.privacy import CannotOpen, load_keyring
from lobby_server.kernel.settings import Settings
from lobby_server.kernel.work import Work
from lobby_server.staff import store as staff
from tests import make
from tests.make import HERE

ROOT = Path(__file__).parents[2]


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    load_keyring(tmp_path / "secrets", make=True)
    return Settings(data_dir=tmp_path, database_url=database_url)


@pytest.fixture
def living(settings: Settings) -> Iterator[House]:
    """A server that runs all the while and read its keys at its start."""
    house = build_house(settings)
    make.furnish(house)
    house.works.run(answer_a_command, "kept", system(HERE))
    yield house
    house.database.close()


@pytest.fixture
def console(settings: Settings, living: House) -> Iterator[House]:
    """The process that the administrator's command is."""
    assert living.keys.current == 1
    house = build_house(settings)
    yield house
    house.database.close()


def answer_a_command(work: Work, said: str) -> str:
    command = CommandKey("t", "POST", "/", make.new_id(), b"\0" * 32)
    return once(work, command, lambda: (200, said)).body


def values(house: House, of: Sealed) -> list[bytes]:
    with house.database.read() as db:
        return list(db.scalars(sa.select(of.column).where(of.column.is_not(None))))


def key_ids(house: House) -> Counter[int]:
    """Under which of the branch's keys everything is sealed; the first bit only says that a customer's goes with it."""
    return Counter(int.from_bytes(each[:2], "big") & 0x7FFF for of in sealed_columns() for each in values(house, of))


def let_it_settle(house: House) -> None:
    assert house.keys.path is not None
    long_ago = house.keys.written_at() - rotation.SETTLED_AFTER_S
    os.utime(house.keys.path, (long_ago, long_ago))


def test_everything_is_sealed_anew_and_the_running_server_reads_on(living: House, console: House) -> None:
    before = key_ids(living)
    assert set(before) == {1}
    assert rotation.rotate(console, HERE) == before[1]
    assert key_ids(living) == {2: before[1]}
    for of in sealed_columns():
        assert all(living.keys.open(each, of.purpose) for each in values(living, of))
    living.works.run(answer_a_command, "kept too", system(HERE))
    assert key_ids(living) == {2: before[1] + 1}
    with living.database.read() as db:
        found = staff.find(db, living.keys, HERE, "L001")
        assert found is not None and found[0].name == "陈立言"
        known = customers.find_by_number(db, living.keys, make.WANG.customer_no)
        assert known is not None and known.name == make.WANG.name
        assert [faults for faults in run_checks(db, living.keys).values() if faults] == []


def test_while_people_write_nothing_is_lost(living: House, console: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "ROWS_AT_ONCE", 3)
    over, written = threading.Event(), Counter[str]()

    def write() -> None:
        while not over.is_set():
            written[living.works.run(answer_a_command, make.new_id(), system(HERE))] += 1

    busy = threading.Thread(target=write)
    busy.start()
    try:
        for _turn in range(3):
            rotation.rotate(console, HERE)
    finally:
        over.set()
        busy.join()
    answers = sealed_columns()[-1]
    told = Counter(living.keys.open(each, answers.purpose) for each in values(living, answers))
    assert told == written + Counter({"kept": 1}) and len(written) > 0
    rotation.rotate(console, HERE)
    assert set(key_ids(living)) == {5}


def test_the_older_keys_go_when_nothing_needs_them(living: House, console: House) -> None:
    before = [(of, value) for of in sealed_columns() for value in values(living, of)]
    rotation.rotate(console, HERE)
    with pytest.raises(Conflict, match="rotated_just_now"):
        rotation.forget(console, HERE)
    let_it_settle(console)
    rotation.forget(console, HERE)
    assert set(load_keyring(console.settings.secrets, make=False).seal_keys) == {2}
    of, value = before[0]
    for keys in (living.keys, load_keyring(console.settings.secrets, make=False)):
        assert all(keys.open(each, of.purpose) for of in sealed_columns() for each in values(living, of))
    for keys in (console.keys, load_keyring(console.settings.secrets, make=False)):
        with pytest.raises(CannotOpen):
            keys.open(value, of.purpose)


def test_a_key_that_is_needed_stays(living: House, console: House) -> None:
    console.keys.rotate()
    let_it_settle(console)
    with pytest.raises(Conflict, match="still_sealed"):
        rotation.forget(console, HERE)
    assert set(load_keyring(console.settings.secrets, make=False).seal_keys) == {1, 2}
    assert set(key_ids(living)) == {1}


def test_it_may_stop_anywhere_and_run_again(living: House, console: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "ROWS_AT_ONCE", 1)
    monkeypatch.setattr(rotation, "_replace", _stop_after(4, rotation._replace))
    with pytest.raises(KeyboardInterrupt):
        rotation.rotate(console, HERE)
    mixed = key_ids(living)
    assert mixed[1] > 0 and mixed[2] == 4
    assert all(living.keys.open(each, of.purpose) for of in sealed_columns() for each in values(living, of))
    monkeypatch.undo()
    rotation.rotate(console, HERE)
    assert set(key_ids(living)) == {3}


def _stop_after(count: int, deed: object) -> object:
    left = iter(range(count))

    def stopping(*given: object, **named: object) -> object:
        if next(left, None) is None:
            raise KeyboardInterrupt
        assert callable(deed)
        return deed(*given, **named)

    return stopping


def test_what_each_column_is_sealed_for_is_its_name() -> None:
    """Rotation goes by the names: a column that is sealed for something else could not be opened."""
    sources = [path for room in ("lobby_server", "referral") for path in (ROOT / room).rglob("*.py")]
    written = "\n".join(path.read_text("utf-8") for path in sources)
    columns = sealed_columns()
    assert len(columns) > 8
    for each in columns:
        assert f'"{each.purpose}"' in written, each.purpose
