"""When a branch is open, when it opens next, and how many windows should be: by the clock on its own wall."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lobby_server.branch.rules import (
    OPENING_WITHIN,
    Branch,
    Calendar,
    Hours,
    Planned,
    check_hours,
    is_open_at,
    next_opening,
    open_day_after,
    points_planned,
)
from lobby_server.kernel.errors import Invalid

SHANGHAI = ZoneInfo("Asia/Shanghai")
WEEK = (Hours((1, 2, 3, 4, 5), 9 * 60, 12 * 60), Hours((1, 2, 3, 4, 5), 13 * 60, 17 * 60), Hours((6,), 570, 960))
HOLIDAY = date(2026, 11, 25)
CALENDAR = Calendar("Asia/Shanghai", WEEK, frozenset({HOLIDAY}))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of November 2026 in Shanghai; the 23rd is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        (at(23, 8, 59), False),
        (at(23, 9), True),
        (at(23, 11, 59), True),
        (at(23, 12), False),
        (at(23, 13), True),
        (at(23, 17), False),
        (at(25, 10), False),  # a holiday
        (at(28, 9, 29), False),
        (at(28, 9, 30), True),
        (at(29, 10), False),  # a Sunday
    ],
)
def test_a_branch_is_open_in_its_hours_but_on_no_holiday(moment: datetime, is_open: bool) -> None:
    assert is_open_at(CALENDAR, moment) is is_open


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        (at(23, 10), at(23, 10)),
        (at(23, 6), at(23, 9)),
        (at(23, 12, 30), at(23, 13)),
        (at(24, 18), at(26, 9)),  # the 25th is a holiday
        (at(28, 16), at(30, 9)),  # over Sunday
    ],
)
def test_it_opens_next_at_its_next_hours(moment: datetime, opens: datetime) -> None:
    assert next_opening(CALENDAR, moment) == opens


def test_a_branch_without_hours_is_always_open_but_on_a_holiday() -> None:
    calendar = Calendar("Asia/Shanghai", closed_on=frozenset({HOLIDAY}))
    assert is_open_at(calendar, at(29, 3))
    assert not is_open_at(calendar, at(25, 3))
    assert next_opening(calendar, at(25, 3)) == at(26, 0)


def test_a_branch_that_is_closed_for_months_has_no_next_opening() -> None:
    closed = frozenset(date(2026, 11, 1) + timedelta(days=days) for days in range(200))
    assert next_opening(Calendar("Asia/Shanghai", WEEK, closed), at(23, 10)) is None


@given(st.integers(0, 400 * 24 * 60), st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York"]))
def test_it_is_open_at_its_next_opening_and_not_a_moment_before(minutes: int, zone: str) -> None:
    calendar = Calendar(zone, WEEK)
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    opens = next_opening(calendar, moment)
    assert opens is not None and opens >= moment and is_open_at(calendar, opens)
    if opens > moment:
        assert not is_open_at(calendar, moment)
        assert not is_open_at(calendar, opens - timedelta(seconds=1))


@pytest.mark.parametrize(
    ("day", "count", "found"),
    [
        (23, 0, date(2026, 11, 23)),
        (23, 1, date(2026, 11, 24)),
        (24, 1, date(2026, 11, 26)),  # the 25th is a holiday
        (23, 5, date(2026, 11, 30)),  # Saturday counts, Sunday does not
        (29, 1, date(2026, 11, 30)),
    ],
)
def test_days_are_counted_on_which_the_branch_opens(day: int, count: int, found: date) -> None:
    assert open_day_after(CALENDAR, date(2026, 11, day), count) == found


def test_a_branch_that_is_shut_for_months_is_not_waited_for() -> None:
    shut = Calendar("Asia/Shanghai", WEEK, frozenset(date(2026, 11, 1) + timedelta(days=n) for n in range(100)))
    assert open_day_after(shut, date(2026, 11, 23), 5) == date(2026, 11, 23) + OPENING_WITHIN


def test_the_plan_says_how_many_windows_by_the_branchs_own_clock() -> None:
    plan = (Planned((1,), 9 * 60, 10 * 60, 1), Planned((1,), 10 * 60, 12 * 60, 3))
    branch = Branch("0001", {}, "Asia/Shanghai", plan=plan)
    planned = [points_planned(branch.plan, branch.local(at(23, hour))) for hour in (8, 9, 10, 11, 12)]
    assert planned == [None, 1, 3, 3, None]
    assert points_planned(branch.plan, branch.local(at(24, 10))) is None


@pytest.mark.parametrize(
    ("hours", "code"),
    [
        ([Hours((1,), 600, 600)], "hours_backward"),
        ([Hours((1,), 600, 540)], "hours_backward"),
        ([Hours((1, 2), 540, 720), Hours((2,), 719, 800)], "hours_overlap"),
        ([Hours((7,), 0, 1440), Hours((7,), 100, 200)], "hours_overlap"),
    ],
)
def test_hours_that_cannot_be_are_refused(hours: list[Hours], code: str) -> None:
    with pytest.raises(Invalid, match=code):
        check_hours(hours)


def test_hours_may_touch() -> None:
    check_hours([Hours((1, 2), 540, 720), Hours((2,), 720, 800), Hours((3,), 0, 1440)])
