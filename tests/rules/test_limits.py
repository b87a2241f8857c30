"""How much one place may ask: so much at once, so much on average, and one place never pays for another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lobby_server.doors import limits
from lobby_server.doors.limits import Limiter
from lobby_server.kernel.clock import StillClock
from lobby_server.kernel.errors import Throttled

START = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def allowed(limiter: Limiter, place: str, times: int) -> int:
    """How many of so many tries get through."""
    through = 0
    for _ in range(times):
        try:
            limiter.check(place)
        except Throttled:
            continue
        through += 1
    return through


def test_a_burst_gets_through_and_then_one_after_the_other() -> None:
    clock = StillClock(START)
    limiter = Limiter(clock, per_s=2, burst=5)
    assert allowed(limiter, "kiosk", 20) == 5
    clock.advance(timedelta(seconds=0.4))
    assert allowed(limiter, "kiosk", 20) == 0
    clock.advance(timedelta(seconds=0.1))
    assert allowed(limiter, "kiosk", 20) == 1
    clock.advance(timedelta(seconds=3600))
    assert allowed(limiter, "kiosk", 20) == 5


def test_whoever_is_refused_is_told_when_to_come_back() -> None:
    clock = StillClock(START)
    limiter = Limiter(clock, per_s=1 / 60, burst=1)
    limiter.check("L001")
    for waited_s, left_s in ((0, 60), (20, 40), (19.5, 21)):
        clock.advance(timedelta(seconds=waited_s))
        with pytest.raises(Throttled, match="too_many_requests") as refused:
            limiter.check("L001")
        assert refused.value.facts["retry_after_s"] in (left_s, left_s + 1)  # a float may round it up
    clock.advance(timedelta(seconds=21))
    limiter.check("L001")


def test_being_refused_costs_nothing() -> None:
    clock = StillClock(START)
    limiter = Limiter(clock, per_s=1, burst=1)
    assert allowed(limiter, "kiosk", 1000) == 1
    clock.advance(timedelta(seconds=1))
    assert allowed(limiter, "kiosk", 1000) == 1


def test_one_place_never_pays_for_another() -> None:
    limiter = Limiter(StillClock(START), per_s=1, burst=3)
    assert allowed(limiter, "flooding", 100) == 3
    assert allowed(limiter, "quiet", 3) == 3


def test_a_clock_that_is_set_back_gives_nothing_and_takes_nothing() -> None:
    clock = StillClock(START)
    limiter = Limiter(clock, per_s=1, burst=2)
    limiter.check("kiosk")
    clock.advance(timedelta(seconds=-3600))
    assert allowed(limiter, "kiosk", 5) == 1
    clock.advance(timedelta(seconds=1))
    assert allowed(limiter, "kiosk", 5) == 1


def test_only_so_many_places_are_remembered_and_the_quietest_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PLACES_MAX", 3)
    limiter = Limiter(StillClock(START), per_s=1, burst=1)
    for place in ("a", "b", "c"):
        limiter.check(place)
    assert allowed(limiter, "a", 1) == 0  # seen again, so it is not the quietest
    limiter.check("d")
    assert allowed(limiter, "b", 1) == 1
    assert allowed(limiter, "d", 1) == 0


@given(st.lists(st.floats(0, 5), max_size=40))
def test_over_any_time_no_more_than_the_burst_and_the_average_get_through(pauses: list[float]) -> None:
    clock = StillClock(START)
    limiter = Limiter(clock, per_s=2, burst=4)
    through = allowed(limiter, "kiosk", 10)
    for pause in pauses:
        clock.advance(timedelta(seconds=pause))
        through += allowed(limiter, "kiosk", 10)
    assert through <= 4 + 2 * sum(pauses) + 0.01
