"""The server is away for ten minutes: what it had accepted stays; what is tried meanwhile is refused or done once.

LOBBY_AWAY_S sets for how long (600).
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from lobby_server.visits.rules import CLAIM_LIVES
from tests.whole.browsing import windows
from tests.whole.running import Caller, Demo, demo, signed_in

AWAY_S = float(os.environ.get("LOBBY_AWAY_S", "600"))
SLOW_MS = 40_000
BACK_MS = 90_000  # a screen comes back by itself; the longest pause between two of its tries is far below

pytestmark = [pytest.mark.soak, pytest.mark.timeout(0)]


def take_a_ticket(kiosk: Page) -> str:
    """A customer without a code takes a number; the page comes home by itself."""
    kiosk.locator("[data-service=cash]").click()
    number = kiosk.locator(".slip-code").first
    expect(number).to_be_visible(timeout=SLOW_MS)
    told = number.inner_text()
    expect(kiosk.locator("[data-step=home]")).to_be_visible(timeout=SLOW_MS)
    return told


def numbers(manager: Caller) -> list[str]:
    """The tickets of the hall."""
    return sorted(each["number"] for each in manager.get("/lobby")["tickets"])


def test_ten_minutes_without_the_server_lose_no_act_that_was_accepted(tmp_path: Path) -> None:
    with demo(tmp_path) as server, windows(server) as browser:
        kiosk = browser.open("/demo/enrol/kiosk", 1080, 1920)
        expect(kiosk.locator("[data-step=home]")).to_be_visible(timeout=SLOW_MS)
        given = [take_a_ticket(kiosk) for _ in range(3)]
        tablet = browser.open_signed_in("L001", "/tablet", 1280, 800)
        tablet.locator(".card-act button").first.click()
        expect(tablet.locator(".card-claim.mine")).to_be_visible(timeout=SLOW_MS)
        accepted, deeds = visits(server), claims(server)
        assert deeds
        server.kill()
        expect(tablet.locator(".strip")).to_be_visible(timeout=SLOW_MS)
        until = time.monotonic() + AWAY_S
        # A customer touches a service again and again, and a colleague a card: both are told that it does not go.
        while time.monotonic() < until:
            try_in_vain(kiosk, tablet)
            time.sleep(min(20.0, AWAY_S / 4))
        server.start()
        expect(tablet.locator(".strip")).to_be_hidden(timeout=BACK_MS)
        assert (visits(server), claims(server)) == (accepted, deeds)
        assert sorted(given) == numbers(signed_in(server, "L001"))
        # The colleague's next touch is done, by the page that was open all the time.
        tablet.locator(".card-act button").first.click()
        # A claim is a lease: one that nobody renewed for so long stands open again.
        lapsed = CLAIM_LIVES.total_seconds() < AWAY_S
        expect(tablet.locator(".card-claim.mine")).to_have_count(1 if lapsed else 2, timeout=SLOW_MS)
        expect(kiosk.locator("[data-step=home]")).to_be_visible(timeout=BACK_MS)
        given.append(take_a_ticket(kiosk))
        assert sorted(given) == numbers(signed_in(server, "L001"))
        assert server.command("check").returncode == 0


def visits(server: Demo) -> list[str]:
    """Who is here."""
    return sorted(each["visit_id"] for each in signed_in(server, "L001").get("/lobby")["visits"])


def claims(server: Demo) -> list[str]:
    """Whom somebody has taken, by the audit of the day."""
    deeds = signed_in(server, "A001").get("/audit")["deeds"]
    return sorted(each["subject"] for each in deeds if each["deed"] == "claim")


def try_in_vain(kiosk: Page, tablet: Page) -> None:
    """Nothing that is tried now may look as if it had been done."""
    button = tablet.locator(".card-act button").first
    if button.is_enabled():
        button.click()
    expect(tablet.locator(".card-claim.mine")).to_have_count(1)
    service = kiosk.locator("[data-service=cash]")
    if service.is_visible() and service.is_enabled():
        service.click()
        expect(kiosk.locator(".slip-code")).to_have_count(0)
