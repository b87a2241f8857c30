"""A copy made while the branch works, and put back: all of it, as another history, or nothing at all."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from lobby_server.admin.check import run_checks
from lobby_server.app import build_house
from lobby_server.kernel import event_log
from lobby_server.kernel.actor import Actor
from lobby_server.kernel.clock import StillClock
from lobby_server.kernel.database import Database
from lobby_server.kernel.house import House
from lobby_server.kernel.privacy import load_keyring
from lobby_server.kernel.settings import Settings
from lobby_server.kernel.tables import audit
from lobby_server.queue import store as queue
from lobby_server.staff import store as staff
from lobby_server.staff.rules import SignIn, Staff
from lobby_server.staff.tables import sign_in
from tests import make
from tests.make import HERE, MORNING

ROOT = Path(__file__).parents[2]


@dataclass
class Box:
    """A branch's computer: one folder, one database."""

    folder: Path
    url: str
    house: House
    kiosk: Actor

    def command(self, *words: object) -> subprocess.CompletedProcess[str]:
        """At its console."""
        told = [sys.executable, "-m", "lobby_server", *map(str, words), "--data-dir", str(self.folder)]
        environment = {**os.environ, "LOBBY_DATABASE_URL": self.url}
        return subprocess.run(told, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)

    def numbers(self) -> list[str]:
        """Every ticket there is."""
        with self.house.database.read() as db:
            return [each.number for each in queue.live(db, HERE)]

    def epoch(self) -> str:
        """Of its history."""
        with self.house.database.read() as db:
            return event_log.position(db, HERE).epoch


@pytest.fixture
def box(database_url: str, tmp_path: Path) -> Iterator[Box]:
    load_keyring(tmp_path / "secrets", make=True)
    house = build_house(Settings(data_dir=tmp_path, database_url=database_url), clock=StillClock(MORNING))
    cast = make.furnish(house)
    yield Box(tmp_path, database_url, house, cast.kiosk)
    house.database.close()


def test_what_was_copied_comes_back_as_another_history(box: Box) -> None:
    make.ticket(box.house, box.kiosk)
    with box.house.database.read() as db:
        found = staff.find(db, box.house.keys, HERE, "L001")
    assert found is not None
    box.house.database.run(lambda db: staff.add_sign_in(db, a_sign_in(found[0]), b"\1" * 32, MORNING))
    before, copy = box.epoch(), box.folder / "copy"
    made = box.command("backup", copy)
    assert made.returncode == 0, made.stderr
    assert oct(copy.stat().st_mode)[-3:] == "600" and "keys are not in it" in made.stdout
    make.ticket(box.house, box.kiosk)
    box.house.database.close()
    back = box.command("restore", copy)
    assert back.returncode == 0, back.stderr
    assert box.numbers() == ["A001"]
    assert box.epoch() > before
    with box.house.database.read() as db:
        assert [faults for faults in run_checks(db, box.house.keys).values() if faults] == []
        assert db.scalar(sa.select(sa.func.count()).select_from(sign_in)) == 0
        restored = sa.select(audit.c.facts).where(audit.c.deed == "restore", audit.c.branch_id == HERE)
        facts: dict[str, object] = db.execute(restored).scalar_one()
    assert facts["sign_ins_ended"] == 1 and str(facts["copy_sha256"]) in made.stdout
    started = build_house(box.house.settings, clock=StillClock(MORNING))
    assert make.ticket(started, box.kiosk).number == "A002"
    started.database.close()


def a_sign_in(of: Staff) -> SignIn:
    return SignIn(make.new_id(), of, "csrf", MORNING.replace(year=2099), None, MORNING)


def test_a_copy_made_under_load_is_whole(box: Box) -> None:
    """People arrive all the time; whatever the copy holds, it holds to the end of a commit."""
    over = threading.Event()

    def arrive() -> None:
        while not over.is_set():
            make.ticket(box.house, box.kiosk)

    busy = threading.Thread(target=arrive)
    busy.start()
    try:
        copy = box.folder / "copy"
        assert box.command("backup", copy).returncode == 0
    finally:
        over.set()
        busy.join()
    taken = len(box.numbers())
    box.house.database.close()
    back = box.command("restore", copy)
    assert back.returncode == 0, back.stderr
    assert 0 < len(box.numbers()) < taken


def test_while_somebody_works_nothing_is_put_back(box: Box) -> None:
    copy = box.folder / "copy"
    box.command("backup", copy)
    make.ticket(box.house, box.kiosk)
    refused = box.command("restore", copy)
    assert refused.returncode == 1 and "in_use" in refused.stderr
    assert box.numbers() == ["A001"] and make.ticket(box.house, box.kiosk).number == "A002"


def test_a_copy_that_is_not_whole_changes_nothing(box: Box) -> None:
    make.ticket(box.house, box.kiosk)
    copy = box.folder / "copy"
    box.command("backup", copy)
    whole = copy.read_bytes()
    box.house.database.close()
    other_form = b"PGDMP" if box.url.startswith("sqlite") else b"SQLite format 3\0"
    for spoiled in (whole[:100], other_form + whole):
        copy.write_bytes(spoiled)
        refused = box.command("restore", copy)
        assert refused.returncode == 1 and "bad_copy" in refused.stderr, refused.stderr
    assert box.numbers() == ["A001"]
    assert [path.name for path in box.folder.iterdir() if "part" in path.name] == []


def test_a_backup_never_replaces_another(box: Box) -> None:
    copy = box.folder / "copy"
    copy.write_text("last week's")
    refused = box.command("backup", copy)
    assert refused.returncode == 1 and "is there already" in refused.stderr
    assert copy.read_text() == "last week's"


def test_what_was_there_before_a_restore_is_kept_beside(box: Box) -> None:
    copy = box.folder / "copy"
    box.command("backup", copy)
    make.ticket(box.house, box.kiosk)
    box.house.database.close()
    assert box.command("restore", copy).returncode == 0
    assert box.numbers() == []
    before = Database(kept_beside(box))
    with before.read() as db:
        assert [each.number for each in queue.live(db, HERE)] == ["A001"]
    before.close()


def kept_beside(box: Box) -> str:
    """The address of what was there before."""
    if box.url.startswith("sqlite"):
        (kept,) = box.folder.glob("lobby.sqlite3.before-*")
        return f"sqlite:///{kept}"
    address = sa.make_url(box.url)
    with box.house.database.read() as db:
        names = db.scalars(sa.text("SELECT datname FROM pg_database"))
        (name,) = [each for each in names if each.startswith(f"{address.database}_before_")]
    return address.set(database=name).render_as_string(hide_password=False)


def test_another_branch_s_keys_cannot_put_it_back(box: Box, tmp_path_factory: pytest.TempPathFactory) -> None:
    """With other keys nothing in it could be read, and its audit would not hold."""
    make.ticket(box.house, box.kiosk)
    copy = box.folder / "copy"
    box.command("backup", copy)
    box.house.database.close()
    (box.folder / "secrets").rename(box.folder / "right")
    others = load_keyring(box.folder / "secrets", make=True)
    refused = box.command("restore", copy)
    assert refused.returncode == 1 and "own_keys is older than the database" in refused.stderr
    others.own.take()
    refused = box.command("restore", copy)
    assert refused.returncode == 1 and "audit_chain" in refused.stderr
    (box.folder / "secrets").rename(box.folder / "wrong")
    (box.folder / "right").rename(box.folder / "secrets")
    assert box.numbers() == ["A001"]
