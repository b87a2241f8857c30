"""From the commit to the screens: in order, linked, to whom it concerns, and never before it is true."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
import sqlalchemy as sa

from lobby_server.branch import store as branches
from lobby_server.branch.actions import revoke
from lobby_server.branch.rules import Device
from lobby_server.kernel.actor import system
from lobby_server.kernel.errors import Conflict
from lobby_server.kernel.events import Recorded
from lobby_server.kernel.house import House
from lobby_server.kernel.tables import branch_clock
from lobby_server.kernel.work import Work
from lobby_server.queue import actions as queue
from lobby_server.queue.actions.waits import RefreshWaits, announce_waits
from lobby_server.queue.events import ExpectedWaitChanged
from lobby_server.queue.rules import Waits
from lobby_server.realtime.delivery import EVENTS_A_READ, Delivery, room_of
from lobby_server.visits import actions as visits
from lobby_server.visits.actions import caring
from tests import make
from tests.make import LI, WANG, Cast
from tests.screen import VOCABULARY, FakeWires, Screen, new_delivery, picture

AUDIENCES = ("lobby", "teller", "rm", "head", "kiosk", "wall", "ticket")


class Tape(FakeWires):
    """Wires that keep every frame for the rooms that somebody listens in on."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: list[tuple[str, str, Any]] = []

    def send(self, room: str, name: str, payload: Any) -> None:
        self.frames.append((room, name, json.loads(json.dumps(payload))))
        super().send(room, name, payload)

    def of(self, audience: str, branch_id: str = make.HERE) -> list[tuple[str, Any]]:
        """What a room heard, in order."""
        return [(name, payload) for room, name, payload in self.frames if room == room_of(branch_id, audience)]

    def events(self, audience: str, branch_id: str = make.HERE) -> list[Any]:
        """The events of its `news`."""
        return [event for name, said in self.of(audience, branch_id) if name == "news" for event in said["events"]]


@pytest.fixture
def tape() -> Tape:
    """Everything that was sent."""
    return Tape()


@pytest.fixture
def delivery(house: House, cast: Cast, tape: Tape) -> Delivery:
    """A delivery that has had its first round."""
    made = Delivery(house, VOCABULARY, tape, lambda _event: None)
    made.deliver()
    return made


def a_morning(house: House, cast: Cast) -> None:
    """One of everything: 王 is claimed, called, served and gone; 李 waits; somebody chose nothing."""
    make.opened(house, cast.zhou)
    visit_id = make.routed(house, cast.kiosk, "cash", make.seen(house, WANG)).visit.id
    house.works.run(caring.claim, visit_id, cast.chen)
    make.routed(house, cast.kiosk, "loan", make.seen(house, LI))
    make.arrival(house, cast.kiosk)
    called = house.works.run(queue.call_next, "W1", cast.zhou)
    assert called is not None
    for deed in (queue.start_service, queue.finish_service):
        house.works.run(deed, queue.AtPoint("W1", called.id), cast.zhou)
    house.works.run(announce_waits, RefreshWaits(make.HERE, {"A": Waits(0, 60, 120)}), cast.zhou)


def restore(house: House, epoch: str) -> None:
    """As after a restore: another history begins."""
    there = branch_clock.update().where(branch_clock.c.branch_id == make.HERE)
    house.database.run(lambda db: db.execute(there.values(epoch=epoch)))


# ---- Beats --------------------------------------------------------------------------------------------------------


def test_after_five_seconds_of_silence_each_audience_is_told_its_newest_number(
    house: House, cast: Cast, delivery: Delivery, tape: Tape
) -> None:
    make.arrival(house, cast.kiosk)
    delivery.deliver()
    tape.frames.clear()
    make.advance(house, 4.9)
    delivery.deliver()
    assert tape.frames == []
    make.advance(house, 0.1)
    delivery.deliver()
    delivery.deliver()
    newest = {audience: tape.of(audience) for audience in AUDIENCES}
    epoch = picture(house, cast.chen)["epoch"]
    for audience, frames in newest.items():
        seq = 1 if audience in ("lobby", "teller", "rm", "head") else 0
        assert frames == [("beat", {"epoch": epoch, "seq": seq})], audience


