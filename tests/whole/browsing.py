"""Chromium as the branch's machines run it, and a record of everything a page complains about."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.whole.running import PASSWORD, Demo

CHROMIUM = "/usr/bin/chromium"
QUIET = [
    "--no-sandbox",  # the build runs as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",  # a wall speaks without being touched
]
# A server that is killed on purpose is complained about, rightly.
_EXPECTED_WHILE_AWAY = ("net::ERR_", "WebSocket connection to")


@dataclass
class Windows:
    """Pages of one browser; `complaints` must stay empty."""

    server: Demo
    browser: Browser
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str, width: int, height: int, language: str = "zh-CN") -> Page:
        """A page in a profile of its own, as on a machine of its own."""
        context = self.browser.new_context(viewport={"width": width, "height": height}, locale=language)
        page = context.new_page()
        page.on("console", lambda message: self._hear(path, message))
        page.on("pageerror", lambda error: self.complaints.append(f"{path}: {error}"))
        page.goto(self.server.address + path)
        return page

    def open_signed_in(self, staff_no: str, path: str, width: int, height: int, language: str = "zh-CN") -> Page:
        """A page of staff, reached by signing in through the form."""
        page = self.open(f"/sign-in?next={path}&lang={language}", width, height, language)
        page.locator("[name=staff_no]").fill(staff_no)
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("form button.solid").click()
        page.wait_for_url(f"**{path}*")
        return page

    def _hear(self, path: str, message: ConsoleMessage) -> None:
        is_expected = any(part in message.text for part in _EXPECTED_WHILE_AWAY)
        if message.type in ("error", "warning") and not is_expected:
            self.complaints.append(f"{path}: {message.text}")


@contextlib.contextmanager
def windows(server: Demo, camera: Path | None = None) -> Iterator[Windows]:
    """A browser; with `camera`, its camera plays that film for ever."""
    film = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    if camera is not None:
        film.append(f"--use-file-for-fake-video-capture={camera}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *film])
        try:
            yield Windows(server, browser)
        finally:
            browser.close()
