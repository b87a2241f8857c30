"""The kiosk's browser under its real policy: whatever somebody tries, it shows the kiosk page and nothing else."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from tests.whole import running
from tests.whole.browsing import CHROMIUM, QUIET

POLICY = Path(__file__).parents[2] / "deploy/kiosk/chromium-policy.json"
THEIR_ADDRESS = "https://lobby.branch.example"
SLOW_MS = 30_000

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="a mount namespace wants root"),
]


@contextlib.contextmanager
def locked_browser(folder: Path, address: str) -> Iterator[Browser]:
    """Chromium with the managed policy of `deploy/kiosk`, for this address; nobody else's Chromium gets it."""
    managed = folder / "chromium/policies/managed"
    managed.mkdir(parents=True)
    policy = json.loads(POLICY.read_text("utf-8").replace(THEIR_ADDRESS, address))
    # The test itself drives the browser by these tools, in a context of its own; the file is looked at elsewhere.
    for name in ("DeveloperToolsAvailability", "IncognitoModeAvailability"):
        del policy[name]
    (managed / "kiosk.json").write_text(json.dumps(policy), "utf-8")
    launcher = folder / "chromium.sh"
    launcher.write_text(
        f"#!/bin/sh\nexec unshare --mount sh -c 'mount --bind {folder}/chromium /etc/chromium; "
        f'exec {CHROMIUM} "$@"\' sh "$@"\n'
    )
    launcher.chmod(0o755)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=launcher, args=QUIET)
        try:
            yield browser
        finally:
            browser.close()


def why_not(browser: Browser, address: str) -> str:
    """What the browser says when it is to go there."""
    page = browser.new_context().new_page()
    try:
        page.goto(address, timeout=SLOW_MS)
    except Error as error:
        return error.message
    finally:
        page.context.close()
    return "it went there"


def test_the_browser_leaves_the_kiosk_page_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "server").mkdir()
    with running.demo(tmp_path / "server") as server, locked_browser(tmp_path, server.address) as browser:
        for address in (
            "file:///etc/passwd",
            "https://example.com/",
            f"http://localhost:{server.port}/kiosk",
            "chrome://version",
            "view-source:" + server.address + "/kiosk",
            "data:text/html,<h1>gone</h1>",
        ):
            assert "ERR_BLOCKED_BY_ADMINISTRATOR" in why_not(browser, address), address
        page = browser.new_context().new_page()
        page.goto(server.address + "/demo/enrol/kiosk")
        expect(page.locator("[data-step=home]")).to_be_visible(timeout=SLOW_MS)
        try_to_leave(page)
        assert page.url.startswith(server.address + "/kiosk")
        # What was typed like a scanner went to the kiosk's own parser, which says so, and comes home by itself.
        expect(page.locator("[data-step=home]")).to_be_visible(timeout=SLOW_MS)
        assert len(page.context.pages) == 1


def try_to_leave(page: Page) -> None:
    """Keys, new windows, links, dropped files, long presses, and what a scanner might type."""
    for keys in ("Control+n", "Control+t", "Control+o", "F12", "Control+Shift+i", "Control+u", "Control+p", "F11"):
        page.keyboard.press(keys)
    page.keyboard.type("javascript:alert(1)\n")
    page.keyboard.type("file:///etc/passwd\n")
    opened = page.evaluate("() => { const made = window.open('https://example.com/'); return made === null }")
    if not opened:
        others = [each for each in page.context.pages if each is not page]
        assert all("example.com" not in each.evaluate("document.location.href") for each in others)
        for each in others:
            each.close()
    page.evaluate(
        """() => {
          const link = document.createElement("a");
          link.href = "https://example.com/";
          link.target = "_blank";
          document.body.append(link);
          link.click();
          link.remove();
          const files = new DataTransfer();
          files.items.add(new File(["<h1>gone</h1>"], "gone.html", { type: "text/html" }));
          document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true }));
        }"""
    )
    page.mouse.move(200, 200)
    page.mouse.down()
    page.wait_for_timeout(1200)
    page.mouse.up()
    page.mouse.click(200, 200, button="right")
    for each in [each for each in page.context.pages if each is not page]:
        assert "example.com" not in (each.url if each.url == "about:blank" else each.content()[:200]), each.url
        each.close()
