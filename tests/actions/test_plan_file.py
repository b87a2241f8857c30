"""Incentive plans as head office sends them: proposed for each branch, and never in force by that alone."""

from __future__ import annotations

from typing import Any

import pytest

from lobby_server.admin.feeds import Import, take
from lobby_server.kernel.actor import system
from lobby_server.kernel.errors import Conflict, Invalid, NotFound
from lobby_server.kernel.feeds import Outcome
from lobby_server.kernel.house import House
from referral.incentives.actions.plans import ApprovePlan, approve_plan
from referral.incentives.store import payouts
from referral.incentives.store.payouts import PlanRow
from tests import make
from tests.feeds import file_of
from tests.ledger import books, plan
from tests.make import Cast

NEXT: dict[str, Any] = {"version": 2, "starts_on": "2026-12-01"}


def taken(house: House, *lines: Any, day: str = "2026-11-24", is_dry: bool = False) -> Outcome:
    raw = file_of(*lines, feed="plans", as_of=day)
    return take(house, Import("plans", raw, is_dry=is_dry), system(make.HERE))


def newest(house: House, branch_id: str) -> PlanRow | None:
    with house.database.read() as db:
        return payouts.newest_plan(db, branch_id, approved_only=False)


def test_a_plan_of_head_office_is_proposed_and_somebody_of_the_branch_puts_it_in_force(
    house: House, cast: Cast
) -> None:
    of = books(house, cast)
    lines = [{"branch": make.HERE, "plan": plan(**NEXT)}, {"branch": make.ELSEWHERE, "plan": plan()}]
    assert taken(house, *lines, is_dry=True) == Outcome(added=1, changed=1)
    assert newest(house, make.ELSEWHERE) is None
    assert taken(house, *lines) == Outcome(added=1, changed=1)
    proposed = newest(house, make.HERE)
    assert proposed is not None and (proposed.version, proposed.approved_by) == (2, None)
    approved = house.works.run(approve_plan, ApprovePlan(2, proposed.sha256), of.head)
    assert approved.approved_by == of.head.label


def test_what_the_newest_version_says_already_changes_nothing(house: House, cast: Cast) -> None:
    books(house, cast)
    line = {"branch": make.HERE, "plan": plan(**NEXT)}
    assert taken(house, line) == Outcome(changed=1)
    assert taken(house, line) == Outcome(is_known=True)
    assert taken(house, line, day="2026-11-25") == Outcome(unchanged=1)


@pytest.mark.parametrize("is_dry", [True, False])
@pytest.mark.parametrize(
    ("wrong", "kind", "code"),
    [
        ({"branch": "9999", "plan": plan()}, NotFound, "branch"),
        ({"branch": make.HERE, "plan": plan(version=3, starts_on="2026-12-01")}, Conflict, "version_used"),
        ({"branch": make.HERE, "plan": plan(version=2, starts_on="2026-11-01")}, Conflict, "starts_too_early"),
        ({"branch": make.HERE, "plan": plan(version=2, starts_on="2026-12-02")}, Invalid, "bad_plan"),
        ({"branch": make.HERE, "plan": {"version": 2}}, Invalid, "file_lines"),
        ({"branch": make.ELSEWHERE, "plan": plan()}, Invalid, "file_lines"),
    ],
)
def test_one_plan_that_cannot_be_takes_the_whole_file_with_it(
    house: House, cast: Cast, wrong: Any, kind: type[Exception], code: str, is_dry: bool
) -> None:
    books(house, cast)
    with pytest.raises(kind, match=code):
        taken(house, {"branch": make.ELSEWHERE, "plan": plan()}, wrong, is_dry=is_dry)
    assert newest(house, make.ELSEWHERE) is None
