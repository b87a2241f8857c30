"""When nobody takes a referral, on both engines: rungs, other branches, family, and compliance's hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lobby_server.customers import store as customers
from lobby_server.customers.store import NUMBER
from lobby_server.customers.tables import customer
from lobby_server.kernel.actor import Actor, system
from lobby_server.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from lobby_server.kernel.event_log import read_after
from lobby_server.kernel.house import House
from lobby_server.kernel.work import Work
from lobby_server.staff.actions import AddStaff, add_staff
from referral.incentives.store import payouts
from referral.lifecycle import actions, store
from referral.lifecycle.actions import Contact, WithReason, climbing, holding
from referral.lifecycle.actions.climbing import Assign
from referral.lifecycle.actions.withdrawing import withdraw_all
from referral.lifecycle.rules import Referral, ReferralState
from tests import make
from tests.actions.test_referrals import accepted, booked, fire, logged, news, now, take
from tests.ledger import books
from tests.make import ELSEWHERE, HERE, Cast


def colleague(house: House, branch_id: str, staff_no: str, role: str) -> Actor:
    """One more colleague, wherever."""

    def enter(work: Work, _request: None) -> Actor:
        who = add_staff(work, AddStaff(branch_id, staff_no, "何雨", (role,), make.PASSWORD_HASH))
        return Actor("staff", who.id, branch_id, frozenset({role}), staff_no, who.name)

    return house.works.run(enter, None, system(branch_id))


@pytest.fixture
def distant_rm(house: House, cast: Cast) -> Actor:
    """何, a relationship manager of the other branch."""
    return colleague(house, ELSEWHERE, "R901", "rm")


def refused(house: House, cast: Cast) -> Referral:
    """A referral that nobody of the branch would take."""
    of = logged(house, cast)
    house.works.run(actions.decline, WithReason(of.id, "休假"), cast.wu)
    return now(house, of)


def test_what_nobody_takes_climbs_to_the_head_and_stays_there(house: House, cast: Cast) -> None:
    of = refused(house, cast)
    assert (of.state, of.escalated_to) == (ReferralState.DECLINED, "lobby_manager")
    make.advance(house, 5 * 60)
    fire(house)
    assert now(house, of).escalated_to == "head" and news(house)[-1].type == "referral.escalated"
    make.advance(house, 24 * 3600)
    fire(house)
    assert now(house, of).escalated_to == "head" and news(house)[-1].type == "referral.escalated"


def test_who_takes_it_ends_the_climb(house: House, cast: Cast) -> None:
    of = refused(house, cast)
    taken = house.works.run(actions.accept, of.id, cast.wu)
    assert taken.escalated_to is None
    make.advance(house, 5 * 60)
    fire(house)
    assert now(house, of).state is ReferralState.ACCEPTED


def test_whoever_looks_for_somebody_asks_one_by_name_and_a_second_no_climbs_on_from_there(
    house: House, cast: Cast
) -> None:
    of = refused(house, cast)
    make.advance(house, 5 * 60)
    fire(house)
    asked = house.works.run(climbing.assign, Assign(of.id, "R001"), cast.chen)
    assert (asked.state, asked.offered_to) == (ReferralState.OFFERED, cast.wu.id)
    house.works.run(actions.decline, WithReason(of.id, "休假"), cast.wu)
    assert now(house, of).escalated_to == "head"
    for wrong in ("R999", "T001"):
        with pytest.raises(NotFound, match="staff"):
            house.works.run(climbing.assign, Assign(of.id, wrong), cast.chen)
    house.works.run(actions.accept, of.id, cast.wu)
    with pytest.raises(Conflict, match="changed"):
        house.works.run(climbing.assign, Assign(of.id, "R001"), cast.chen)


# ---- Other branches -----------------------------------------------------------------------------------------------


def sent_away(house: House, cast: Cast) -> Referral:
    return house.works.run(climbing.assign, Assign(refused(house, cast).id, "R901", ELSEWHERE), cast.chen)


def listed(house: House, who: Actor) -> list[str]:
    with house.database.read() as db:
        return [each.id for each in store.listed(db, who.branch_id, None, who.id, None)]


def test_a_colleague_of_another_branch_takes_it_and_follows_it_up(house: House, cast: Cast, distant_rm: Actor) -> None:
    of = sent_away(house, cast)
    assert of.sent_to_branch == ELSEWHERE and listed(house, distant_rm) == [of.id]
    house.works.run(actions.accept, of.id, distant_rm)
    house.works.run(actions.contact, Contact(of.id, "call"), distant_rm)
    assert house.works.run(actions.qualify, of.id, distant_rm).branch_id == HERE
    with house.database.read() as db:
        heard = [each.type for each in read_after(db, ELSEWHERE, 0, 100) if each.type.startswith("referral.")]
    assert heard == ["referral.sent_here"] * 4


def test_nobody_else_of_that_branch_sees_it_and_who_declines_sees_it_no_more(
    house: House, cast: Cast, distant_rm: Actor
) -> None:
    of, other = sent_away(house, cast), colleague(house, ELSEWHERE, "R902", "rm")
    assert listed(house, other) == []
    for stranger in (other, cast.zheng):
        with pytest.raises(NotFound, match="referral"):
            house.works.run(actions.accept, of.id, stranger)
    house.works.run(actions.decline, WithReason(of.id, "太远"), distant_rm)
    back = now(house, of)
    assert (back.state, back.sent_to_branch) == (ReferralState.DECLINED, None) and listed(house, distant_rm) == []


def test_a_win_that_another_branch_closed_is_credited_once_in_the_books_of_the_first(
    house: House, cast: Cast, distant_rm: Actor
) -> None:
    of = books(house, cast)
    away = sent_away(house, cast)
    house.works.run(actions.accept, away.id, distant_rm)
    make.advance(house, 60)
    take(house, booked(house, away))
    assert of.balances(holder=cast.zhou.id) == {"accrued": -833} and of.faults() == []


# ---- Family -------------------------------------------------------------------------------------------------------


def are_kin(house: House, staff_no: str, customer_no: str = "C1") -> None:
    index = house.keys.index(customer_no, NUMBER)
    house.database.run(lambda db: store.put_kin(db, [(HERE, staff_no, index)], []))


def test_nobody_refers_themselves_or_their_family(house: House, cast: Cast) -> None:
    are_kin(house, cast.zhou.number)
    with pytest.raises(Invalid, match="conflict_of_interest"):
        logged(house, cast)


def test_nobody_is_asked_to_take_their_family_and_nobody_can(house: House, cast: Cast) -> None:
    are_kin(house, cast.wu.number)
    of = logged(house, cast)
    assert of.state is ReferralState.DECLINED
    with pytest.raises(Conflict, match="conflict_of_interest"):
        house.works.run(actions.accept, of.id, cast.wu)
    with pytest.raises(Conflict, match="conflict_of_interest"):
        house.works.run(climbing.assign, Assign(of.id, cast.wu.number), cast.chen)


# ---- Compliance ---------------------------------------------------------------------------------------------------


def test_what_compliance_holds_is_sold_and_credited_but_not_paid(house: House, cast: Cast) -> None:
    books(house, cast)
    of = accepted(house, cast)
    head, second = colleague(house, HERE, "H801", "head"), colleague(house, HERE, "H802", "head")
    assert house.works.run(holding.hold, WithReason(of.id, "投诉"), head).hold is not None
    make.advance(house, 60)
    won = take(house, booked(house, of))
    assert won is not None and won.state is ReferralState.WON
    with house.database.read() as db:
        assert len(payouts.withheld(db, HERE, cast.zhou.id)) == 1
    with pytest.raises(Conflict, match="same_person"):
        house.works.run(holding.release, WithReason(of.id, "已核"), head)
    assert house.works.run(holding.release, WithReason(of.id, "已核"), second).hold is None
    with house.database.read() as db:
        assert payouts.withheld(db, HERE, cast.zhou.id) == set()
    assert [each.type for each in news(house)][-3:] == ["referral.held", "referral.won", "referral.released"]


def test_a_stranger_cannot_hold_and_who_does_not_hold_cannot_release(house: House, cast: Cast) -> None:
    of = logged(house, cast)
    with pytest.raises(NotFound, match="referral"):
        house.works.run(holding.hold, WithReason(of.id, "投诉"), cast.zheng)
    with pytest.raises(Conflict, match="not_held"):
        house.works.run(holding.release, WithReason(of.id, "已核"), cast.chen)
    with pytest.raises(Forbidden, match="not_yours"):
        house.works.run(actions.lose, WithReason(of.id, "否"), cast.chen)


# ---- Consent ------------------------------------------------------------------------------------------------------


def test_a_customer_who_wants_none_of_it_is_referred_to_nobody_in_whatever_branch(house: House, cast: Cast) -> None:
    of, other = logged(house, cast), logged(house, cast, product_line="card")
    gone = house.works.run(withdraw_all, of.visit_id, cast.chen)
    assert {each.id for each in gone} == {of.id, other.id}
    assert {each.state for each in gone} == {ReferralState.WITHDRAWN}
    with house.database.read() as db:
        assert store.note_of(db, house.keys, of.id) is None
    assert house.works.run(withdraw_all, of.visit_id, cast.chen) == []
    with pytest.raises(NotFound, match="visit"):
        house.works.run(withdraw_all, of.visit_id, cast.zheng)


def test_consent_that_head_office_saw_withdrawn_stops_the_next_step(house: House, cast: Cast) -> None:
    of = accepted(house, cast)
    make.advance(house, 60)
    told = replace(make.WANG, do_not_contact=True)
    row = customers.sealed(house.keys, told)
    house.database.run(
        lambda db: db.execute(
            customer.update().where(customer.c.id == told.id).values(facts_sealed=row["facts_sealed"])
        )
    )
    stopped = house.works.run(actions.contact, Contact(of.id, "call"), cast.wu)
    assert stopped.state is ReferralState.WITHDRAWN and stopped.consent.revoked_at == house.clock.now()
    with house.database.read() as db:
        assert store.note_of(db, house.keys, of.id) is None