def test_whoever_just_heard_news_needs_no_beat(house: House, cast: Cast, delivery: Delivery, tape: Tape) -> None:
    make.advance(house, 4)
    make.arrival(house, cast.kiosk)
    delivery.deliver()
    make.advance(house, 1)
    delivery.deliver()
    assert [name for name, _payload in tape.of("lobby")] == ["news"]
    assert [name for name, _payload in tape.of("wall")] == ["beat"]


def test_a_lost_last_event_is_noticed_by_the_beat(house: House, cast: Cast) -> None:
    delivery, wires = new_delivery(house)
    tablet = Screen(house, cast.chen, wires, delivery, "tablet")
    tablet.connect()
    members, wires.rooms = wires.rooms, {}
    make.arrival(house, cast.kiosk)
    delivery.deliver()  # lost on the way
    wires.rooms = members
    assert tablet.visits == {}
    make.advance(house, 5)
    delivery.deliver()
    tablet.shows_what_is()


# ---- Links --------------------------------------------------------------------------------------------------------


def test_every_audience_can_follow_its_events_without_a_gap(
    house: House, cast: Cast, delivery: Delivery, tape: Tape
) -> None:
    for _ in range(3):
        a_morning(house, cast)
        house.works.run(queue.end_day, make.HERE, system(make.HERE))
        delivery.deliver()
    for audience in AUDIENCES:
        links = [(event["prev_seq"], event["seq"]) for event in tape.events(audience)]
        assert links and links[0][0] == 0, audience
        assert all(before[1] == after[0] < after[1] for before, after in itertools.pairwise(links)), audience
    assert len(tape.events("wall")) < len(tape.events("lobby"))


def test_a_filtered_event_links_over(house: House, cast: Cast, delivery: Delivery, tape: Tape) -> None:
    make.opened(house, cast.zhou)
    delivery.deliver()
    tape.frames.clear()
    make.ticket(house, cast.kiosk)
    make.ticket(house, cast.kiosk)
    delivery.deliver()
    assert [event["type"] for event in tape.events("lobby")] == [
        "visit.arrived",
        "ticket.issued",
        "visit.routed",
    ] * 2
    assert [(event["prev_seq"], event["seq"]) for event in tape.events("wall")] == [(2, 4), (4, 7)]


def test_what_nobody_is_told_moves_nobodys_number(house: House, cast: Cast, delivery: Delivery, tape: Tape) -> None:
    kiosk = _enrolled(house)
    house.works.run(revoke, kiosk, system(make.HERE))
    delivery.deliver()
    assert tape.frames == []
    make.advance(house, 5)
    delivery.deliver()
    assert {payload["seq"] for _room, _name, payload in tape.frames} == {0}


def test_a_long_backlog_is_sent_whole_and_in_order(house: House, cast: Cast, delivery: Delivery, tape: Tape) -> None:
    def many(work: Work, _request: None) -> None:
        for _ in range(EVENTS_A_READ + 50):
            work.record(ExpectedWaitChanged(make.HERE, {}))

    house.works.run(many, None, cast.zhou)
    delivery.deliver()
    assert [event["seq"] for event in tape.events("wall")] == list(range(1, EVENTS_A_READ + 51))


# ---- Coming back --------------------------------------------------------------------------------------------------


@pytest.fixture
def tablet(house: House, cast: Cast, delivery: Delivery, tape: Tape) -> Screen:
    """A tablet that saw a morning and then lost its connection."""
    screen = Screen(house, cast.chen, tape, delivery, "tablet")
    screen.connect()
    a_morning(house, cast)
    delivery.deliver()
    screen.drop()
    tape.frames.clear()
    return screen


