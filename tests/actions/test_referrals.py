"""A referral's life, on both engines: who may, who is asked, what the clock does, and what a booking wins."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from lobby_server.customers.rules import Customer
from lobby_server.kernel import due
from lobby_server.kernel.actor import Actor, system
from lobby_server.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from lobby_server.kernel.event_log import read_after
from lobby_server.kernel.events import Recorded
from lobby_server.kernel.house import House
from lobby_server.kernel.work import Work
from lobby_server.recommend.tables import product
from lobby_server.staff.actions import AddStaff, add_staff
from lobby_server.staff.tables import staff as staff_table
from lobby_server.visits import store as visits
from lobby_server.visits.actions import leave
from lobby_server.worker import DEEDS
from referral.incentives import store as ledger
from referral.lifecycle import actions, store
from referral.lifecycle.actions import Contact, LogReferral, WithReason
from referral.lifecycle.actions.bookings import TakeBooking, take_booking
from referral.lifecycle.actions.duplicates import SameNeed, mark_duplicate
from referral.lifecycle.rules import Booking, Referral, ReferralState
from referral.lifecycle.tables import referral, referral_step
from tests import make
from tests.actions.racing import at_once
from tests.ledger import books
from tests.make import HERE, LI, WANG, Cast

TELLERS = 8


@pytest.fixture
def second_rm(house: House, cast: Cast) -> Actor:
    """何, another relationship manager of the branch."""
    return house.works.run(_colleague, ("R701", "何雨", "rm"), system(HERE))


def _colleague(work: Work, told: tuple[str, str, str]) -> Actor:
    staff_no, name, role = told
    who = add_staff(work, AddStaff(HERE, staff_no, name, (role,), make.PASSWORD_HASH))
    return Actor("staff", who.id, HERE, frozenset({role}), staff_no, name)


def visit_of(house: House, cast: Cast, customer: Customer = WANG) -> str:
    return make.arrival(house, cast.kiosk, make.seen(house, customer)).visit.id


def words(visit_id: str, **changes: Any) -> LogReferral:
    told = LogReferral(visit_id, "wealth", "idle_money", "下个月有定期到期", "refer_internal", "2026-03", "counter")
    return replace(told, **changes)


def logged(house: House, cast: Cast, visit_id: str | None = None, **changes: Any) -> Referral:
    request = words(visit_id or visit_of(house, cast), **changes)
    return house.works.run(actions.log_referral, request, cast.zhou)


def now(house: House, of: Referral) -> Referral:
    found = house.works.run(lambda work, _: store.lock(work.db, of.branch_id, of.id), None, system(of.branch_id))
    assert found is not None
    return found


def fire(house: House) -> None:
    """What is due happens."""
    with house.database.read() as db:
        ripe = [each for each in due.ripe(db, house.clock.now()) if each.kind.startswith("referral.")]
    for each in ripe:
        house.database.run(lambda db, each=each: due.take(db, each.id, each.at))  # type: ignore[misc]
        house.works.run(DEEDS[each.kind], each.ref, system(each.branch_id))


def news(house: House) -> list[Recorded]:
    with house.database.read() as db:
        return [each for each in read_after(db, HERE, 0, 1000) if each.type.startswith("referral.")]


# ---- Logging ------------------------------------------------------------------------------------------------------


def test_a_need_that_was_heard_is_offered_at_once_and_written_down(house: House, cast: Cast) -> None:
    of = logged(house, cast)
    assert (of.state, of.offered_to, of.receiver_id) == (ReferralState.OFFERED, cast.wu.id, cast.zhou.id)
    assert [each.type for each in news(house)] == ["referral.created", "referral.offered"]
    with house.database.read() as db:
        steps = store.steps(db, of.id)
        assert store.note_of(db, house.keys, of.id) == "下个月有定期到期"
    assert [(step.seq, step.deed, step.to_state) for step in steps] == [(0, "log", "created"), (1, "offer", "offered")]
    assert steps[1].evidence["why"] in ("best", "explored") and len(steps[1].evidence_sha256) == 64


def test_the_events_never_hold_a_name_or_the_note(house: House, cast: Cast) -> None:
    logged(house, cast)
    told = "".join(str(each.data) for each in news(house))
    assert WANG.name not in told and "定期" not in told


def test_without_consent_or_a_known_customer_nothing_is_logged(house: House, cast: Cast) -> None:
    with pytest.raises(Invalid, match="consent_missing"):
        logged(house, cast, purpose="serve")
    nobody = make.arrival(house, cast.kiosk).visit.id
    with pytest.raises(Invalid, match="customer_unknown"):
        logged(house, cast, nobody)
    with pytest.raises(NotFound):
        house.works.run(actions.log_referral, words(visit_of(house, cast)), cast.zheng)


def left(house: House, visit_id: str) -> None:
    def go(work: Work, _request: None) -> None:
        visit = visits.lock(work.db, HERE, visit_id)
        assert visit is not None
        leave(work, visit, "served")

    house.works.run(go, None, system(HERE))


def test_who_logs_late_is_flagged_and_who_logs_a_day_later_is_refused(house: House, cast: Cast) -> None:
    visit_id = visit_of(house, cast)
    left(house, visit_id)
    make.advance(house, 29 * 60)
    assert not logged(house, cast, visit_id).is_late_entry
    make.advance(house, 2 * 60)
    assert logged(house, cast, visit_id, product_line="card").is_late_entry
    make.advance(house, 24 * 3600)
    with pytest.raises(Invalid, match="too_late"):
        logged(house, cast, visit_id, product_line="loan")


def test_the_second_for_the_same_customer_and_line_is_told_who_was_first(house: House, cast: Cast) -> None:
    visit_id = visit_of(house, cast)
    first = logged(house, cast, visit_id)
    with pytest.raises(Conflict, match="duplicate") as refused:
        house.works.run(actions.log_referral, words(visit_id), cast.second_teller)
    assert refused.value.facts["first"] == {"id": first.id, "referrer": {"staff_no": "T001", "name": "周敏"}}
    assert logged(house, cast, visit_id, product_line="loan").state is ReferralState.OFFERED


def test_a_claim_whose_time_is_over_makes_room_for_the_next(house: House, cast: Cast) -> None:
    first = logged(house, cast, product_line="deposit")
    make.advance(house, 30 * 86_400)
    second = logged(house, cast, visit_of(house, cast), product_line="deposit")
    assert now(house, first).state is ReferralState.EXPIRED and second.state is ReferralState.OFFERED


def test_of_eight_tellers_at_once_one_is_first(house: House, cast: Cast) -> None:
    visit_id = visit_of(house, cast)

    def try_it() -> str:
        try:
            return house.works.run(actions.log_referral, words(visit_id), cast.zhou).id
        except Conflict as refused:
            return refused.code

    found = at_once([try_it] * TELLERS)
    assert found.count("duplicate") == TELLERS - 1
    with house.database.read() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(referral)) == 1


def test_the_database_itself_refuses_a_second_live_claim_and_a_changed_step(house: House, cast: Cast) -> None:
    of = logged(house, cast)
    with house.database.read() as db:
        row = dict(db.execute(sa.select(referral)).one()._mapping)
    for statement in (
        referral.insert().values(**{**row, "id": make.new_id()}),
        referral_step.update().values(actor="another"),
        referral_step.delete(),
    ):
        with pytest.raises(sa.exc.DatabaseError):
            house.database.run(lambda db, statement=statement: db.execute(statement))  # type: ignore[misc]
    assert now(house, of).state is ReferralState.OFFERED


# ---- Offering -----------------------------------------------------------------------------------------------------


def test_who_declines_or_does_not_answer_passes_it_on_until_nobody_is_left(
    house: House, cast: Cast, second_rm: Actor
) -> None:
    of = logged(house, cast, wished_receiver="R701")
    assert of.offered_to == second_rm.id
    with pytest.raises(Conflict, match="offered_to_another"):
        house.works.run(actions.accept, of.id, cast.wu)
    house.works.run(actions.decline, WithReason(of.id, "休假"), second_rm)
    assert now(house, of).offered_to == cast.wu.id
    make.advance(house, 3 * 60)
    fire(house)
    tired = now(house, of)
    assert (tired.state, tired.refused_by) == (ReferralState.DECLINED, (second_rm.id, cast.wu.id))
    # Whoever takes it now has it.
    assert house.works.run(actions.accept, of.id, second_rm).receiver_id == second_rm.id


def test_who_has_no_licence_for_the_product_line_is_not_asked(house: House, cast: Cast) -> None:
    sold = {"names": {}, "line": "fund", "licence": "funds", "consent": "serve", "needs": []}
    row = product.insert().values(code="f-1", valid_from=make.TODAY, **sold)
    house.database.run(lambda db: db.execute(row))
    assert logged(house, cast, product_line="fund").state is ReferralState.DECLINED
    licensed = staff_table.update().where(staff_table.c.id == cast.wu.id).values(licences=["funds"])
    house.database.run(lambda db: db.execute(licensed))
    assert logged(house, cast, visit_of(house, cast, LI), product_line="fund").offered_to == cast.wu.id


def test_a_customer_who_has_gone_can_wait_four_hours_for_an_answer(house: House, cast: Cast) -> None:
    visit_id = visit_of(house, cast)
    left(house, visit_id)
    of = logged(house, cast, visit_id)
    make.advance(house, 4 * 3600 - 1)
    fire(house)
    assert now(house, of).state is ReferralState.OFFERED
    make.advance(house, 1)
    fire(house)
    assert now(house, of).state is ReferralState.DECLINED


def test_a_relationship_manager_does_not_take_their_own_referral(house: House, cast: Cast) -> None:
    of = house.works.run(actions.log_referral, words(visit_of(house, cast)), cast.wu)
    assert of.state is ReferralState.DECLINED
    with pytest.raises(Conflict, match="own_referral"):
        house.works.run(actions.accept, of.id, cast.wu)


def accepted(house: House, cast: Cast, **changes: Any) -> Referral:
    return house.works.run(actions.accept, logged(house, cast, **changes).id, cast.wu)


def test_the_referrer_answers_for_it_until_somebody_accepts_and_accepting_twice_is_once(
    house: House, cast: Cast
) -> None:
    of = accepted(house, cast)
    assert (of.receiver_id, of.state) == (cast.wu.id, ReferralState.ACCEPTED)
    assert house.works.run(actions.accept, of.id, cast.wu).step_count == of.step_count


def test_who_accepts_and_does_not_call_loses_it_and_the_referrer_keeps_the_credit(
    house: House, cast: Cast, second_rm: Actor
) -> None:
    of = logged(house, cast, wished_receiver="R001")
    house.works.run(actions.accept, of.id, cast.wu)
    make.advance(house, 10 * 60)
    fire(house)
    moved = now(house, of)
    assert (moved.offered_to, moved.referrer_id, moved.receiver_id) == (second_rm.id, cast.zhou.id, cast.zhou.id)


# ---- Following up -------------------------------------------------------------------------------------------------


def test_step_by_step_to_a_proposal_and_only_by_who_took_it(house: House, cast: Cast, second_rm: Actor) -> None:
    make.on_sale(house, "wealth")
    of = logged(house, cast, wished_receiver="R001")
    with pytest.raises(Forbidden, match="not_yours"):
        house.works.run(actions.contact, Contact(of.id, "lobby"), cast.wu)
    house.works.run(actions.accept, of.id, cast.wu)
    with pytest.raises(Conflict, match="changed"):
        house.works.run(actions.qualify, of.id, cast.wu)
    with pytest.raises(Forbidden, match="not_yours"):
        house.works.run(actions.contact, Contact(of.id, "lobby"), second_rm)
    house.works.run(actions.contact, Contact(of.id, "lobby"), cast.wu)
    house.works.run(actions.qualify, of.id, cast.wu)
    assert house.works.run(actions.propose, of.id, cast.wu).state is ReferralState.PROPOSED
    lost = house.works.run(actions.lose, WithReason(of.id, "利率太低"), cast.wu)
    assert (lost.state, lost.reason) == (ReferralState.LOST, "利率太低")
    make.advance(house, 400 * 86_400)
    fire(house)
    assert now(house, of).state is ReferralState.LOST


def test_a_step_that_is_overdue_is_told_and_changes_nothing(house: House, cast: Cast) -> None:
    of = accepted(house, cast)
    house.works.run(actions.contact, Contact(of.id, "call"), cast.wu)
    make.advance(house, 7 * 86_400)
    fire(house)
    assert news(house)[-1].type == "referral.overdue" and now(house, of).state is ReferralState.CONTACTED


def test_a_withdrawn_consent_stops_it_at_once_and_takes_the_note_away(house: House, cast: Cast) -> None:
    of = accepted(house, cast)
    gone = house.works.run(actions.withdraw, of.id, cast.zhou)
    assert gone.state is ReferralState.WITHDRAWN and gone.consent.revoked_at == house.clock.now()
    with house.database.read() as db:
        assert store.note_of(db, house.keys, of.id) is None
    with pytest.raises(Conflict, match="changed"):
        house.works.run(actions.contact, Contact(of.id, "call"), cast.wu)


def test_the_same_need_under_two_lines_can_be_joined_to_the_first(house: House, cast: Cast) -> None:
    visit_id = visit_of(house, cast)
    first, second = logged(house, cast, visit_id), logged(house, cast, visit_id, product_line="fund")
    make.advance(house, 1)
    other = logged(house, cast, visit_of(house, cast, LI))
    with pytest.raises(Invalid, match="not_the_same"):
        house.works.run(mark_duplicate, SameNeed(other.id, first.id), cast.chen)
    joined = house.works.run(mark_duplicate, SameNeed(second.id, first.id), cast.chen)
    assert (joined.state, joined.duplicate_of) == (ReferralState.DUPLICATE, first.id)


def test_the_clock_set_back_moves_no_deadline(house: House, cast: Cast) -> None:
    of = logged(house, cast)
    make.advance(house, -3600)
    fire(house)
    assert now(house, of).state is ReferralState.OFFERED
    make.advance(house, 3600 + 180)
    fire(house)
    assert now(house, of).state is ReferralState.DECLINED


# ---- Bookings -----------------------------------------------------------------------------------------------------


def booked(house: House, of: Referral, **changes: Any) -> TakeBooking:
    told = Booking(
        "B1", HERE, "w-1", of.product_line, 1_000_000, "CNY", house.clock.now(), frozenset({"quality_passed"})
    )
    return TakeBooking(replace(told, **changes), "C1")


def take(house: House, request: TakeBooking) -> Referral | None:
    return house.works.run(take_booking, request, system(HERE))


def test_only_a_booking_wins_and_told_again_it_changes_nothing(house: House, cast: Cast) -> None:
    of = accepted(house, cast)
    make.advance(house, 60)
    request = booked(house, of)
    won = take(house, request)
    assert won is not None and (won.state, won.booking_id) == (ReferralState.WON, "B1")
    again = take(house, request)
    assert again is not None and again.step_count == won.step_count
    with pytest.raises(Conflict, match="booking_differs"):
        take(house, booked(house, of, amount_minor=2))


@pytest.mark.parametrize(
    "changes",
    [
        {"product_line": "loan"},
        {"booked_at": make.MORNING - timedelta(seconds=1)},
        {"booked_at": make.MORNING + timedelta(days=90)},
    ],
    ids=["another line", "booked before", "after the window"],
)
def test_a_booking_that_no_referral_brought_about_wins_none(house: House, cast: Cast, changes: dict[str, Any]) -> None:
    of = accepted(house, cast)
    told_late = booked(house, of, **changes)
    make.advance(house, 90 * 86_400)
    assert (take(house, told_late), now(house, of).state) == (None, ReferralState.ACCEPTED)


def test_a_booking_that_is_undone_reverses_the_referral_once(house: House, cast: Cast) -> None:
    of = accepted(house, cast)
    take(house, booked(house, of))
    undone = booked(house, of, booking_id="B2", reverses="B1")
    assert (found := take(house, undone)) is not None and found.state is ReferralState.REVERSED
    assert take(house, undone) == found
    with pytest.raises(Conflict, match="reversed"):
        take(house, booked(house, of, booking_id="B3", reverses="B1"))
    with pytest.raises(NotFound):
        take(house, booked(house, of, booking_id="B4", reverses="B9"))


def test_a_win_is_in_the_ledger_in_the_same_commit_and_a_reversal_takes_it_out(house: House, cast: Cast) -> None:
    books(house, cast)
    of = accepted(house, cast)
    make.advance(house, 60)
    take(house, booked(house, of))
    with house.database.read() as db:
        found = ledger.balances(db, HERE)
    assert {holder: amount for (account, holder, _), amount in found.items() if account == "accrued"} == {
        cast.zhou.id: -833,
        cast.wu.id: -1_667,
    }
    make.advance(house, 60)
    take(house, booked(house, of, booking_id="B2", reverses="B1"))
    with house.database.read() as db:
        assert ledger.balances(db, HERE) == {}


def test_who_accepts_after_it_was_booked_is_not_credited(house: House, cast: Cast) -> None:
    of = books(house, cast)
    referred = logged(house, cast)
    request = booked(house, referred)
    make.advance(house, 30)
    house.works.run(actions.accept, referred.id, cast.wu)
    take(house, request)
    assert of.balances(holder=cast.zhou.id) == {"accrued": -2_500} and of.balances(holder=cast.wu.id) == {}
    assert of.faults() == []
