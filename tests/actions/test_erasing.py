"""Erasing somebody: afterwards nobody can tell who it was, from the database, its log or any backup of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from lobby_server.admin import erasing, rotation
from lobby_server.admin.check import run_checks
from lobby_server.admin.erasing import Erase
from lobby_server.admin.rotation import sealed_columns
from lobby_server.app import build_house
from lobby_server.appointments import actions as appointments
from lobby_server.appointments import store as appointment_store
from lobby_server.appointments.rules import AppointmentState
from lobby_server.customers import store as customers
from lobby_server.customers.actions import EnterProspect, enter_prospect
from lobby_server.customers.actions.feed import take_asked, take_customer_file
from lobby_server.customers.rules import Consent, Credential, Customer
from lobby_server.customers.tables import customer
from lobby_server.customers.wire import read_customer_file
from lobby_server.kernel import backup
from lobby_server.kernel.actor import system
from lobby_server.kernel.clock import StillClock
from lobby_server.kernel.database import Database
from lobby_server.kernel.errors import Conflict, NotFound
from lobby_server.kernel.feeds import TakeFeed
from lobby_server.kernel.house import House
from lobby_server.kernel.privacy import CannotOpen, Erased, load_keyring
from lobby_server.kernel.settings import Settings
from lobby_server.queue import actions as queue
from lobby_server.queue.actions.ratings import Rate, rate
from lobby_server.recommend import store as products
from lobby_server.recommend.products import Product
from lobby_server.visits.actions.caring import Leave, let_go
from lobby_server.worker import Worker
from referral.lifecycle import store as referrals
from referral.lifecycle.actions import LogReferral, expire, log_referral
from referral.lifecycle.rules import ReferralState
from tests import make
from tests.feeds import RICH, file_of, line
from tests.make import HERE, LI, MORNING, TODAY, WANG, Cast

CARD = Credential("card_token", "v1:aaaaaaaaaaaaaaaaaaaaaa")
WORDS = ("下个月有定期到期", "带护照", "等太久")
# Sealed for others than customers: colleagues, signing keys, webhooks. Answers to commands hold masked names at most.
NOT_OF_CUSTOMERS = {"signing_key", "staff", "webhook", "answered"}
OF_CUSTOMERS = {"customer", "customer_staged", "offer", "appointment", "referral"}
# By whoever holds the ticket's key, and the queue does not know who that is: taken away, but not sealed with their key.
BY_HOLDERS = {"ticket_rating"}


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    """With keys on the disk, as a server has them."""
    load_keyring(tmp_path / "secrets", make=True)
    made = build_house(Settings(data_dir=tmp_path, database_url=database_url), clock=StillClock(MORNING))
    yield made
    made.database.close()


@dataclass(frozen=True)
class Life:
    """What 王 left behind, besides the visit."""

    visit_id: str
    ticket_id: str
    referral_id: str
    appointment_code: str


@pytest.fixture
def life(house: House, cast: Cast) -> Life:
    """王 was offered something, was served, rated it, was referred, has an appointment, and went home."""
    names, needs = {"zh-CN": "定期", "en": "Deposit"}, ("deposit_renewal",)
    deposit = Product("dep", names, "deposit", None, None, "serve", needs, None, None, TODAY, None)
    house.database.run(lambda db: products.put_products(db, [deposit], ()))
    make.on_sale(house, "wealth", 3)
    make.described(house, WANG, consents=(Consent("serve", "1", "app", MORNING),), risk_rating=3, rated_on=TODAY)
    make.opened(house, cast.zhou)
    routed = make.routed(house, cast.kiosk, code=make.seen(house, WANG))
    visit_id, ticket = routed.visit.id, routed.issued.ticket
    said = LogReferral(visit_id, "wealth", "idle_money", WORDS[0], "refer_internal", "2026-03", "counter")
    referral = house.works.run(log_referral, said, cast.zhou)
    asked = appointments.Book("C1", "wealth", "R001", MORNING + timedelta(hours=2), 30, WORDS[1])
    booked = house.works.run(appointments.book, asked, cast.chen)
    house.works.run(queue.call_next, "W1", cast.zhou)
    for deed in (queue.start_service, queue.finish_service):
        house.works.run(deed, queue.AtPoint("W1", ticket.id), cast.zhou)
    house.works.run(rate, Rate(routed.issued.ticket_key, 4, WORDS[2]), cast.kiosk)
    return Life(visit_id, ticket.id, referral.id, booked.code)


def go_home(house: House, cast: Cast, visit_id: str) -> None:
    house.works.run(let_go, Leave(visit_id, "gone"), cast.chen)


def named_no_more(house: House, *known: Customer) -> None:
    """Head office's next full file is without them."""
    others = [each for each in (WANG, LI) if each not in known]
    lines = [line(1, customer_no=each.customer_no, ref=each.ref.hex(), name=each.name) for each in others]
    raw = file_of(*lines, line(9), head={"kind": "full"})
    take_customer_file(house, TakeFeed(read_customer_file(raw), may_shrink=True), system(HERE))


