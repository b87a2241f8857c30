"""The branch head's board in a browser, over the trial's past: light, playable, and honest when the server is away."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.whole.browsing import windows
from tests.whole.running import demo

PAGE_BYTES_MAX = 100_000
SLOW_MS = 30_000

pytestmark = pytest.mark.timeout(120)


def test_the_board_shows_the_past_tries_another_way_and_says_when_it_is_stale(tmp_path: Path) -> None:
    with demo(tmp_path) as server, windows(server) as browser:
        board = browser.open_signed_in("H001", "/head", 1440, 900, "en")
        expect(board.locator(".headline")).to_contain_text("referrals won")
        expect(board.locator(".funnel-step")).to_have_count(8)
        expect(board.locator(".dot.out")).to_have_count(1)  # the day when a window stayed shut
        expect(board.locator(".what-if")).to_be_visible(timeout=SLOW_MS)
        assert _weight(board) <= PAGE_BYTES_MAX
        board.locator(".what-if input[name=close]").last.check()
        board.locator(".what-if button").click()
        expect(board.locator(".panel-what_if tbody tr")).to_have_count(4)
        with board.expect_download() as saved:
            board.locator(".panel-way .panel-csv").click()
        assert b"identified" in saved.value.path().read_bytes()
        server.kill()
        board.locator(".periods a").nth(1).click()
        expect(board.locator(".strip")).to_contain_text("These are the figures of", timeout=SLOW_MS)
        assert browser.complaints == []


def _weight(page: Page) -> float:
    """Bytes on the wire of the page and everything it loads, with nothing kept from before."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda told: sizes.append(told["encodedDataLength"]))
    page.reload()
    expect(page.locator(".what-if")).to_be_visible(timeout=SLOW_MS)
    session.detach()
    return sum(sizes)
