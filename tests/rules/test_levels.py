"""At which level a visit is served, and how it is greeted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from lobby_server.branch.rules import PROMISES
from lobby_server.customers.rules import TIERS
from lobby_server.visits.rules import ServiceLevel, greeting_of, level_of


@pytest.mark.parametrize(
    ("tier", "level"),
    [
        (None, ServiceLevel.ORDINARY),
        ("ordinary", ServiceLevel.ORDINARY),
        ("gold", ServiceLevel.ORDINARY),
        ("platinum", ServiceLevel.ORDINARY),
        ("diamond", ServiceLevel.VIP),
        ("private", ServiceLevel.VIP),
    ],
)
def test_the_level_follows_from_the_tier_and_whoever_needs_help_gets_it_first(
    tier: str | None, level: ServiceLevel
) -> None:
    assert level_of(tier, is_vulnerable=False) is level
    assert level_of(tier, is_vulnerable=True) is ServiceLevel.VULNERABLE


def test_an_appointment_comes_before_the_tier_and_after_need_of_help() -> None:
    assert level_of("private", is_vulnerable=False, is_expected=True) is ServiceLevel.APPOINTMENT
    assert level_of(None, is_vulnerable=True, is_expected=True) is ServiceLevel.VULNERABLE


def test_every_tier_has_a_level_and_every_level_a_promise() -> None:
    assert {level_of(tier, is_vulnerable=False) for tier in TIERS} == {ServiceLevel.ORDINARY, ServiceLevel.VIP}
    assert PROMISES.keys() == set(ServiceLevel)
    waits = [PROMISES[each].wait_s for each in (ServiceLevel.VIP, ServiceLevel.VULNERABLE, ServiceLevel.ORDINARY)]
    assert waits == sorted(set(waits))


@pytest.mark.parametrize(
    ("clock", "part"),
    [
        ("00:00", "evening"),
        ("04:59", "evening"),
        ("05:00", "morning"),
        ("11:59", "morning"),
        ("12:00", "afternoon"),
        ("17:59", "afternoon"),
        ("18:00", "evening"),
        ("23:59", "evening"),
    ],
)
@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/Los_Angeles", "Asia/Kolkata"])
def test_the_greeting_is_that_of_the_hour_at_the_branch(clock: str, part: str, zone: str) -> None:
    hour, minute = map(int, clock.split(":"))
    there = datetime(2026, 11, 23, hour, minute, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert greeting_of(there, zone, is_known=True) == f"{part}_customer"
    assert greeting_of(there + timedelta(seconds=59), zone, is_known=False) == f"{part}_guest"
