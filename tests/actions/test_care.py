"""What colleagues do with a visit: greet it, weigh it, let it go, and what can be taken back for five seconds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lobby_server.branch import store as branches
from lobby_server.kernel.actor import Actor
from lobby_server.kernel.errors import Conflict, Invalid, NotFound
from lobby_server.kernel.house import House
from lobby_server.queue import actions as queue
from lobby_server.queue import store as queue_store
from lobby_server.queue.actions import calls
from lobby_server.queue.rules import Ticket, TicketState
from lobby_server.visits import actions, store
from lobby_server.visits.actions import caring, machines, sending
from lobby_server.visits.rules import COMPANIONS_MAX, ServiceLevel, Visit, VisitState
from lobby_server.worker import Worker
from tests import make
from tests.make import LI, WANG, Cast

Deed = Callable[[House, Cast, str], Visit]


def visit_of(house: House, visit_id: str) -> Visit:
    with house.database.read() as db:
        found = store.find(db, make.HERE, visit_id)
    assert found is not None
    return found


def ticket_of(house: House, visit_id: str) -> Ticket | None:
    with house.database.read() as db:
        return queue_store.live_ticket_of(db, visit_id)


def undo(house: House, who: Actor, visit_id: str) -> Visit:
    return house.works.run(caring.undo, visit_id, who)


def level(house: House, cast: Cast, visit_id: str, to: ServiceLevel = ServiceLevel.VIP) -> Visit:
    return house.works.run(caring.set_level, caring.SetLevel(visit_id, to, "came with a child"), cast.chen)


def claim(house: House, cast: Cast, visit_id: str) -> Visit:
    return house.works.run(caring.claim, visit_id, cast.chen)


def greet(house: House, cast: Cast, visit_id: str) -> Visit:
    return house.works.run(caring.greet, visit_id, cast.chen)


def let_go(house: House, cast: Cast, visit_id: str) -> Visit:
    return house.works.run(caring.let_go, caring.Leave(visit_id, "went_away"), cast.chen)


def join(house: House, cast: Cast, visit_id: str) -> Visit:
    vip = make.arrival(house, cast.kiosk, make.seen(house, WANG)).visit
    return house.works.run(caring.accompany, caring.Accompany(visit_id, vip.id), cast.chen)


DEEDS: dict[str, Deed] = {"claim": claim, "greet": greet, "level": level, "leave": let_go, "companion": join}


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("with_ticket", [False, True])
def test_ones_own_deed_can_be_taken_back_and_everything_is_as_before(
    house: House, cast: Cast, deed: str, with_ticket: bool
) -> None:
    come = make.routed(house, cast.kiosk) if with_ticket else make.arrival(house, cast.kiosk)
    before, ticket = visit_of(house, come.visit.id), ticket_of(house, come.visit.id)
    done = DEEDS[deed](house, cast, come.visit.id)
    assert done != before and done.undo is not None and (done.undo.deed, done.undo.staff_id) == (deed, cast.chen.id)
    make.advance(house, 4.9)
    assert undo(house, cast.chen, come.visit.id) == before == visit_of(house, come.visit.id)
    assert ticket_of(house, come.visit.id) == ticket
    with pytest.raises(Conflict, match="nothing_to_undo"):
        undo(house, cast.chen, come.visit.id)


@pytest.mark.parametrize("deed", DEEDS)
def test_after_five_seconds_or_by_somebody_else_nothing_is_taken_back(house: House, cast: Cast, deed: str) -> None:
    visit_id = make.routed(house, cast.kiosk).visit.id
    done = DEEDS[deed](house, cast, visit_id)
    with pytest.raises(Conflict, match="nothing_to_undo"):
        undo(house, cast.zhou, visit_id)
    with pytest.raises(NotFound):
        undo(house, cast.zheng, visit_id)
    make.advance(house, 5)
    with pytest.raises(Conflict, match="nothing_to_undo"):
        undo(house, cast.chen, visit_id)
    assert visit_of(house, visit_id) == done


def test_only_the_newest_deed_is_taken_back(house: House, cast: Cast) -> None:
    visit_id = make.routed(house, cast.kiosk).visit.id
    claim(house, cast, visit_id)
    greet(house, cast, visit_id)
    back = undo(house, cast.chen, visit_id)
    assert back.greeted_by is None and back.claim is not None
    greet(house, cast, visit_id)
    make.opened(house, cast.zhou)
    called = house.works.run(queue.call_next, "W1", cast.zhou)
    assert called is not None
    house.works.run(queue.start_service, queue.AtPoint("W1", called.id), cast.zhou)
    with pytest.raises(Conflict, match="nothing_to_undo"):
        undo(house, cast.chen, visit_id)


def test_a_claim_that_was_taken_back_does_not_end_later_and_an_earlier_one_does(house: House, cast: Cast) -> None:
    visit_id = make.routed(house, cast.kiosk).visit.id
    first = claim(house, cast, visit_id)
    make.advance(house, 60)
    claim(house, cast, visit_id)
    assert undo(house, cast.chen, visit_id).claim == first.claim
    make.advance(house, 120)
    Worker(house, make.TYPES).fire_due()
    assert visit_of(house, visit_id).claim is None


def test_a_route_by_a_colleague_can_be_taken_back_until_the_ticket_is_called(house: House, cast: Cast) -> None:
    visit = make.arrival(house, cast.kiosk).visit
    choice = sending.Route(visit.id, make.TYPES["cash"])
    house.works.run(sending.route, choice, cast.chen)
    assert undo(house, cast.chen, visit.id) == visit and ticket_of(house, visit.id) is None
    house.works.run(sending.route, choice, cast.chen)
    make.opened(house, cast.zhou)
    assert house.works.run(queue.call_next, "W1", cast.zhou) is not None
    with pytest.raises(Conflict, match="changed"):
        undo(house, cast.chen, visit.id)
    by_kiosk = make.routed(house, cast.kiosk)
    assert by_kiosk.visit.undo is None


def test_who_chose_nothing_after_their_route_was_taken_back_leaves_by_themselves(house: House, cast: Cast) -> None:
    visit = make.arrival(house, cast.kiosk).visit
    house.works.run(sending.route, sending.Route(visit.id, make.TYPES["cash"]), cast.chen)
    undo(house, cast.chen, visit.id)
    make.advance(house, actions.UNDECIDED_LEAVES_AFTER.total_seconds())
    Worker(house, make.TYPES).fire_due()
    assert visit_of(house, visit.id).left_because == "undecided"


@pytest.mark.parametrize("with_ticket", [False, True])
def test_being_sent_to_a_machine_can_be_taken_back(house: House, cast: Cast, with_ticket: bool) -> None:
    make.enrolled(house, "machine", "S1")
    come = make.routed(house, cast.kiosk, "account") if with_ticket else make.arrival(house, cast.kiosk)
    before, ticket = visit_of(house, come.visit.id), ticket_of(house, come.visit.id)
    house.works.run(machines.send, sending.Route(come.visit.id, make.TYPES["transfer"]), cast.chen)
    assert undo(house, cast.chen, come.visit.id) == before and ticket_of(house, come.visit.id) == ticket
    with house.database.read() as db:
        assert branches.machines(db, make.HERE, house.clock.now())[0].is_free


def test_a_level_by_hand_weighs_the_ticket_and_keeps_its_place_cap_and_counts(house: House, cast: Cast) -> None:
    routed = make.routed(house, cast.kiosk)
    leveled = level(house, cast, routed.visit.id)
    assert (leveled.service_level, leveled.promise_s) == (ServiceLevel.VIP, 300)
    assert leveled.level_reason is not None
    assert dict(leveled.level_reason.facts) == {"note": "came with a child", "before": "ordinary"}
    ticket = ticket_of(house, routed.visit.id)
    assert ticket is not None and ticket.service_level == "vip"
    assert ticket == Ticket(**{**routed.issued.ticket.__dict__, "service_level": "vip"})
    level(house, cast, routed.visit.id, ServiceLevel.ORDINARY)
    assert ticket_of(house, routed.visit.id) == routed.issued.ticket


def test_the_level_of_an_arrival_has_its_reason(house: House, cast: Cast) -> None:
    vip = make.arrival(house, cast.kiosk, make.seen(house, WANG)).visit
    assert vip.level_reason is not None and (vip.level_reason.code, vip.level_reason.facts) == (
        "tier",
        {"tier": "private"},
    )
    assert make.arrival(house, cast.kiosk, make.seen(house, LI)).visit.level_reason is None


def test_the_companion_of_a_vip_is_served_like_one(house: House, cast: Cast) -> None:
    routed = make.routed(house, cast.kiosk)
    joined = join(house, cast, routed.visit.id)
    assert joined.companion_of is not None and joined.service_level is ServiceLevel.VIP
    assert joined.level_reason is not None and joined.level_reason.code == "companion"
    ticket = ticket_of(house, routed.visit.id)
    assert ticket is not None and ticket.service_level == "vip"


def test_companions_are_few_direct_and_lose_nothing_by_it(house: House, cast: Cast) -> None:
    host = make.arrival(house, cast.kiosk, make.seen(house, LI)).visit
    others = [make.arrival(house, cast.kiosk).visit.id for _ in range(COMPANIONS_MAX + 1)]
    level(house, cast, others[0], ServiceLevel.VULNERABLE)

    def together(one: str, of: str) -> Visit:
        return house.works.run(caring.accompany, caring.Accompany(one, of), cast.chen)

    assert together(others[0], host.id).service_level is ServiceLevel.VULNERABLE
    for each in others[1:COMPANIONS_MAX]:
        assert together(each, host.id).service_level is ServiceLevel.ORDINARY
    with pytest.raises(Conflict, match="companions_max"):
        together(others[-1], host.id)
    for one, of in ((others[-1], others[0]), (host.id, others[-1])):
        with pytest.raises(Conflict, match="is_companion"):
            together(one, of)
    with pytest.raises(Invalid, match="same_visit"):
        together(host.id, host.id)
    with pytest.raises(NotFound):
        together(host.id, make.new_id())


def test_who_goes_gives_up_their_ticket_but_not_while_they_are_served(house: House, cast: Cast) -> None:
    routed = make.routed(house, cast.kiosk)
    gone = let_go(house, cast, routed.visit.id)
    assert (gone.state, gone.left_because) == (VisitState.LEFT, "went_away")
    assert ticket_of(house, routed.visit.id) is None
    with pytest.raises(NotFound):
        let_go(house, cast, routed.visit.id)
    served = make.routed(house, cast.kiosk)
    make.opened(house, cast.zhou)
    house.works.run(queue.call_next, "W1", cast.zhou)
    house.works.run(queue.start_service, queue.AtPoint("W1", served.issued.ticket.id), cast.zhou)
    with pytest.raises(Conflict, match="changed"):
        let_go(house, cast, served.visit.id)
    assert visit_of(house, served.visit.id).state is VisitState.IN_SERVICE


def test_somebody_called_who_leaves_is_not_brought_back(house: House, cast: Cast) -> None:
    routed = make.routed(house, cast.kiosk)
    make.opened(house, cast.zhou)
    house.works.run(queue.call_next, "W1", cast.zhou)
    assert let_go(house, cast, routed.visit.id).undo is None
    assert house.works.run(queue.call_next, "W1", cast.zhou) is None


def test_who_left_and_came_again_at_once_is_not_here_twice(house: House, cast: Cast) -> None:
    visit = make.arrival(house, cast.kiosk, make.seen(house, WANG)).visit
    let_go(house, cast, visit.id)
    make.arrival(house, cast.kiosk, make.seen(house, WANG))
    with pytest.raises(Conflict, match="changed"):
        undo(house, cast.chen, visit.id)


def test_the_steps_of_a_visit_are_kept(house: House, cast: Cast) -> None:
    routed = make.routed(house, cast.kiosk)
    make.opened(house, cast.zhou)
    house.works.run(queue.call_next, "W1", cast.zhou)
    at = queue.AtPoint("W1", routed.issued.ticket.id)
    house.works.run(queue.start_service, at, cast.zhou)
    house.works.run(calls.finish_step, calls.FinishStep(at, make.TYPES["account"]), cast.zhou)
    goes_on = visit_of(house, routed.visit.id)
    assert (goes_on.steps_done, goes_on.service_type, goes_on.state) == (("cash",), "account", VisitState.ROUTED)
    ticket = ticket_of(house, routed.visit.id)
    assert ticket is not None and ticket.state is TicketState.WAITING