def erase(house: House, who: Customer) -> None:
    erasing.erase(house, Erase(who.id, erasing.ASKED), HERE)


def everything_sealed(house: House, database: Database) -> dict[str, list[str | None]]:
    """What each column of sealed values says, None for what can be read no more."""
    found: dict[str, list[str | None]] = {}
    with database.read() as db:
        for of in sealed_columns():
            for value in db.scalars(sa.select(of.column).where(sa.func.length(of.column) > 0)):
                try:
                    said: str | None = house.keys.open(value, of.purpose)
                except Erased:
                    said = None
                found.setdefault(str(of.column), []).append(said)
    return found


def is_sound(house: House) -> bool:
    with house.database.read() as db:
        return {name: faults for name, faults in run_checks(db, house.keys).items() if faults} == {}


# ---- Erased -------------------------------------------------------------------------------------------------------


def test_every_sealed_column_is_known_to_be_of_a_customer_or_not(house: House) -> None:
    """Whoever adds one decides here whether erasing a customer must take it away."""
    assert {each.column.table.name for each in sealed_columns()} == NOT_OF_CUSTOMERS | OF_CUSTOMERS | BY_HOLDERS


def test_of_an_erased_customer_nothing_is_left_but_an_id(house: House, life: Life) -> None:
    named_no_more(house, WANG)
    before = everything_sealed(house, house.database)
    assert all(any(words in str(found) for found in before.values()) for words in (*WORDS, WANG.name))
    erase(house, WANG)
    after = everything_sealed(house, house.database)
    assert all(None not in found for found in after.values())
    assert not any(words in str(after) for words in (*WORDS, WANG.name, 'risk_rating":3'))
    assert LI.name in after["customer.name_sealed"]
    with house.database.read() as db:
        found = customers.find(db, house.keys, WANG.id)
        assert found is not None and (found.name, found.customer_no, found.tier) == ("", "", "ordinary")
        assert (found.tags, found.consents, found.risk_rating) == ((), (), None)
        assert customers.find_by_number(db, house.keys, "C1") is None
        assert customers.find_by_ref(db, house.keys, WANG.ref) is None
        assert customers.names(db, house.keys, [WANG.id, LI.id]) == {WANG.id: "", LI.id: LI.name}
    assert is_sound(house)


def test_what_lives_ends_and_what_was_counted_stays(house: House, life: Life) -> None:
    named_no_more(house, WANG)
    erase(house, WANG)
    with house.database.read() as db:
        (referral,) = referrals.as_they_stand(db, [life.referral_id])
        booked = appointment_store.find_by_code(db, house.keys, HERE, life.appointment_code)
        stars = db.execute(sa.text("SELECT stars, note_sealed FROM ticket_rating")).all()
        visits = db.scalar(sa.text("SELECT count(*) FROM visit WHERE customer_id = :id"), {"id": WANG.id})
    assert (referral.state, referral.customer_id) == (ReferralState.WITHDRAWN, WANG.id)
    assert booked is not None and (booked.state, booked.note) == (AppointmentState.CANCELLED, "")
    assert (stars, visits) == ([(4, None)], 1)


def test_the_same_backup_opens_everybody_but_the_erased(house: House, life: Life, tmp_path: Path) -> None:
    """Made before, with every key in reach: that is what a stolen copy and a stolen machine would give."""
    copy = tmp_path / "copy"
    if house.settings.database.startswith("postgresql"):
        pytest.skip("the copy is pg_dump's: test_a_backup_that_is_put_back_is_erased_again puts it back and looks")
    backup.copy_to(house.settings.database, copy)
    named_no_more(house, WANG)
    erase(house, WANG)
    database = Database(f"sqlite:///{copy}")
    found = everything_sealed(house, database)
    database.close()
    assert [each for each in found["customer.name_sealed"] if each] == [LI.name]
    assert found["customer.number_sealed"].count(None) == found["customer.facts_sealed"].count(None) == 1
    assert found["referral.note_sealed"] == found["appointment.note_sealed"] == [None]
    assert set(found["offer.facts_sealed"]) == {None}
    raw = b"".join(each.read_bytes() for each in tmp_path.iterdir() if each.is_file())
    assert not any(words.encode() in raw for words in (*WORDS, WANG.name))