def frames_to(tape: Tape, name: str = "tablet") -> list[str]:
    return [kind for room, kind, _payload in tape.frames if room == name]


def test_whoever_comes_back_gets_what_was_missed_and_fetches_nothing(
    house: House, cast: Cast, tablet: Screen, tape: Tape
) -> None:
    fetched = tablet.fetched
    make.ticket(house, cast.kiosk)
    tablet.connect()
    assert frames_to(tape) == ["news"]
    assert tablet.fetched == fetched
    tablet.shows_what_is()


def test_whoever_missed_nothing_gets_a_beat(tablet: Screen, tape: Tape) -> None:
    tablet.connect()
    assert frames_to(tape) == ["beat"]
    tablet.shows_what_is()


@pytest.mark.parametrize("number", ["ahead", "negative", "none"])
def test_a_number_that_cannot_be_gets_a_reset(house: House, tablet: Screen, tape: Tape, number: str) -> None:
    tablet.seq = {"ahead": tablet.seq + 1, "negative": -1, "none": 0}[number]
    if number == "none":
        tablet.epoch = ""
    tablet.connect()
    assert frames_to(tape) == ["reset"]
    tablet.shows_what_is()


def test_too_far_behind_gets_a_reset_and_just_not_too_far_gets_all(house: House, cast: Cast) -> None:
    make.opened(house, cast.zhou)
    few = make.house(house.settings.database_url, replay_events_max=3)
    for tickets, kind in ((1, "news"), (2, "reset")):  # three events a ticket
        tape = Tape()
        delivery = Delivery(few, VOCABULARY, tape, lambda _event: None)
        screen = Screen(few, cast.chen, tape, delivery, "tablet")
        screen.connect()
        screen.drop()
        tape.frames.clear()
        for _ in range(tickets):
            make.ticket(few, cast.kiosk)
        screen.connect()
        assert frames_to(tape) == [kind]
        screen.shows_what_is()
    few.database.close()


def test_a_restored_database_starts_everybody_anew(house: House, cast: Cast, delivery: Delivery, tape: Tape) -> None:
    here, away = (Screen(house, cast.chen, tape, delivery, name) for name in ("here", "away"))
    for screen in (here, away):
        screen.connect()
    away.drop()
    tape.frames.clear()
    restore(house, "another history")
    delivery.deliver()
    for audience in AUDIENCES:
        assert [name for name, _payload in tape.of(audience)] == ["reset"], audience
    away.connect()
    assert frames_to(tape, "away") == ["reset"]
    for screen in (here, away):
        assert screen.epoch == "another history"
        screen.shows_what_is()
    make.arrival(house, cast.kiosk)
    delivery.deliver()
    here.shows_what_is()


def test_a_restored_database_with_fewer_events_does_not_silence_anybody(house: House, cast: Cast) -> None:
    """The new history may be shorter than what was sent of the old one."""
    delivery, wires = new_delivery(house)
    tablet = Screen(house, cast.chen, wires, delivery, "tablet")
    tablet.connect()
    restore(house, "another history")
    delivery.deliver()
    make.arrival(house, cast.kiosk)
    delivery.deliver()
    assert len(tablet.visits) == 1
    tablet.shows_what_is()


# ---- True, and to whom it concerns --------------------------------------------------------------------------------


def test_nothing_is_sent_before_the_commit_or_of_what_was_rolled_back(
    house: House, cast: Cast, delivery: Delivery, tape: Tape
) -> None:
    def arrive_and_look(work: Work, _request: None) -> None:
        visits.arrive(work, visits.Arrive(make.new_id(), None, "zh-CN", 1))
        work.flush()
        delivery.deliver()
        raise Conflict("changed")

    with pytest.raises(Conflict):
        house.works.run(arrive_and_look, None, cast.kiosk)
    delivery.deliver()
    assert tape.frames == []
    make.arrival(house, cast.kiosk)
    delivery.deliver()
    assert [event["seq"] for event in tape.events("lobby")] == [1]


