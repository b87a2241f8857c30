"""Webhooks: signed, in order, sent again until they are heard, and never into the bank's own network unasked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from lobby_server.app import Lobby
from lobby_server.kernel import event_log
from lobby_server.kernel.actor import system
from lobby_server.kernel.house import House
from lobby_server.kernel.outward import BadPlace, Place
from lobby_server.webhooks import store
from lobby_server.webhooks.actions import Replay, replay
from lobby_server.webhooks.rules import EVENTS_AT_ONCE, GIVEN_UP_AFTER, WEBHOOKS_MAX
from lobby_server.webhooks.sender import Sender
from lobby_server.webhooks.wire import webhook_seen
from tests import make
from tests.doors import calling
from tests.doors.calling import Callers, audit_rows, refusal, told
from tests.make import ELSEWHERE, HERE, Cast
from tests.receiver import Receiver, receiver

OUTSIDE = "https://1.1.1.1/hooks"  # an address that is open to the outside; nobody is asked for its name


@dataclass
class Open:
    """A branch that may speak to this machine, its sender, and who knocks."""

    house: House
    cast: Cast
    callers: Callers
    sender: Sender

    def send(self, rounds: int = 1) -> None:
        for _ in range(rounds):
            self.sender.send()

    def arrive(self, count: int = 1) -> None:
        for _ in range(count):
            make.arrival(self.house, self.cast.kiosk)

    def added(self, url: str) -> Any:
        return told(self.callers.admin.post("/webhooks", {"url": url}))

    def standing(self) -> Any:
        """As the administrator sees it; read beside the door, for a sign-in ends before the three days do."""
        with self.house.database.read() as db:
            return [webhook_seen(row).model_dump() for row in store.listed(db, HERE)]


@pytest.fixture
def branch(house: House, cast: Cast) -> Open:
    listed = replace(house, settings=replace(house.settings, webhook_networks=("127.0.0.0/8",)))
    lobby: Lobby = calling.open_doors(listed)
    return Open(listed, cast, calling.let_in(lobby), Sender(listed, lobby.vocabulary))


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as listening:
        yield listening


def test_a_webhook_hears_what_happens_from_then_on_in_order_and_signed(branch: Open, there: Receiver) -> None:
    branch.arrive()
    secret = branch.added(there.url)["secret"]
    branch.arrive(2)
    branch.send(2)
    assert there.is_signed(secret) and not there.is_signed("another")
    events = there.events()
    assert [each["type"] for each in events].count("visit.arrived") == 2
    numbers = [int(each["sequence"]) for each in events]
    assert numbers == sorted(set(numbers))
    assert {(each["source"], each["specversion"]) for each in events} == {(f"/branches/{HERE}", "1.0")}
    assert len({each["id"] for each in events}) == len(events)
    assert there.heard[0][0]["content-type"] == "application/cloudevents-batch+json"


def test_it_hears_the_same_as_head_offices_programs_read(branch: Open, there: Receiver) -> None:
    branch.added(there.url)
    [before] = branch.standing()
    branch.arrive()
    branch.send()
    read = told(branch.callers.program.get(f"/events?after={before['after']}"))["events"]
    assert [each["data"] for each in there.events()] == [each["data"] for each in read]


def test_another_branch_is_not_heard(branch: Open, there: Receiver) -> None:
    branch.added(there.url)
    make.arrival(branch.house, branch.cast.foreign_kiosk)
    branch.send()
    assert there.heard == []
    assert ELSEWHERE not in str(there.heard)


def test_who_does_not_answer_is_told_again_and_nothing_is_left_out(branch: Open, there: Receiver) -> None:
    branch.added(there.url)
    there.http_code = 500
    branch.arrive()
    branch.send()
    [seen] = branch.standing()
    assert (seen["failures"], seen["reason"], seen["is_given_up"]) == (1, "http_500", False)
    there.http_code = 204
    first, there.heard = there.events(), []
    branch.arrive()
    make.advance(branch.house, 301)
    branch.send()
    assert there.events()[: len(first)] == first
    assert [each["type"] for each in there.events()].count("visit.arrived") == 2
    assert branch.standing()[0]["failures"] == 0


def test_a_long_backlog_comes_in_batches_of_which_none_is_left_out(branch: Open, there: Receiver) -> None:
    branch.added(there.url)
    branch.arrive(EVENTS_AT_ONCE + 7)
    branch.send(6)
    with branch.house.database.read() as db:
        last = event_log.position(db, HERE).seq
    assert len(there.heard) > 1
    assert [each["type"] for each in there.events()].count("visit.arrived") == EVENTS_AT_ONCE + 7
    assert branch.standing()[0]["after"] == last


def test_after_three_days_of_silence_it_is_asked_no_more_until_it_is_replayed(branch: Open, there: Receiver) -> None:
    added = branch.added(there.url)
    there.http_code = 503
    branch.arrive()
    branch.send()
    make.advance(branch.house, GIVEN_UP_AFTER.total_seconds())
    branch.send()
    assert branch.standing()[0]["is_given_up"]
    assert ("give_up_webhook", added["id"]) in audit_rows(branch.house)
    asked, there.http_code = len(there.heard), 204
    make.advance(branch.house, 3600)
    branch.send()
    assert len(there.heard) == asked
    branch.house.works.run(replay, Replay(added["id"], 0), branch.callers.admin.who)
    branch.send()
    assert int(there.events()[-1]["sequence"]) > 0 and not branch.standing()[0]["is_given_up"]


def test_a_replay_begins_after_the_number_that_is_given_and_never_after_one_to_come(
    branch: Open, there: Receiver
) -> None:
    branch.arrive()
    path = f"/webhooks/{branch.added(there.url)['id']}/replay"
    assert refusal(branch.callers.admin.post(path, {"after": 10**6})) == (409, "not_yet")
    told(branch.callers.admin.post(path, {"after": 0}))
    assert told(branch.callers.admin.get("/webhooks"))["webhooks"][0]["after"] == 0
    branch.send()
    assert [each["type"] for each in there.events()].count("visit.arrived") == 1


def test_a_redirect_is_not_followed(branch: Open, there: Receiver) -> None:
    with receiver() as inside:
        there.http_code, there.location = 302, inside.url
        branch.added(there.url)
        branch.arrive()
        branch.send()
        assert (len(there.heard), inside.heard) == (1, [])
    assert branch.standing()[0]["reason"] == "http_302"


def test_a_removed_webhook_hears_nothing(branch: Open, there: Receiver) -> None:
    webhook_id = branch.added(there.url)["id"]
    told(branch.callers.admin.post(f"/webhooks/{webhook_id}/remove"))
    branch.arrive()
    branch.send()
    assert there.heard == [] and branch.standing() == []
    assert refusal(branch.callers.admin.post(f"/webhooks/{webhook_id}/remove")) == (404, "webhook")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/x",
        "https://0x7f000001/x",
        "https://2130706433/x",
        "https://0.0.0.0/x",
        "file:///etc/passwd",
        "gopher://1.1.1.1/x",
        "https://user@1.1.1.1/x",
        "http://1.1.1.1/x",
        "https://1.1.1.1:99999/x",
    ],
)
def test_no_48_an_address_inside_or_without_tls_is_refused(callers: Callers, url: str) -> None:
    assert refusal(callers.admin.post("/webhooks", {"url": url})) == (422, "bad_place")


def test_no_48_a_name_that_leads_elsewhere_by_the_time_it_is_asked_is_refused(
    branch: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    rebound = Place("https://1.1.1.1", ())
    monkeypatch.setattr(
        "lobby_server.kernel.outward.socket.getaddrinfo", lambda *_asked, **_more: [(2, 1, 6, "", ("127.0.0.1", 443))]
    )
    with pytest.raises(BadPlace):
        rebound.ask("POST", "/", {}, b"")


def test_the_same_address_is_added_once_and_there_is_a_limit(callers: Callers) -> None:
    key = calling.new_key()
    first = told(callers.admin.post("/webhooks", {"url": OUTSIDE}, key=key))
    assert told(callers.admin.post("/webhooks", {"url": OUTSIDE}, key=key)) == first
    assert refusal(callers.admin.post("/webhooks", {"url": OUTSIDE})) == (409, "webhook_known")
    for number in range(WEBHOOKS_MAX - 1):
        told(callers.admin.post("/webhooks", {"url": f"{OUTSIDE}/{number}"}))
    assert refusal(callers.admin.post("/webhooks", {"url": f"{OUTSIDE}/more"})) == (409, "too_many_webhooks")
    assert first["secret"] not in str(told(callers.admin.get("/webhooks")))


def test_a_server_that_came_back_from_a_back_up_goes_on_under_its_new_history(branch: Open, there: Receiver) -> None:
    branch.added(there.url)
    branch.arrive()
    branch.send()
    again = make.new_id()
    branch.house.works.run(lambda work, _: event_log.begin_epoch(work.db, HERE, again), None, system(HERE))
    branch.arrive()
    branch.send()
    assert [each["branchepoch"] == again for each in there.events()] == [False, True]