def test_the_database_s_own_log_opens_nothing_of_theirs(house: House, life: Life, tmp_path: Path) -> None:
    """Pages that were freed, and SQLite's log, still hold what was sealed: every such value there is."""
    if house.settings.database.startswith("postgresql"):
        pytest.skip("its pages are not a file of ours; the values in them are the same")
    with house.database.read() as db:
        row = db.execute(sa.select(customer).where(customer.c.id == WANG.id)).one()
    named_no_more(house, WANG)
    erase(house, WANG)
    raw = b"".join(each.read_bytes() for each in tmp_path.glob("lobby.sqlite3*"))
    assert row.name_sealed in raw, "the test should look where the old value still is"
    with pytest.raises(Erased):
        house.keys.open(row.name_sealed, "customer.name")


def test_sent_again_it_changes_nothing(house: House, life: Life) -> None:
    named_no_more(house, WANG)
    erase(house, WANG)
    before = everything_sealed(house, house.database)
    erase(house, WANG)
    assert everything_sealed(house, house.database) == before and is_sound(house)


def test_whoever_comes_back_is_somebody_else(house: House, life: Life) -> None:
    named_no_more(house, WANG)
    erase(house, WANG)
    again = file_of(line(1, customer_no="C1", ref=WANG.ref.hex(), name=WANG.name), as_of="2026-11-25")
    take_customer_file(house, TakeFeed(read_customer_file(again)), system(HERE))
    with house.database.read() as db:
        found = customers.find_by_number(db, house.keys, "C1")
    assert found is not None and found.id != WANG.id and found.name == WANG.name
    assert is_sound(house)


def test_a_prospect_goes_with_the_customer_they_turned_out_to_be(house: House, cast: Cast) -> None:
    prospect = house.works.run(enter_prospect, EnterProspect("新客人", CARD), cast.chen)
    take_customer_file(house, TakeFeed(read_customer_file(file_of(RICH))), system(HERE))
    named_no_more(house)
    erase(house, prospect)
    assert not any(name in str(everything_sealed(house, house.database)) for name in ("新客人", RICH["name"] + "-"))
    with house.database.read() as db:
        assert len(db.scalars(sa.select(customer.c.id).where(customer.c.erased_on.is_not(None))).all()) == 2
        assert customers.find_by_credential(db, house.keys, CARD.kind, CARD.value) is None
    assert is_sound(house)


# ---- Refused ------------------------------------------------------------------------------------------------------


def test_whom_head_office_names_and_who_is_here_stays(house: House, cast: Cast) -> None:
    before = everything_sealed(house, house.database)
    with pytest.raises(Conflict, match="still_named"):
        erase(house, WANG)
    with pytest.raises(NotFound):
        erase(house, replace(WANG, id=make.new_id()))
    assert everything_sealed(house, house.database) == before
    visit_id = make.arrival(house, cast.kiosk, make.seen(house, WANG)).visit.id
    named_no_more(house, WANG)
    with pytest.raises(Conflict, match="is_here"):
        erase(house, WANG)
    go_home(house, cast, visit_id)
    erase(house, WANG)


# ---- Put back, and cut off ----------------------------------------------------------------------------------------


