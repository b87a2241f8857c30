"""A real Tryton and a real courier, both killed again and again: in the end both sides hold the same, once."""

from __future__ import annotations

import random
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from lobby_server.admin.check import run_checks
from lobby_server.admin.trial_crm import LOGIN
from lobby_server.app import build_house
from lobby_server.customers import store as customers
from lobby_server.kernel.actor import system
from lobby_server.kernel.house import House
from lobby_server.kernel.privacy import load_keyring
from lobby_server.kernel.settings import Settings
from lobby_server.kernel.work import Work
from lobby_server.migrations import migrate
from referral.crm_sync import store
from referral.crm_sync.connectors import SECRET_FILE
from referral.crm_sync.reconciliation import reconcile
from referral.crm_sync.tables import outbox
from referral.lifecycle.actions import Contact, WithReason, accept, contact, log_referral, lose, qualify, withdraw
from referral.lifecycle.rules import Referral
from tests import make
from tests.crm import LINES, expected, heard
from tests.make import HERE, LI, Cast
from tests.servers import Child
from tests.tryton import TrytonServer, tryton_server

ROOT = Path(__file__).parents[2]
ROUNDS = 25
CUSTOMERS = 8
DRAIN_S_MAX = 120.0
pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def crm() -> Iterator[TrytonServer]:
    with tryton_server() as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path, crm: TrytonServer) -> Settings:
    told = Settings(data_dir=tmp_path, head_office=str(tmp_path / "head-office.toml"))
    load_keyring(told.secrets, make=True)
    (told.secrets / SECRET_FILE).write_text(crm.password, encoding="utf-8")
    Path(told.head_office).write_text(
        f'connector = "tryton"\naddress = "{crm.address}"\ndatabase = "lobby"\nlogin = "{LOGIN}"\n'
        'allowed = ["127.0.0.0/8"]\n',
        encoding="utf-8",
    )
    (tmp_path / "lobby.toml").write_text(f'head_office = "{told.head_office}"\n', encoding="utf-8")
    migrate(told.database)
    return told


@pytest.fixture
def house(settings: Settings) -> Iterator[House]:
    built = build_house(settings)
    yield built
    built.database.close()


@pytest.fixture
def courier(settings: Settings, house: House) -> Iterator[Child]:
    folder = settings.data_dir
    command = [sys.executable, "-m", "lobby_server", "worker", "--data-dir", str(folder)]
    path = ["env", f"PYTHONPATH={ROOT}"]
    child = Child([*path, *command, "--config", str(folder / "lobby.toml")], folder, signal.SIGTERM)
    yield child
    child.kill()


def test_after_twenty_five_kills_there_is_one_record_a_referral_and_both_sides_are_equal(
    house: House, courier: Child, crm: TrytonServer
) -> None:
    dice = random.Random(20261123)
    deeds = play(house, make.furnish(house), dice)
    killed = {"courier": 0, "crm": 0}
    courier.start()
    for _ in range(ROUNDS):
        for _ in range(6):
            next(deeds, None)
        wait_for_a_step(house, dice)
        for name, victim in (("courier", courier), ("crm", crm.process)):
            if dice.random() < 0.6:
                victim.kill()
                killed[name] += 1
        if not crm.process.is_alive():
            crm.start()
        end_leases(house)
        if not courier.is_alive():
            courier.start()
    for _deed in deeds:
        pass
    drain(house)
    courier.stop()
    assert min(killed.values()) > 8
    assert_equal(house, crm)


def play(house: House, cast: Cast, dice: random.Random) -> Iterator[None]:
    """A branch's day, deed by deed: each referral is logged and goes some way."""
    run, me, open_ones = house.works.run, cast.wu, list[Referral]()
    for visit_id in visits(house, cast):
        for line in LINES:
            open_ones.append(run(log_referral, heard(visit_id, line), cast.zhou))
            yield
            of = open_ones.pop(dice.randrange(len(open_ones)))
            run(accept, of.id, me)
            yield
            if dice.random() < 0.3:
                run(withdraw, of.id, cast.zhou)
                continue
            run(contact, Contact(of.id, "lobby"), me)
            yield
            if dice.random() < 0.5:
                run(lose, WithReason(of.id, "not_interested"), me)
            else:
                run(qualify, of.id, me)
            yield


def visits(house: House, cast: Cast) -> list[str]:
    """Customers stand in the hall."""

    def put(work: Work, _request: None) -> None:
        customers.add_all(work.db, work.keys, more)

    more = [
        replace(LI, id=make.new_id(), customer_no=f"K{number}", ref=bytes([9, number]) * 4, name=f"李{number}")
        for number in range(CUSTOMERS)
    ]
    house.works.run(put, None, system(HERE))
    return [make.arrival(house, cast.kiosk, make.seen(house, each)).visit.id for each in more]


def wait_for_a_step(house: House, dice: random.Random) -> None:
    """Until the courier has got something through, or a while has gone by, and a moment more."""
    before, until = acknowledged(house), time.monotonic() + 6
    while acknowledged(house) == before and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(dice.uniform(0, 0.4))


def acknowledged(house: House) -> int:
    with house.database.read() as db:
        return db.scalar(sa.select(sa.func.count()).where(outbox.c.state == "acked")) or 0


def end_leases(house: House) -> None:
    """The two minutes of whatever a dead courier held go by, and so do the waits."""
    now = house.clock.now()
    house.database.run(lambda db: db.execute(outbox.update().where(outbox.c.next_at > now).values(next_at=now)))
    held = outbox.update().where(outbox.c.state == "leased")
    house.database.run(lambda db: db.execute(held.values(lease_until=now)))


def drain(house: House) -> None:
    until = time.monotonic() + DRAIN_S_MAX
    while time.monotonic() < until:
        with house.database.read() as db:
            if store.backlog(db, HERE)[0] == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the outbox does not get empty")


def assert_equal(house: House, crm: TrytonServer) -> None:
    connector = crm.connector()
    found = {each: connector.find(each) for each in expected(house)}
    assert [len(rows) for rows in found.values()] == [1] * CUSTOMERS * len(LINES)
    for external_id, told in expected(house).items():
        assert found[external_id][0].told == told
    compared = reconcile(house, connector, HERE)
    assert (compared.questions, compared.repaired, compared.unknown) == (1, [], [])
    connector.close()
    with house.database.read() as db:
        assert store.parked(db, HERE) == []
        assert {name: faults for name, faults in run_checks(db, house.keys).items() if faults} == {}
