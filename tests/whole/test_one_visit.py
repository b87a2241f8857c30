"""One customer's way through the branch, on real screens: and in the middle of it the server dies."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.whole.browsing import Windows, windows
from tests.whole.pictures import film_of
from tests.whole.running import Demo, demo

pytestmark = pytest.mark.timeout(240)
SLOW_MS = 30_000


def test_a_code_at_the_kiosk_becomes_a_card_a_number_and_a_call(tmp_path: Path) -> None:
    with demo(tmp_path) as server:
        camera = tmp_path / "camera.y4m"
        film_of(_fresh_code(server, "C1001"), camera)
        with windows(server, camera) as open_windows:
            _follow(server, open_windows)
            assert open_windows.complaints == []
        checked = server.command("check", "--json")
        assert json.loads(checked.stdout)["ok"], checked.stdout
        kept = {path.name: path.read_bytes() for path in tmp_path.glob("l*") if path.is_file()}
    # Neither the database, its journal nor the log holds a name or a customer number that can be read.
    assert kept.keys() >= {"log", "lobby.sqlite3", "lobby.sqlite3-wal"}
    assert {
        name: canary for name, held in kept.items() for canary in ("王建明", "C1001") if canary.encode() in held
    } == {}


def _follow(server: Demo, browser: Windows) -> None:
    tablet = browser.open_signed_in("L001", "/tablet", 1280, 800)
    wall = browser.open("/demo/enrol/wall", 1920, 1080)
    expect(wall.locator(".wall-now")).to_be_visible(timeout=SLOW_MS)

    kiosk = browser.open("/demo/enrol/kiosk", 1080, 1920)
    expect(kiosk.locator("[data-step=choose]")).to_be_visible(timeout=SLOW_MS)
    expect(kiosk.locator("body")).to_contain_text("王*明")
    expect(tablet.locator("#main")).to_contain_text("王*明", timeout=SLOW_MS)

    kiosk.locator("[data-service=deposit_renewal]").click()
    number = kiosk.locator(".slip-code")
    expect(number).to_have_text("D001", timeout=SLOW_MS)
    phone = browser.open(_ticket_address(kiosk), 390, 844)
    expect(phone.locator("#number")).to_have_text("D001")
    expect(tablet.locator("#main")).to_contain_text("D001", timeout=SLOW_MS)

    server.kill()
    expect(tablet.locator("#main")).to_contain_text("王*明")
    server.start()

    desk = browser.open_signed_in("R001", "/desk", 1366, 768)
    expect(desk.locator("#main")).to_contain_text("理财 1 号", timeout=SLOW_MS)
    # Fingers do not wait for the line: the second key takes its turn after the first one's answer.
    desk.keyboard.press("4")
    desk.keyboard.press("Space")
    expect(desk.locator(".at-window")).to_contain_text("D001", timeout=SLOW_MS)
    expect(desk.locator(".at-window")).to_contain_text("王*明")
    expect(wall.locator(".wall-now")).to_contain_text("D001", timeout=SLOW_MS)
    expect(wall.locator(".wall-now")).to_contain_text("理财1号")
    expect(phone.locator("body")).to_have_attribute("data-state", "called", timeout=SLOW_MS)

    desk.keyboard.press("s")
    expect(phone.locator("body")).to_have_attribute("data-state", "in_service", timeout=SLOW_MS)
    desk.keyboard.press("f")
    expect(tablet.locator("#main")).not_to_contain_text("王*明", timeout=SLOW_MS)
    expect(phone.locator("body")).to_have_attribute("data-state", "finished", timeout=SLOW_MS)


def _fresh_code(server: Demo, customer_no: str) -> str:
    made = server.command("credential", "qr", "--customer", customer_no, "--json")
    text: str = json.loads(made.stdout)["text"]
    return text


def _ticket_address(kiosk: Page) -> str:
    """The phone page's address, as the code on the kiosk's screen leads to it."""
    address = kiosk.locator("img[src*='/t/']").get_attribute("src") or ""
    found = re.fullmatch(r"(/t/[\w-]{22})/qr\.svg", address)
    assert found, address
    return found.group(1)
