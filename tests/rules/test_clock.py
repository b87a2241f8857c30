"""Moments and business days: the day turns at the branch's cut-over, whatever the machine's own zone is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lobby_server.branch.rules import Branch, next_business_day
from lobby_server.kernel.clock import StillClock, SystemClock, business_day_of, from_wire, to_wire

MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 — bounds
FOUR = 240


@pytest.mark.parametrize(
    ("moment", "zone", "cut_over_minute", "day"),
    [
        # 03:59:59.999999 and 04:00 in Shanghai, which has no summer time.
        ("2026-11-22T19:59:59.999999Z", "Asia/Shanghai", FOUR, "2026-11-22"),
        ("2026-11-22T20:00:00Z", "Asia/Shanghai", FOUR, "2026-11-23"),
        ("2026-11-22T16:00:00Z", "Asia/Shanghai", FOUR, "2026-11-22"),  # midnight does not matter
        ("2026-11-22T16:00:00Z", "Asia/Shanghai", 0, "2026-11-23"),
        # Berlin on the night of the change to winter time: 04:00 is at 03:00 UTC.
        ("2026-10-25T02:59:59Z", "Europe/Berlin", FOUR, "2026-10-24"),
        ("2026-10-25T03:00:00Z", "Europe/Berlin", FOUR, "2026-10-25"),
        # And of the change to summer time: 04:00 is at 02:00 UTC.
        ("2026-03-29T01:59:59Z", "Europe/Berlin", FOUR, "2026-03-28"),
        ("2026-03-29T02:00:00Z", "Europe/Berlin", FOUR, "2026-03-29"),
        ("2026-01-01T00:00:00Z", "Pacific/Kiritimati", FOUR, "2026-01-01"),
        ("2026-01-01T00:00:00Z", "America/Los_Angeles", FOUR, "2025-12-31"),
    ],
)
def test_the_business_day_turns_at_the_cut_over(moment: str, zone: str, cut_over_minute: int, day: str) -> None:
    assert business_day_of(from_wire(moment), zone, cut_over_minute) == date.fromisoformat(day)


@given(MOMENTS, st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]))
def test_a_later_moment_is_never_an_earlier_business_day(moment: datetime, zone: str) -> None:
    day = business_day_of(moment, zone, FOUR)
    for later in (timedelta(microseconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(hours=26)):
        assert business_day_of(moment + later, zone, FOUR) >= day


@given(MOMENTS)
def test_a_moment_survives_the_wire(moment: datetime) -> None:
    assert from_wire(to_wire(moment)) == moment
    assert len(to_wire(moment)) == 27 and to_wire(moment).endswith("Z")


@given(MOMENTS, MOMENTS)
def test_moments_sort_as_text_in_the_order_of_time(one: datetime, other: datetime) -> None:
    assert (one < other) == (to_wire(one) < to_wire(other))


def test_the_wire_is_utc_from_wherever_it_comes() -> None:
    in_shanghai = datetime(2026, 11, 23, 10, 0, tzinfo=timezone(timedelta(hours=8)))
    assert to_wire(in_shanghai) == "2026-11-23T02:00:00.000000Z"
    assert from_wire("2026-11-23T10:00:00+08:00") == in_shanghai


@pytest.mark.parametrize("text", ["2026-11-23T02:00:00", "2026-11-23", "", "now", "2026-13-01T00:00:00Z"])
def test_a_moment_without_a_zone_or_sense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"zone|Invalid|month"):
        from_wire(text)


def test_a_still_clock_moves_only_when_told_and_both_ways() -> None:
    clock = StillClock(datetime(2026, 11, 23, 10, 0, tzinfo=timezone(timedelta(hours=8))))
    before = clock.now(), clock.elapsed_s()
    assert (clock.now(), clock.elapsed_s()) == before
    assert clock.now().tzinfo is UTC
    clock.advance(timedelta(seconds=90))
    assert (clock.now() - before[0], clock.elapsed_s() - before[1]) == (timedelta(seconds=90), 90.0)
    clock.advance(timedelta(seconds=-90))
    assert (clock.now(), clock.elapsed_s()) == before


def test_the_machines_clock_is_aware_and_its_other_one_never_runs_backward() -> None:
    clock = SystemClock()
    assert clock.now().utcoffset() == timedelta(0)
    first = clock.elapsed_s()
    assert clock.elapsed_s() >= first


# ---- The branch's day ---------------------------------------------------------------------------------------------

BRANCH = Branch("0001", {"zh-CN": "支行", "en": "Branch"}, "Asia/Shanghai")
MORNING = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("last", "day", "leapt"),
    [
        (None, date(2026, 11, 23), False),
        (date(2026, 11, 22), date(2026, 11, 23), False),
        (date(2026, 11, 23), date(2026, 11, 23), False),
        (date(2026, 11, 24), date(2026, 11, 24), False),  # the clock was set back: the day is not
        (date(2026, 11, 21), date(2026, 11, 23), True),  # two days: a holiday, or a clock that is wrong
        (date(2016, 11, 23), date(2026, 11, 23), True),
    ],
)
def test_the_branchs_day_never_goes_back_and_tells_of_a_leap(last: date | None, day: date, leapt: bool) -> None:
    assert next_business_day(last, BRANCH, MORNING) == (day, leapt)
