"""Every screen in both languages: no accessibility violation, no complaint, and pictures to look at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.whole.browsing import Windows, windows
from tests.whole.running import demo
from tests.whole.tour import tour

ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules/axe-core/axe.min.js"
PICTURES = ROOT / "docs/screens"
SETTLE_MS = 700  # entrances take 260 ms

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Windows]:
    """A browser before a furnished branch that is this test's own."""
    with demo(tmp_path) as server, windows(server) as opened:
        yield opened


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_screen_is_accessible_and_without_complaint(browser: Windows, language: str) -> None:
    found = {name: violations for name, page in tour(browser, language) if (violations := _violations(page))}
    assert found == {}
    assert browser.complaints == []


@pytest.mark.screens
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_pictures_of_every_screen(browser: Windows, language: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    for name, page in tour(browser, language):
        page.wait_for_timeout(SETTLE_MS)
        path = PICTURES / f"{name}-{language}.png"
        page.screenshot(path=path)
        assert path.stat().st_size > 5_000, f"{name} is empty"


@pytest.mark.parametrize(
    ("staff_no", "path", "sign", "width", "height"),
    [
        ("L001", "/tablet", ".tablet-list", 1280, 800),
        ("L002", "/tablet", ".tablet-list", 390, 844),
        ("T001", "/desk", ".seats", 1366, 768),
        ("A001", "/admin", ".tiles", 1366, 768),
        ("H001", "/head", ".funnel-step", 1440, 900),
    ],
)
def test_sentences_more_than_half_as_long_again_still_fit(
    browser: Windows, staff_no: str, path: str, sign: str, width: int, height: int
) -> None:
    page = browser.open_signed_in(staff_no, path, width, height, "en")
    expect(page.locator(sign).first).to_be_visible()
    page.route("**/words/*.en.*.json", _lengthen)
    page.goto(f"{browser.server.address}{path}?lang=en")
    expect(page.locator(sign).first).to_be_visible()
    expect(page.locator("h1")).to_contain_text("~~~")
    page.wait_for_timeout(SETTLE_MS)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    cut = "[...document.querySelectorAll('button')].filter((each) => each.scrollWidth > each.clientWidth + 1)"
    assert page.evaluate(f"{cut}.map((each) => each.innerText)") == []


def _lengthen(route: Route) -> None:
    """Answer with every sentence 1.6 times as long."""
    sentences: dict[str, str] = route.fetch().json()
    route.fulfill(json={key: text + "~" * max(3, round(len(text) * 0.6)) for key, text in sentences.items()})


def _violations(page: Page) -> list[str]:
    """What axe-core finds at levels A, AA and best practice, as `rule: where`."""
    page.wait_for_timeout(SETTLE_MS)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    answer: dict[str, Any] = page.evaluate("axe.run({ resultTypes: ['violations'] })")
    return [
        f"{violation['id']}: {node['target'][0]} {node['failureSummary'][:160]}"
        for violation in answer["violations"]
        for node in violation["nodes"]
    ]