def test_another_branch_hears_nothing(house: House, cast: Cast, delivery: Delivery, tape: Tape) -> None:
    foreign = Screen(house, cast.zheng, tape, delivery, "foreign")
    foreign.connect()
    a_morning(house, cast)
    delivery.deliver()
    assert [name for room, name, _ in tape.frames if room.startswith(make.ELSEWHERE)] == []
    assert (foreign.seq, foreign.visits, foreign.tickets, foreign.applied) == (0, {}, {}, [])


@pytest.mark.parametrize("audience", ["kiosk", "wall", "ticket"])
def test_the_hall_is_never_told_a_name_a_tier_a_visit_or_an_id(
    house: House, cast: Cast, delivery: Delivery, tape: Tape, audience: str
) -> None:
    a_morning(house, cast)
    house.works.run(queue.end_day, make.HERE, system(make.HERE))
    delivery.deliver()
    heard = json.dumps([event["data"] for event in tape.events(audience)], ensure_ascii=False)
    assert len(tape.events(audience)) >= 7
    secrets = [*"王李周陈", "private", "vip", "T001", "L001", "masked", "customer", "visit", "tier", "staff_no"]
    with house.database.read() as db:
        for table in ("visit", "ticket", "customer", "staff", "branch_clock"):
            column = "epoch" if table == "branch_clock" else "id"
            secrets += db.scalars(sa.text(f"SELECT {column} FROM {table}"))
    assert len(secrets) > 20
    assert [secret for secret in secrets if secret in heard] == []


def test_staff_are_told_masked_names_and_never_full_ones(
    house: House, cast: Cast, delivery: Delivery, tape: Tape
) -> None:
    a_morning(house, cast)
    delivery.deliver()
    for audience in ("lobby", "teller", "rm", "head"):
        heard = json.dumps(tape.events(audience), ensure_ascii=False)
        assert "王*明" in heard and "李*英" in heard
        assert WANG.name not in heard and LI.name not in heard and '"C1"' not in heard


def test_screens_of_every_kind_show_what_is(house: House, cast: Cast, delivery: Delivery, tape: Tape) -> None:
    screens = [Screen(house, who, tape, delivery, who.number) for who in (cast.chen, cast.zhou, cast.wu)]
    for screen in screens:
        screen.connect()
    a_morning(house, cast)
    delivery.deliver()
    for screen in screens:
        assert screen.applied
        screen.shows_what_is()


def test_whoever_listens_inside_is_told_each_event_once(house: House, cast: Cast) -> None:
    told: list[Recorded] = []
    delivery = Delivery(house, VOCABULARY, FakeWires(), told.append)
    delivery.deliver()
    a_morning(house, cast)
    for _ in range(2):
        delivery.deliver()
    assert [each.seq for each in told] == list(range(1, len(told) + 1))


def test_a_wire_that_breaks_costs_no_event(house: House, cast: Cast) -> None:
    class Breaking(Tape):
        """Fails once."""

        is_broken = True

        def send(self, room: str, name: str, payload: Any) -> None:
            if self.is_broken and room == room_of(make.HERE, "teller"):
                self.is_broken = False
                raise OSError("gone")
            super().send(room, name, payload)

    tape = Breaking()
    delivery = Delivery(house, VOCABULARY, tape, lambda _event: None)
    delivery.deliver()
    make.arrival(house, cast.kiosk)
    with pytest.raises(OSError, match="gone"):
        delivery.deliver()
    delivery.deliver()
    for audience in ("lobby", "teller", "rm", "head"):
        assert 1 in [event["seq"] for event in tape.events(audience)], audience


def _enrolled(house: House) -> str:
    """The id of a kiosk that was let in."""
    new = Device(make.new_id(), make.HERE, "kiosk", "门口", None, None)
    house.database.run(lambda db: branches.add_device(db, new, {}, house.clock.now()))
    return new.id
