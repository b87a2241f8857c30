"""What may befall a referral in each state, and who is asked to take it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral.lifecycle.matching import OPEN_MAX, Candidate, match, rank
from referral.lifecycle.rules import LIVE, PROTECTED, TRANSITIONS, ReferralState, next_state, protected_until
from tests.make import MORNING

DEEDS = (
    "offer", "accept", "decline", "contact", "qualify", "propose",
    "win", "lose", "withdraw", "expire", "duplicate", "merge", "reverse",
)  # fmt: skip
AVERAGE = Candidate("a", is_owner=False, is_licensed=True, is_present=True, open_count=0, won_count=0,
                    closed_count=0, offers_this_week=0)  # fmt: skip


def test_every_cell_is_as_the_golden_table_says(golden: Callable[[str, str], None]) -> None:
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["state", *DEEDS])
    for state in ReferralState:
        writer.writerow([state, *(next_state(state, deed) or "refused" for deed in DEEDS)])
    golden("referral_transitions.csv", table.getvalue())


def test_there_is_no_deed_that_the_table_does_not_show() -> None:
    assert set(TRANSITIONS) == set(DEEDS)


def test_what_is_over_stays_over_but_for_a_booking_that_is_undone() -> None:
    for state in ReferralState:
        leads_on = {deed for deed in DEEDS if next_state(state, deed)}
        assert bool(leads_on - {"reverse"}) is state.is_live
    assert next_state(ReferralState.WON, "reverse") is ReferralState.REVERSED


def test_every_state_can_be_reached_and_every_live_one_won_or_withdrawn() -> None:
    reached = {after for leads in TRANSITIONS.values() for after in leads.values()}
    assert reached | {ReferralState.CREATED} == set(ReferralState)
    for state in LIVE:
        assert next_state(state, "win") and next_state(state, "withdraw") and next_state(state, "expire")


@pytest.mark.parametrize(("line", "days"), [("deposit", 30), ("card", 60), ("wealth", 90), ("loan", 180), ("new", 30)])
def test_a_claim_holds_as_long_as_its_product_line_says(line: str, days: int) -> None:
    assert protected_until(line, MORNING) == MORNING + timedelta(days=days)
    assert min(PROTECTED.values()) == timedelta(days=30)


# ---- Matching -----------------------------------------------------------------------------------------------------


@st.composite
def colleagues(draw: st.DrawFn) -> list[Candidate]:
    """Up to six of them."""
    names = draw(st.lists(st.sampled_from("abcdef"), unique=True, max_size=6))
    return [
        Candidate(name, draw(st.booleans()), draw(st.booleans()), draw(st.booleans()), draw(st.integers(0, 25)),
                  won := draw(st.integers(0, 9)), won + draw(st.integers(0, 9)), draw(st.integers(0, 9)))
        for name in names
    ]  # fmt: skip


@given(colleagues(), st.none() | st.sampled_from("abcdef"), st.text(max_size=5), st.randoms())
def test_the_same_facts_give_the_same_answer_in_whatever_order(
    people: list[Candidate], wish: str | None, seed: str, random: object
) -> None:
    found = match(people, wish, seed)
    assert found == match(list(reversed(people)), wish, seed)
    able = {each.staff_id for each in people if each.is_licensed and each.open_count < OPEN_MAX}
    assert (found is None) == (not able)
    if found is not None:
        assert found.staff_id in {each.staff_id for each in found.ranking[:3]} and found.staff_id in able
        if any(each.is_owner and each.staff_id in able for each in people):
            assert found.why == "owner"


def test_the_owner_of_the_relationship_comes_before_any_score() -> None:
    star = replace(AVERAGE, staff_id="star", won_count=50, closed_count=50)
    owner = replace(AVERAGE, staff_id="owner", is_owner=True, is_present=False, open_count=19, closed_count=50)
    found = match([star, owner], wish="star", seed="x")
    assert found is not None and (found.staff_id, found.why) == ("owner", "owner")


def test_who_has_no_licence_or_no_room_is_not_asked() -> None:
    assert match([replace(AVERAGE, is_licensed=False), replace(AVERAGE, open_count=OPEN_MAX)], None, "x") is None


def four() -> list[Candidate]:
    """Four colleagues, the first the best."""
    won = {"a": 9, "b": 8, "c": 7, "d": 1}
    return [replace(AVERAGE, staff_id=name, won_count=count, closed_count=9) for name, count in won.items()]


def test_a_wish_counts_only_for_somebody_among_the_best_three() -> None:
    people = four()
    third, fourth = match(people, "c", "x"), match(people, "d", "x")
    assert third is not None and (third.staff_id, third.why) == ("c", "wish")
    assert fourth is not None and fourth.why != "wish"


def test_one_offer_in_twenty_is_explored_among_the_best() -> None:
    people = four()
    found = [match(people, None, f"{number}") for number in range(4000)]
    explored = [each.staff_id for each in found if each is not None and each.why == "explored"]
    assert 140 < len(explored) < 260 and set(explored) == {"a", "b", "c"}


def test_a_newcomer_is_taken_for_average_and_a_busy_one_waits() -> None:
    new = replace(AVERAGE, staff_id="new")
    poor = replace(AVERAGE, staff_id="poor", won_count=0, closed_count=30)
    busy = replace(AVERAGE, staff_id="busy", open_count=19, offers_this_week=5)
    assert rank([busy, poor, new])[0].staff_id == "new"
