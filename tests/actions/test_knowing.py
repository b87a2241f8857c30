"""What the branch knows from a customer's own visits: a step left half done, and who they are after a merger."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lobby_server.branch import store as branches
from lobby_server.customers.actions import EnterProspect, enter_prospect
from lobby_server.customers.actions.feed import take_customer_file
from lobby_server.customers.rules import Credential
from lobby_server.customers.wire import read_customer_file
from lobby_server.identification.rules import CARD_TOKEN, Seen, Verdict
from lobby_server.kernel.actor import Actor, system
from lobby_server.kernel.errors import Forbidden
from lobby_server.kernel.feeds import TakeFeed
from lobby_server.kernel.house import House
from lobby_server.queue import actions as queue
from lobby_server.recommend.rules import ABANDONED_WITHIN, Need
from lobby_server.visits import store
from lobby_server.visits.actions import caring, machines, sending
from lobby_server.visits.actions.alerts import AskForHelp, ask_for_help
from lobby_server.visits.actions.revealing import Reveal, reveal
from lobby_server.visits.rules import Visit
from tests import make
from tests.feeds import RICH, file_of
from tests.make import LI, Cast

TOKEN = Credential(RICH["credentials"][0]["kind"], RICH["credentials"][0]["token"])


@pytest.fixture
def machine(house: House, cast: Cast) -> Actor:
    """The smart counter S1, which is heard all the time."""
    return Actor("device", make.enrolled(house, "machine", "S1"), make.HERE, frozenset({"machine"}))


def at_machine(house: House, cast: Cast, machine: Actor, outcome: str) -> Visit:
    """Ms Li comes, begins a transfer at S1, and it ends like this."""
    house.database.run(lambda db: branches.note_sign_of_life(db, machine.id, {}, False, house.clock.now()))
    visit = make.arrival(house, cast.kiosk, make.seen(house, LI)).visit
    house.works.run(machines.send, sending.Route(visit.id, make.TYPES["transfer"]), cast.kiosk)
    house.works.run(machines.start, visit.id, machine)
    return house.works.run(machines.finish, machines.Finish(visit.id, outcome), machine).visit


def goes(house: House, cast: Cast, visit: Visit) -> None:
    house.works.run(caring.let_go, caring.Leave(visit.id, "no_time"), cast.chen)


def comes_again(house: House, cast: Cast, after: timedelta) -> Need | None:
    """What is guessed when Ms Li comes again."""
    make.still(house).advance(after)
    return make.arrival(house, cast.kiosk, make.seen(house, LI)).visit.need


def test_what_a_machine_failed_to_do_is_offered_the_next_time(house: House, cast: Cast, machine: Actor) -> None:
    goes(house, cast, at_machine(house, cast, machine, "failed"))
    need = comes_again(house, cast, timedelta(days=3))
    assert need is not None
    assert (need.code, need.reason.code, need.reason.facts) == ("transfer", "abandoned_step", {"days": 3})


def test_what_was_done_or_is_long_ago_is_forgotten(house: House, cast: Cast, machine: Actor) -> None:
    at_machine(house, cast, machine, "done")
    assert comes_again(house, cast, timedelta(days=1)) is None
    with house.database.read() as db:
        running = store.live_of_customer(db, make.HERE, [LI.id])
    assert running is not None
    goes(house, cast, running)
    goes(house, cast, at_machine(house, cast, machine, "refused"))
    assert comes_again(house, cast, ABANDONED_WITHIN + timedelta(days=1)) is None


def test_what_a_teller_did_after_the_machine_had_refused_is_no_need_any_more(
    house: House, cast: Cast, machine: Actor
) -> None:
    make.opened(house, cast.zhou, "W1")
    visit = at_machine(house, cast, machine, "refused")
    called = house.works.run(queue.call_next, "W1", cast.zhou)
    assert called is not None and called.visit_id == visit.id
    at = queue.AtPoint("W1", called.id)
    for deed in (queue.start_service, queue.finish_service):
        house.works.run(deed, at, cast.zhou)
    assert comes_again(house, cast, timedelta(days=1)) is None


def test_nobody_who_waits_for_help_is_offered_a_machine_and_whoever_asks_for_one_gets_it(
    house: House, cast: Cast, machine: Actor
) -> None:
    house.database.run(lambda db: branches.note_sign_of_life(db, machine.id, {}, False, house.clock.now()))
    visit = make.arrival(house, cast.kiosk).visit

    def better(*, is_chosen: bool) -> tuple[str, str]:
        with house.database.read() as db:
            around = sending.look_around(db, visit, house.clock.now())
        choice = around.better_way(visit, make.TYPES["transfer"], is_chosen=is_chosen)
        return choice.route, choice.reason.code

    assert better(is_chosen=False) == ("self_service", "machine_free")
    house.works.run(ask_for_help, AskForHelp(visit.id, "zh-CN"), cast.kiosk)
    assert better(is_chosen=False) == ("ticket", "needs_a_person")
    assert better(is_chosen=True) == ("self_service", "asked_for")


def test_a_visit_that_began_as_a_prospect_s_is_the_customer_s_after_the_merger(house: House, cast: Cast) -> None:
    take_customer_file(house, TakeFeed(read_customer_file(file_of({**RICH, "credentials": []}))), system(make.HERE))
    prospect = house.works.run(enter_prospect, EnterProspect("新客人", TOKEN, 1990), cast.chen)
    presented = Seen(Verdict.OK, kind=CARD_TOKEN, value=TOKEN.value)
    visit = make.arrival(house, cast.kiosk, presented).visit
    assert visit.customer_id == prospect.id
    take_customer_file(house, TakeFeed(read_customer_file(file_of(RICH, as_of="2026-11-25"))), system(make.HERE))
    again = make.arrival(house, cast.kiosk, presented)
    assert again.visit.id == visit.id
    assert again.customer is not None and again.customer.customer_no == RICH["customer_no"]
    house.works.run(caring.claim, visit.id, cast.chen)
    for known_as in (prospect.id, again.customer.id):
        assert house.works.run(reveal, Reveal(known_as, "greeting"), cast.chen).name == RICH["name"]
    with pytest.raises(Forbidden, match="not_claimant"):
        house.works.run(reveal, Reveal(again.customer.id, "greeting"), cast.wu)
