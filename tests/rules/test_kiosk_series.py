"""No two kiosks of a branch number their own tickets alike: which series one more kiosk gets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from lobby_server.branch.rules import SERIES_MAX, Device, series_for_new

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def kiosk(series: int | None, *, silent_s: int = 0, gone_s: int | None = None, told: int | None = None) -> Device:
    gone_at = None if gone_s is None else NOW - timedelta(seconds=gone_s)
    health = {} if told is None else {"series": told}
    seen_at = NOW - timedelta(seconds=silent_s)
    return Device(f"kiosk {series}", "0001", "kiosk", "Kiosk", seen_at, gone_at, health, series=series)


def test_one_more_kiosk_gets_the_lowest_series_that_nobody_has_or_numbers_by() -> None:
    assert series_for_new([], NOW) == 1
    assert series_for_new([kiosk(1), kiosk(None, told=2), kiosk(4)], NOW) == 3
    assert series_for_new([kiosk(1, gone_s=60)], NOW) == 2, "its paper may still be in somebody's hand"
    assert series_for_new([kiosk(None, told=1, gone_s=60)], NOW) == 1


def test_when_each_series_was_given_the_one_longest_out_of_use_is_given_again() -> None:
    alive = [kiosk(number) for number in range(1, SERIES_MAX - 2)]
    lately, long_ago, silent = kiosk(97, gone_s=60), kiosk(98, gone_s=9000), kiosk(99, silent_s=99_000)
    assert series_for_new([*alive, lately, long_ago, silent], NOW) == 98
    assert series_for_new([*alive, lately, kiosk(98), silent], NOW) == 97
    assert series_for_new([*alive, kiosk(97), kiosk(98), silent], NOW) == 99
    assert series_for_new([*alive, *(kiosk(number) for number in (97, 98, 99))], NOW) is None