def test_a_backup_that_is_put_back_is_erased_again(house: House, life: Life, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    backup.copy_to(house.settings.database, copy)
    named_no_more(house, WANG)
    erase(house, WANG)
    house.database.close()
    with backup.putting_back(house.settings.database, copy, MORNING):
        pass
    returned = build_house(house.settings, clock=StillClock(MORNING))
    try:
        found = everything_sealed(returned, returned.database)
        assert found["customer.name_sealed"].count(None) == 1 and found["referral.note_sealed"] == [None]
        with returned.database.read() as db:
            (fault,) = run_checks(db, returned.keys)["erasures"]
        assert fault == f"{WANG.id} is not erased, but their key is destroyed"
        assert erasing.catch_up(returned) == 1 and erasing.catch_up(returned) == 0
        assert all(None not in found for found in everything_sealed(returned, returned.database).values())
        assert is_sound(returned)
    finally:
        returned.database.close()


def test_a_process_that_dies_before_the_key_is_destroyed_is_caught_up_with(house: House, life: Life) -> None:
    named_no_more(house, WANG)
    (key_no,) = house.works.run(erasing.erase_rows, Erase(WANG.id, erasing.ASKED), system(HERE))
    with house.database.read() as db:
        assert run_checks(db, house.keys)["erasures"] == [f"key {key_no} of somebody erased is still there"]
    assert house.keys.own.key(key_no)
    Worker(house, make.TYPES).tidy()
    assert key_no in house.keys.own.destroyed() and is_sound(house)


def test_keys_that_are_older_than_the_database_are_refused_and_seen(house: House, cast: Cast, tmp_path: Path) -> None:
    older = tmp_path / "older"
    load_keyring(older, make=True)
    house.database.close()
    shutil.copy(older / "own_keys", tmp_path / "secrets" / "own_keys")
    with pytest.raises(Exception, match="own_keys is older than the database"):
        build_house(house.settings)


# ---- By the clock -------------------------------------------------------------------------------------------------


def erased(house: House) -> set[str]:
    with house.database.read() as db:
        return set(db.scalars(sa.select(customer.c.id).where(customer.c.erased_on.is_not(None))))


def test_whose_time_is_up_is_erased_by_the_worker(house: House, cast: Cast) -> None:
    prospect = house.works.run(enter_prospect, EnterProspect("新客人", CARD), cast.chen)
    named_no_more(house, WANG)
    worker = Worker(house, make.TYPES)
    make.still(house).advance(timedelta(days=89))
    worker.tidy()
    assert erased(house) == set()
    make.still(house).advance(timedelta(days=2))
    worker.tidy()
    assert erased(house) == {prospect.id, WANG.id} and is_sound(house)


def test_a_guest_is_erased_like_somebody_who_is_gone(house: House, cast: Cast) -> None:
    told = read_customer_file(file_of(line(7), as_of=TODAY.isoformat()))
    take_asked(house, told, system(HERE))
    with house.database.read() as db:
        guest = customers.find_by_number(db, house.keys, "C1007")
    assert guest is not None
    make.still(house).advance(timedelta(days=91))
    assert erasing.erase_whose_time_is_up(house) == 1 and erased(house) == {guest.id}
    take_asked(house, told, system(HERE))
    with house.database.read() as db:
        again = customers.find_by_number(db, house.keys, "C1007")
    assert again is not None and again.id != guest.id
    erase(house, again)
    assert erased(house) == {guest.id, again.id} and is_sound(house)


def test_a_visit_since_a_live_referral_or_an_appointment_puts_it_off(house: House, cast: Cast, life: Life) -> None:
    """The referral of 王 holds ninety days from when it was made; the file that no longer names them is older."""
    named_no_more(house, WANG, LI)
    visit_id = make.arrival(house, cast.kiosk, make.seen(house, LI)).visit.id
    make.still(house).advance(timedelta(days=91))
    assert erasing.erase_whose_time_is_up(house) == 0
    go_home(house, cast, visit_id)
    house.works.run(expire, life.referral_id, system(HERE))
    assert erasing.erase_whose_time_is_up(house) == 1 and erased(house) == {LI.id}
    with house.database.read() as db:
        booked = appointment_store.find_by_code(db, house.keys, HERE, life.appointment_code)
    assert booked is not None
    house.works.run(appointments.cancel, booked.id, cast.chen)
    assert erasing.erase_whose_time_is_up(house) == 1 and erased(house) == {LI.id, WANG.id}


# ---- Keys given later ---------------------------------------------------------------------------------------------


def test_whoever_was_entered_before_there_were_such_keys_is_given_one(house: House, cast: Cast) -> None:
    sealed = {
        "name_sealed": house.keys.seal(LI.name, "customer.name"),
        "number_sealed": house.keys.seal("C2", "customer.number"),
        "facts_sealed": None,
    }
    mine = customer.update().where(customer.c.id == LI.id)
    house.database.run(lambda db: db.execute(mine.values(key_no=None, **sealed)))
    rotation.rotate(house, HERE)
    with house.database.read() as db:
        key_no = customers.key_no(db, LI.id)
        found = customers.find_by_number(db, house.keys, "C2")
    assert key_no is not None and found is not None and found.name == LI.name
    named_no_more(house, LI)
    with house.database.read() as db:
        value = db.scalar(sa.select(customer.c.name_sealed).where(customer.c.id == LI.id))
    erase(house, LI)
    with pytest.raises(Erased):
        house.keys.open(value or b"", "customer.name")
    with pytest.raises(CannotOpen):
        house.keys.open((value or b"")[:-1], "customer.name")


def test_a_file_that_says_something_new_leaves_everybody_their_key(house: House, cast: Cast) -> None:
    take_customer_file(house, TakeFeed(read_customer_file(file_of(line(1), line(2)))), system(HERE))

    def numbers() -> dict[str, int]:
        with house.database.read() as db:
            return {row.id: row.key_no for row in db.execute(sa.select(customer.c.id, customer.c.key_no))}

    before = numbers()
    changed = file_of(line(1, name="另一个名字"), line(2), line(3), as_of="2026-11-25")
    take_customer_file(house, TakeFeed(read_customer_file(changed)), system(HERE))
    after = numbers()
    assert {each: after[each] for each in before} == before
    assert len(after) == len(before) + 1 and len(set(after.values())) == len(after)
