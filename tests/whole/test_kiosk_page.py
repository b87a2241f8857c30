"""The whole kiosk: agent with simulated devices, page in the browser, branch server; and the server that hangs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from kiosk.agent.wire import PORT
from tests.kiosk_agent import agent, let_in, numbers_in_line
from tests.whole.browsing import Windows, windows
from tests.whole.running import Demo, demo, signed_in

# What a customer waits for a number when the server hangs: five seconds for it, the agent's own, and the drawing.
WAIT_S_MAX = 8.0
SLOW_MS = 30_000

pytestmark = pytest.mark.timeout(300)


@dataclass
class Hall:
    """A kiosk whose devices are files: what is written to `codes` is scanned, what is printed comes to `paper`."""

    server: Demo
    page: Page
    codes: Path
    paper: Path

    def prints(self, number: str) -> None:
        """Waits until a number is on paper, once."""
        until = time.monotonic() + WAIT_S_MAX
        while not self.paper.exists() or self.paper.read_bytes().count(number.encode()) != 1:
            assert time.monotonic() < until, f"{number} is not on paper"
            time.sleep(0.1)


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    """The page as its unit file opens it, with the agent's address and this boot's secret."""
    for name in ("server", "kiosk"):
        (tmp_path / name).mkdir()
    codes, paper = tmp_path / "codes", tmp_path / "paper"
    devices = f'[scanner]\ndriver = "simulated"\nfile = "{codes}"\n[printer]\ndriver = "simulated"\nfile = "{paper}"\n'
    with demo(tmp_path / "server") as server, windows(server) as browser:
        let_in(tmp_path / "kiosk", server)
        with agent(tmp_path / "kiosk", devices, server.address, port=PORT) as running:
            page = opened(browser, f"/kiosk#agent={PORT},{running.secret}")
            yield Hall(server, page, codes, paper)
        assert browser.complaints == []


def opened(browser: Windows, path: str) -> Page:
    """The first screen, once the agent is heard."""
    page = browser.open(path, 1080, 1920)
    expect(page.locator(".tile").first).to_be_visible(timeout=SLOW_MS)
    return page


def test_a_scanned_code_becomes_a_ticket_on_the_page_and_on_paper(hall: Hall) -> None:
    made = hall.server.command("credential", "qr", "--customer", "C1002", "--json")
    with hall.codes.open("a") as scanner:
        scanner.write(json.loads(made.stdout)["text"] + "\n")
    expect(hall.page.locator("[data-step=choose]")).to_be_visible(timeout=SLOW_MS)
    hall.page.locator("[data-service=pension]").click()
    code = hall.page.locator(".slip-code")
    expect(code).to_be_visible(timeout=SLOW_MS)
    hall.prints(code.inner_text())


def test_who_comes_while_the_server_hangs_has_a_number_within_eight_seconds(hall: Hall) -> None:
    """The line is still open: nobody knows yet that there will be no answer."""
    page = hall.page
    with hall.server.hanging():
        began_s = time.monotonic()
        page.locator("[data-service=other]").click()
        expect(page.locator("[data-step=alone] .slip-code")).to_have_text("K01-001", timeout=WAIT_S_MAX * 1000)
        assert time.monotonic() - began_s < WAIT_S_MAX
        hall.prints("K01-001")
    page.locator("[data-confirm]").click()
    expect(page.locator(".tile").first).to_be_enabled(timeout=SLOW_MS)
    colleague, until = signed_in(hall.server, "T001"), time.monotonic() + SLOW_MS / 1000
    while (waiting := numbers_in_line(colleague)) != ["K01-001"]:
        assert time.monotonic() < until, waiting
        time.sleep(0.2)
