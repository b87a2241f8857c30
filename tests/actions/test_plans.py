"""Plans: two people, staff who accept, nothing that reaches back, and a rehearsal before anything counts."""

from __future__ import annotations

import pytest

from lobby_server.kernel.errors import Conflict, NotFound
from lobby_server.kernel.house import House
from referral.incentives.actions import plans
from referral.incentives.actions.plans import ApprovePlan, Rehearse
from tests import make
from tests.ledger import SPLIT, TEAM, Books, books, plan
from tests.make import Cast

DOUBLE = {"scheme": "team", "terms": {"rate_ppm": 5_000}}


@pytest.fixture
def of(house: House, cast: Cast) -> Books:
    """A branch with a plan in force since this month."""
    return books(house, cast)


def test_a_plan_counts_when_a_second_person_has_approved_what_was_read(of: Books) -> None:
    run = of.house.works.run
    row = run(plans.propose_plan, plan(2, "2026-12-01"), of.admin)
    with pytest.raises(Conflict, match="same_person"):
        run(plans.approve_plan, ApprovePlan(2, row.sha256), of.admin)
    with pytest.raises(Conflict, match="plan_differs"):
        run(plans.approve_plan, ApprovePlan(2, "0" * 64), of.head)
    assert run(plans.approve_plan, ApprovePlan(2, row.sha256), of.head).approved_by == of.head.label
    with pytest.raises(Conflict, match="approved"):
        run(plans.approve_plan, ApprovePlan(2, row.sha256), of.head)
    with pytest.raises(NotFound):
        run(plans.approve_plan, ApprovePlan(9, row.sha256), of.head)


def test_a_plan_never_reaches_back(of: Books) -> None:
    for early in ("2026-10-01", "2026-11-01"):
        with pytest.raises(Conflict, match="starts_too_early"):
            of.house.works.run(plans.propose_plan, plan(2, early), of.admin)
    row = of.house.works.run(plans.propose_plan, plan(2, "2026-12-01"), of.admin)
    of.go_to(2026, 12, 1)
    with pytest.raises(Conflict, match="starts_too_early"):
        of.house.works.run(plans.approve_plan, ApprovePlan(2, row.sha256), of.head)


def test_versions_follow_each_other_and_are_never_used_twice(of: Books) -> None:
    for version in (1, 3):
        with pytest.raises(Conflict, match="version_used") as refused:
            of.house.works.run(plans.propose_plan, plan(version, "2026-12-01"), of.admin)
        assert refused.value.facts == {"branch": make.HERE, "expected": 2}


def test_a_booking_is_credited_by_the_plan_of_its_day_whenever_it_comes(of: Books) -> None:
    lines = {"wealth": {"money": DOUBLE, "points": None, "split": SPLIT}}
    of.put_in_force(plan(2, "2026-12-01", lines=lines))
    before = of.accrued(line="wealth")
    of.go_to(2026, 12, 2)
    of.accrued(line="wealth")
    late = of.accrued(line="wealth", booked_at=before.booked_at)
    assert (before.amount_minor, before.plan_version) == (late.amount_minor, late.plan_version) == (2_500, 1)
    assert of.accrued(line="wealth").amount_minor == 5_000
    assert of.faults() == []


def test_staff_accept_what_was_approved_and_accepting_again_changes_nothing(of: Books) -> None:
    row = of.house.works.run(plans.propose_plan, plan(2, "2026-12-01"), of.admin)
    with pytest.raises(NotFound):
        of.house.works.run(plans.accept_plan, ApprovePlan(2, row.sha256), of.cast.zhou)
    of.house.works.run(plans.approve_plan, ApprovePlan(2, row.sha256), of.head)
    for _ in range(2):
        of.house.works.run(plans.accept_plan, ApprovePlan(2, row.sha256), of.cast.zhou)
    with pytest.raises(Conflict, match="plan_differs"):
        of.house.works.run(plans.accept_plan, ApprovePlan(2, "0" * 64), of.cast.wu)


def test_a_rehearsal_says_who_would_get_how_much_more_or_less_and_changes_nothing(of: Books) -> None:
    of.accrued(line="wealth")
    of.accrued(line="card")
    lines = {"wealth": {"money": DOUBLE, "points": None, "split": SPLIT}}
    balances = of.balances()
    asked = Rehearse(plan(2, "2027-01-01", lines=lines), "2026-11", "2026-11")
    found = of.house.works.run(plans.rehearse, asked, of.head)
    assert [(each.staff_id, each.was_minor, each.would_be_minor) for each in found] == [
        (of.cast.wu.id, 6_667 + 1_667, 3_333),
        (of.cast.zhou.id, 3_334 + 833, 1_667),
    ]
    assert of.balances() == balances


def test_rehearsing_the_plan_in_force_changes_nobodys_amount(of: Books) -> None:
    for line in ("card", "loan", "wealth", "fund"):
        of.accrued(line=line, base_minor=2_345_678)
    found = of.house.works.run(plans.rehearse, Rehearse(plan(), "2026-11", "2026-11"), of.head)
    assert found and all(each.was_minor == each.would_be_minor for each in found)


def test_a_rehearsed_plan_stands_under_the_guard_too(of: Books) -> None:
    of.accrued(line="fund")
    lines = {"fund": {"money": TEAM, "points": None, "split": SPLIT}}
    asked = Rehearse(plan(2, "2027-01-01", lines=lines), "2026-11", "2026-11")
    assert {each.would_be_minor for each in of.house.works.run(plans.rehearse, asked, of.head)} == {0}
