"""Portfolios, services and appointments as head office states them."""

from __future__ import annotations

from typing import Any

import pytest

from lobby_server.admin.feeds import Import, take
from lobby_server.appointments import store as appointments
from lobby_server.branch import store as branches
from lobby_server.customers import store as customers
from lobby_server.kernel.actor import system
from lobby_server.kernel.errors import Invalid, NotFound
from lobby_server.kernel.feeds import Outcome
from lobby_server.kernel.house import House
from referral.lifecycle import store as referrals
from tests import make
from tests.feeds import file_of
from tests.make import Cast

DAY, NEXT_DAY = "2026-11-24", "2026-11-25"


def taken(house: House, feed: str, *lines: Any, day: str = DAY, kind: str = "delta", **how: bool) -> Outcome:
    raw = file_of(*lines, feed=feed, as_of=day, head={"kind": kind})
    return take(house, Import(feed, raw, **how), system(make.HERE))


def owner(house: House, customer_no: str) -> str | None:
    with house.database.read() as db:
        found = customers.find_by_number(db, house.keys, customer_no)
    assert found is not None
    return found.owner_staff_no


def test_a_portfolio_says_who_looks_after_whom_and_a_full_one_ends_what_it_does_not_name(
    house: House, cast: Cast
) -> None:
    lines = [{"customer_no": "C1", "staff_no": "R001"}, {"customer_no": "C2", "staff_no": "R001"}]
    assert taken(house, "portfolios", *lines, is_dry=True) == Outcome(added=2)
    assert owner(house, "C1") is None
    assert taken(house, "portfolios", *lines) == Outcome(added=2)
    assert (owner(house, "C1"), owner(house, "C2")) == ("R001", "R001")
    moved = {"customer_no": "C1", "staff_no": "R002"}
    outcome = taken(house, "portfolios", moved, day=NEXT_DAY, kind="full", may_shrink=True)
    assert outcome == Outcome(changed=1, gone=1)
    assert (owner(house, "C1"), owner(house, "C2")) == ("R002", None)


def test_head_office_says_who_is_family_and_a_full_list_ends_what_it_does_not_name(house: House, cast: Cast) -> None:
    lines = [{"branch": make.HERE, "staff_no": who, "customer_no": "C1"} for who in ("T001", "R001")]
    assert taken(house, "kin", *lines) == Outcome(added=2)
    with house.database.read() as db:
        assert referrals.kin_of(db, make.WANG.id) == {cast.zhou.id, cast.wu.id}
        assert referrals.kin_of(db, make.LI.id) == set()
    outcome = taken(house, "kin", lines[0], day=NEXT_DAY, kind="full", may_shrink=True)
    assert outcome == Outcome(gone=1, unchanged=1)


def offered(house: House, branch_id: str = make.HERE) -> frozenset[str]:
    with house.database.read() as db:
        return branches.service_codes(db, branch_id)


def test_head_office_says_which_services_a_branch_offers_and_the_others_stay_as_they_are(
    house: House, cast: Cast
) -> None:
    elsewhere = offered(house, make.ELSEWHERE)
    line = {"branch": make.HERE, "service_types": ["cash", "loan"]}
    assert taken(house, "services", line, kind="full") == Outcome(changed=1)
    assert offered(house) == {"cash", "loan"} and offered(house, make.ELSEWHERE) == elsewhere
    assert taken(house, "services", line, day=NEXT_DAY) == Outcome(unchanged=1)
    more = {"branch": make.HERE, "service_types": ["cash", "loan", "wealth"]}
    assert taken(house, "services", more, day="2026-11-26") == Outcome(changed=1)
    assert offered(house) == {"cash", "loan", "wealth"}


def test_a_service_or_a_branch_that_nobody_knows_takes_nothing(house: House, cast: Cast) -> None:
    before = offered(house)
    good = {"branch": make.ELSEWHERE, "service_types": ["cash"]}
    with pytest.raises(Invalid, match="unknown_service_type") as refused:
        taken(house, "services", good, {"branch": make.HERE, "service_types": ["cash", "haircut"]})
    assert refused.value.facts == {"branch": make.HERE, "unknown": ["haircut"]}
    with pytest.raises(NotFound, match="branch"):
        taken(house, "services", good, {"branch": "9999", "service_types": ["cash"]})
    assert offered(house) == before and offered(house, make.ELSEWHERE) != {"cash"}


def appointment(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "appointment_no": f"A{number}",
        "branch": make.HERE,
        "customer_no": "C1",
        "service_type": "wealth",
        "staff_no": "R001",
        "starts_at": "2026-11-24T02:00:00Z",
        "code": f"APT-ABCDEFG{number}",
        **changes,
    }


def state_of(house: House, number: str) -> str | None:
    with house.database.read() as db:
        found = appointments.find_by_number(db, house.keys, number)
    return str(found.state) if found else None


def test_appointments_are_entered_changed_and_cancelled_and_a_dry_run_keeps_none(house: House, cast: Cast) -> None:
    lines = [appointment(2), appointment(3, customer_no=None, code=None)]
    assert taken(house, "appointments", *lines, is_dry=True) == Outcome(added=2)
    assert state_of(house, "A2") is None
    assert taken(house, "appointments", *lines) == Outcome(added=2)
    assert taken(house, "appointments", *lines) == Outcome(is_known=True)
    again = [appointment(2, is_cancelled=True), lines[1]]
    assert taken(house, "appointments", *again, day=NEXT_DAY) == Outcome(changed=1, unchanged=1)
    assert (state_of(house, "A2"), state_of(house, "A3")) == ("cancelled", "booked")


@pytest.mark.parametrize("wrong", [{"customer_no": "C404"}, {"branch": "9999"}, {"staff_no": "R404"}])
def test_an_appointment_with_somebody_unknown_takes_nothing(house: House, cast: Cast, wrong: dict[str, str]) -> None:
    with pytest.raises(NotFound) as refused:
        taken(house, "appointments", appointment(2), appointment(3, **wrong))
    assert refused.value.facts == {"appointment_no": "A3"}
    assert state_of(house, "A2") is None


@pytest.mark.parametrize(
    "wrong",
    [{"code": "APT-abcdefgh"}, {"code": "4111111111111111"}, {"minutes": 0}, {"starts_at": "2026-11-24T02:00:00"}],
)
def test_a_wrong_appointment_is_named_by_its_line(house: House, cast: Cast, wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="file_lines") as refused:
        taken(house, "appointments", appointment(2), appointment(3, **wrong))
    assert [each["line"] for each in refused.value.facts["lines"]] == [3]  # type: ignore[attr-defined]
