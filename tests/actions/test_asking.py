"""Somebody of another branch comes: head office is asked, in time for the greeting or for the queue."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from lobby_server.admin.asking import QUESTIONS_AT_ONCE_MAX, HeadOffice, head_office_of
from lobby_server.customers import store as customers
from lobby_server.customers.actions.feed import take_asked, take_customer_file
from lobby_server.customers.rules import Customer
from lobby_server.customers.wire import read_customer_file
from lobby_server.identification.rules import APPOINTMENT, CARD_TOKEN, Seen, Verdict
from lobby_server.kernel.actor import system
from lobby_server.kernel.errors import Conflict, Invalid
from lobby_server.kernel.feeds import Outcome, TakeFeed
from lobby_server.kernel.house import House
from lobby_server.kernel.settings import BadSettings
from lobby_server.queue import store as queue
from lobby_server.visits import store
from lobby_server.visits.actions import Arrive, arrive, caring
from lobby_server.visits.actions.recognising import Recognise, recognise
from lobby_server.visits.rules import ServiceLevel, Visit, VisitState
from tests import make
from tests.answering import Desk, answering
from tests.feeds import file_of, line
from tests.make import HERE, LI, TODAY, Cast

SETTINGS = """
connector = "simulated"
[ask]
address = "http://127.0.0.1:{port}"
allowed = ["127.0.0.0/8"]
path = "/customers/ask"
headers = {{ Authorization = "Bearer {{secret}}" }}
"""
TOKEN, OLDER = "v2:abcdefghijklmnopqrstuv", "v1:vutsrqponmlkjihgfedcba"
CARD = Seen(Verdict.OK, kind=CARD_TOKEN, value=TOKEN, older=(OLDER,))
HELD = [{"kind": "card_token", "token": TOKEN}]
INFLOW = {"name": "large_inflow", "value": {"arrived_on": TODAY.isoformat()}, "as_of": TODAY.isoformat()}
DIAMOND = line(7, name="诸葛明", tier="diamond", credentials=HELD, tags=[INFLOW])


@dataclass
class Office:
    """Head office: what it answers, when, and what it was asked."""

    http_code: int = 200
    body: bytes = field(default_factory=lambda: file_of(DIAMOND))
    asked: list[dict[str, Any]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    may_answer: threading.Event = field(default_factory=threading.Event)
    port: int = 0


@pytest.fixture
def office() -> Iterator[Office]:
    """One that answers at once, unless it is told to wait."""
    told = Office()
    told.may_answer.set()

    class Customers(Desk):
        def do_POST(self) -> None:  # noqa: N802  # a name that the library calls
            told.asked.append(json.loads(self.body()))
            told.tokens.add(self.headers["Authorization"])
            told.may_answer.wait(10)
            self.answer(told.http_code, b"" if told.http_code != 200 else told.body)

    with answering(Customers) as told.port:
        yield told
        told.may_answer.set()


@pytest.fixture
def house(database_url: str, tmp_path: Path, office: Office) -> Iterator[House]:
    """One whose settings name head office."""
    built = make.speaking_house(database_url, tmp_path, SETTINGS.format(port=office.port))
    yield built
    built.database.close()


@pytest.fixture
def elsewhere(house: House) -> Iterator[HeadOffice]:
    found = head_office_of(house)
    assert found is not None
    yield found
    for thread in threading.enumerate():
        if thread.name == "ask-head-office":
            thread.join(10)
    found.close()


def comes(house: House, cast: Cast, elsewhere: HeadOffice, seen: Seen = CARD) -> Visit:
    """Somebody holds something to the kiosk, as the door has it."""
    visit_id = make.new_id()
    elsewhere.ask(seen, visit_id, HERE)
    return house.works.run(arrive, Arrive(visit_id, seen, "zh-CN", 1), cast.kiosk).visit


def answers_late(house: House, office: Office, visit: Visit) -> Visit:
    """The visit when head office has spoken at last."""
    office.may_answer.set()
    for thread in threading.enumerate():
        if thread.name == "ask-head-office":
            thread.join(10)
    return now(house, visit)


def now(house: House, visit: Visit) -> Visit:
    with house.database.read() as db:
        found = store.find(db, HERE, visit.id)
    assert found is not None
    return found


def customer(house: House, number: int = 7) -> Customer | None:
    with house.database.read() as db:
        return customers.find_by_number(db, house.keys, f"C100{number}")


def take(house: House, raw: bytes, *, may_shrink: bool = False) -> Outcome:
    return take_customer_file(house, TakeFeed(read_customer_file(raw), may_shrink=may_shrink), system(HERE))


# ---- In time ------------------------------------------------------------------------------------------------------


def test_a_customer_of_another_branch_is_greeted_as_one(
    house: House, cast: Cast, elsewhere: HeadOffice, office: Office
) -> None:
    visit = comes(house, cast, elsewhere)
    guest = customer(house)
    assert guest is not None and guest.name == "诸葛明"
    assert (visit.customer_id, visit.tier, visit.service_level) == (guest.id, "diamond", ServiceLevel.VIP)
    assert visit.greeting.endswith("_customer")
    assert office.asked == [{"kind": "card_token", "values": [TOKEN, OLDER]}]
    assert office.tokens == {"Bearer open sesame"}


def test_a_code_is_asked_for_by_its_handle(house: House, cast: Cast, elsewhere: HeadOffice, office: Office) -> None:
    stranger = replace(LI, ref=bytes.fromhex("00000000000000a7"))
    office.body = file_of(line(7, ref="00000000000000a7"))
    visit = comes(house, cast, elsewhere, make.seen(house, stranger))
    assert visit.tier == "gold"
    assert office.asked == [{"kind": "ref", "values": ["00000000000000a7"]}]


def test_who_is_known_here_is_not_asked_for_again(
    house: House, cast: Cast, elsewhere: HeadOffice, office: Office
) -> None:
    comes(house, cast, elsewhere, make.seen(house, LI))
    first = comes(house, cast, elsewhere)
    comes(house, cast, elsewhere)
    assert [each["kind"] for each in office.asked] == ["card_token"] and first.customer_id is not None


def test_an_appointment_is_nothing_that_head_office_is_asked_for(
    house: House, elsewhere: HeadOffice, office: Office
) -> None:
    elsewhere.ask(Seen(Verdict.OK, kind=APPOINTMENT, value="K7M4"), make.new_id(), HERE)
    assert office.asked == []


# ---- Too late -----------------------------------------------------------------------------------------------------


def test_who_is_named_late_is_recognised_in_the_queue(
    house: House, cast: Cast, elsewhere: HeadOffice, office: Office
) -> None:
    office.may_answer.clear()
    visit = comes(house, cast, elsewhere)
    assert (visit.customer_id, visit.tier, visit.service_level) == (None, None, ServiceLevel.ORDINARY)
    with house.database.read() as db:
        before = db.exec_driver_sql("SELECT max(seq) FROM event").scalar() or 0
    recognised = answers_late(house, office, visit)
    guest = customer(house)
    assert guest is not None and recognised.customer_id == guest.id
    assert (recognised.tier, recognised.service_level) == ("diamond", ServiceLevel.VIP)
    assert recognised.need is not None and recognised.need.code == "wealth"
    with house.database.read() as db:
        rows = db.exec_driver_sql(f"SELECT type FROM event WHERE seq > {before} ORDER BY seq").scalars().all()
    assert rows[:2] == ["visit.changed", "alert.raised"]


def test_their_ticket_is_weighed_as_theirs_and_their_choice_stays(house: House, cast: Cast) -> None:
    begun = make.routed(house, cast.kiosk, "cash")
    take_asked(house, read_customer_file(file_of(DIAMOND)), system(HERE))
    assert house.works.run(recognise, Recognise(begun.visit.id, CARD), system(HERE))
    recognised = now(house, begun.visit)
    assert (recognised.service_level, recognised.service_type) == (ServiceLevel.VIP, "cash")
    assert recognised.need is not None and recognised.need.code == "cash"
    with house.database.read() as db:
        ticket = queue.live_ticket_of(db, begun.visit.id)
    assert ticket is not None and ticket.service_level == "vip" and ticket.arrived_at == begun.issued.ticket.arrived_at


def test_a_level_set_by_hand_stays(house: House, cast: Cast, elsewhere: HeadOffice, office: Office) -> None:
    office.may_answer.clear()
    visit = comes(house, cast, elsewhere)
    raised = caring.SetLevel(visit.id, ServiceLevel.VULNERABLE, "拐杖")
    house.works.run(caring.set_level, raised, cast.chen)
    recognised = answers_late(house, office, visit)
    assert (recognised.tier, recognised.service_level) == ("diamond", ServiceLevel.VULNERABLE)
    assert recognised.level_reason is not None and recognised.level_reason.code == "by_hand"


def test_whoever_has_left_or_is_here_already_is_let_be(house: House, cast: Cast) -> None:
    gone, second = (make.arrival(house, cast.kiosk).visit for _ in range(2))
    house.works.run(caring.let_go, caring.Leave(gone.id, "no_time"), cast.chen)
    take_asked(house, read_customer_file(file_of(DIAMOND)), system(HERE))
    first = house.works.run(arrive, Arrive(make.new_id(), CARD, "zh-CN", 1), cast.kiosk).visit
    for each in (gone, second):
        assert house.works.run(recognise, Recognise(each.id, CARD), system(HERE))
        assert now(house, each).customer_id is None
    assert first.customer_id is not None and now(house, gone).state is VisitState.LEFT


def test_a_visit_that_is_not_there_yet_is_looked_for_again(house: House, cast: Cast) -> None:
    assert not house.works.run(recognise, Recognise(make.new_id(), CARD), system(HERE))


# ---- No answer ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("http_code", "body"),
    [
        (404, b""),
        (204, b""),
        (500, b""),
        (200, b"<html>"),
        (200, file_of()),
        (200, file_of(line(7, credentials=HELD), line(8))),
        (200, file_of(line(7, tier="emperor"))),
    ],
    ids=["unknown", "nobody", "broken", "a page", "empty", "two", "a wrong line"],
)
def test_whoever_head_office_does_not_name_is_served_as_a_stranger(
    house: House, cast: Cast, elsewhere: HeadOffice, office: Office, http_code: int, body: bytes
) -> None:
    office.http_code, office.body = http_code, body
    visit = comes(house, cast, elsewhere)
    assert len(office.asked) == 1
    assert (visit.customer_id, visit.state) == (None, VisitState.ARRIVED)
    assert customer(house, 7) is None and customer(house, 8) is None


def test_with_head_office_away_everybody_is_served(
    house: House, cast: Cast, database_url: str, tmp_path: Path, office: Office
) -> None:
    (tmp_path / "head-office.toml").write_text(SETTINGS.format(port=1))
    elsewhere = head_office_of(house)
    assert elsewhere is not None
    assert comes(house, cast, elsewhere).customer_id is None


def test_with_every_line_busy_nobody_waits(house: House, cast: Cast, elsewhere: HeadOffice, office: Office) -> None:
    office.http_code = 404
    office.may_answer.clear()
    for n in range(QUESTIONS_AT_ONCE_MAX + 3):
        elsewhere.ask(replace(CARD, value=f"v2:abcdefghijklmnopqrst{n:02}"), make.new_id(), HERE)
    office.may_answer.set()
    for thread in threading.enumerate():
        if thread.name == "ask-head-office":
            thread.join(10)
    assert len(office.asked) == QUESTIONS_AT_ONCE_MAX
    elsewhere.ask(CARD, make.new_id(), HERE)
    assert len(office.asked) == QUESTIONS_AT_ONCE_MAX + 1


# ---- Guests and files ---------------------------------------------------------------------------------------------


def full(*lines: dict[str, Any], **changes: Any) -> bytes:
    return file_of(*lines, head={"kind": "full"}, **changes)


def asked(house: House, *numbers: int) -> None:
    for number in numbers:
        take_asked(house, read_customer_file(file_of(line(number))), system(HERE))


def test_a_full_file_lets_guests_go_and_does_not_count_them_as_missing(house: House, cast: Cast) -> None:
    ours = [line(n, tags=[]) for n in range(10, 16)]
    take(house, full(*ours), may_shrink=True)
    asked(house, 1, 2, 3)
    assert take(house, full(*ours, as_of="2026-11-25")).gone == 3
    guest = customer(house, 1)
    assert guest is not None and guest.gone_on is not None and guest.tags == ()


def test_a_guest_whom_a_file_names_is_a_customer_of_this_branch(house: House, cast: Cast) -> None:
    ours = [line(n, tags=[]) for n in range(10, 13)]
    take(house, full(*ours), may_shrink=True)
    asked(house, 1)
    assert take(house, full(*ours, line(1), as_of="2026-11-25")) == Outcome(changed=1, unchanged=3)
    with pytest.raises(Conflict, match="file_shrank"):
        take(house, full(*ours, as_of="2026-11-26"))


def test_being_asked_for_makes_nobody_a_guest_whom_a_file_has_named(house: House, cast: Cast) -> None:
    take(house, full(line(1), line(2)), may_shrink=True)
    take_asked(house, read_customer_file(file_of(line(1, credentials=HELD))), system(HERE))
    with pytest.raises(Conflict, match="file_shrank"):
        take(house, full(line(2), as_of="2026-11-25"))


def test_an_answer_holds_no_file_up(house: House, cast: Cast) -> None:
    take_asked(house, read_customer_file(file_of(line(1), as_of="2026-12-24")), system(HERE))
    assert take(house, file_of(line(2), as_of="2026-11-25")) == Outcome(added=1)


def test_a_guest_who_comes_while_a_file_with_them_is_staged_sends_the_file_back(
    house: House, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("lobby_server.customers.actions.feed.time.sleep", lambda _s: asked(house, 1))
        with pytest.raises(Conflict, match="feed_moved"):
            take(house, file_of(line(1), line(2)))
    assert take(house, file_of(line(1), line(2))) == Outcome(added=1, changed=1)


def test_while_a_file_is_entered_nobody_is_taken_as_a_guest(
    house: House, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_given: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("lobby_server.customers.store.loading.enter", dies)
        with pytest.raises(KeyboardInterrupt):
            take(house, file_of(line(1), line(2)))
    with pytest.raises(Conflict, match="feed_moved"):
        asked(house, 1)
    assert take(house, file_of(line(3))) == Outcome(added=1)
    asked(house, 1)
    assert customer(house, 1) is not None


def test_one_answer_names_one_customer(house: House, cast: Cast) -> None:
    with pytest.raises(Invalid, match="not_one"):
        take_asked(house, read_customer_file(file_of(line(1), line(2))), system(HERE))


# ---- Settings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "word"),
    [('colour = "red"', "no 'colour'"), ('address = "ftp://hq.example"', "expected https"), ("headers = 1", "int")],
)
def test_settings_that_are_wrong_are_named(house: House, tmp_path: Path, wrong: str, word: str) -> None:
    (tmp_path / "head-office.toml").write_text(f'connector = "simulated"\n[ask]\n{wrong}\n')
    with pytest.raises(BadSettings, match=word):
        head_office_of(house)


def test_without_the_part_nobody_is_asked(house: House, tmp_path: Path) -> None:
    (tmp_path / "head-office.toml").write_text('connector = "simulated"\n')
    assert head_office_of(house) is None
