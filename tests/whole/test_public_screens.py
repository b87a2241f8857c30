"""The public's screens: accessible in every mode and state, with the keys alone, and nothing of a customer stays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.whole.browsing import Windows, windows
from tests.whole.public_tour import a_kiosk, a_ticket, public_tour, scanned, takes_a_ticket
from tests.whole.running import demo, kiosk
from tests.whole.test_screens import PICTURES, SETTLE_MS, _violations

LANGUAGES = pytest.mark.parametrize("language", ["zh-CN", "en"])
LEAVES_MS = 16_000  # twelve seconds after a result, and some patience
# The wall's page, files and first answers; of these the map of all modules of the house is a tenth.
TICKET_BYTES_MAX, PAGE_BYTES_MAX = 40_000, 100_000

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Windows]:
    """A browser before a furnished branch that is this test's own."""
    with demo(tmp_path) as server, windows(server) as opened:
        yield opened


# Parts of the kiosk's ticket that lie over each other, or outside of what is seen.
_COVERED = """() => {
  const box = (part) => document.querySelector(part)?.getBoundingClientRect();
  const [body, slip, carry, done] = [".body", ".slip", ".carry", ".done"].map(box);
  if (!slip || !done) return [];
  const is = { "slip above": slip.top < body.top, "slip under button": slip.bottom > done.top };
  if (carry) Object.assign(is, { "code above": carry.top < body.top, "code under button": carry.bottom > done.top });
  return Object.keys(is).filter((fault) => is[fault]);
}"""


@LANGUAGES
def test_every_mode_and_state_is_accessible_and_without_complaint(browser: Windows, language: str) -> None:
    found = {}
    for name, page in public_tour(browser, language):
        if faults := [*_violations(page), *page.evaluate(_COVERED)]:
            found[name] = faults
    assert found == {}
    assert browser.complaints == []


@pytest.mark.screens
@LANGUAGES
def test_pictures_of_every_mode_and_state(browser: Windows, language: str) -> None:
    for name, page in public_tour(browser, language):
        page.wait_for_timeout(SETTLE_MS)
        page.screenshot(path=PICTURES / f"{name}-{language}.png")


def test_a_ticket_is_taken_with_the_keys_alone(browser: Windows) -> None:
    page = a_kiosk(browser, "zh-CN")
    page.keyboard.press("6")
    expect(page.locator("[data-service=other]:focus")).to_be_visible()
    page.keyboard.press("#")
    expect(page.locator(".slip-code")).to_be_visible(timeout=10_000)
    page.keyboard.press("*")
    expect(page.locator("[data-step=home]")).to_be_visible()


def test_nothing_of_a_customer_stays_in_the_machine(browser: Windows) -> None:
    page = a_kiosk(browser, "zh-CN")
    page.locator(".foot-act").nth(1).click()
    scanned(browser, page, "C1002")
    name = page.locator(".head-title").inner_text().split("，")[0]
    code = json.loads(browser.server.command("credential", "qr", "--customer", "C1002", "--json").stdout)["text"][:60]
    with page.expect_response("**/route") as routed:
        page.locator(".tile").first.click()
    secret = routed.value.json()["ticket"]["ticket_key"]
    expect(page.locator(".slip-code")).to_be_visible()
    expect(page.locator("[data-step=home]")).to_be_visible(timeout=LEAVES_MS)
    page.go_back()  # the page before it is empty; nothing of the customer lies on the way
    page.go_forward()
    expect(page.locator(".tile").first).to_be_visible(timeout=LEAVES_MS)
    assert page.evaluate("document.documentElement.dataset.large") == "false"
    kept = page.evaluate("JSON.stringify([localStorage, sessionStorage, history.length, document.cookie])")
    for canary in (name, secret, code):
        assert canary not in page.content()
        assert canary not in kept


def test_the_memory_of_the_page_lets_a_ticket_go(browser: Windows) -> None:
    page = a_kiosk(browser, "zh-CN")
    with page.expect_response("**/route") as routed:
        page.locator("[data-service=other]").click()
    secret: str = routed.value.json()["ticket"]["ticket_key"]
    del routed
    expect(page.locator("[data-step=home]")).to_be_visible(timeout=LEAVES_MS)
    # One more customer: what the screen still held of the last one is let go.
    page.locator("[data-service=cash]").click()
    expect(page.locator(".slip-code")).to_be_visible()
    assert secret not in _memory(page)


def _memory(page: Page) -> str:
    """Every string that lives in the page's memory after a collection."""
    session: CDPSession = page.context.new_cdp_session(page)
    chunks: list[str] = []
    session.on("HeapProfiler.addHeapSnapshotChunk", lambda told: chunks.append(told["chunk"]))
    session.send("HeapProfiler.collectGarbage")
    session.send("HeapProfiler.takeHeapSnapshot", {"reportProgress": False})
    return "".join(chunks)


def test_the_public_pages_are_light(browser: Windows) -> None:
    key = takes_a_ticket(kiosk(browser.server), "zh-CN")
    weights = {}
    for name, path in (("ticket", f"/t/{key}"), ("wall", "/demo/enrol/wall"), ("kiosk", "/demo/enrol/kiosk")):
        page = browser.browser.new_context(locale="zh-CN").new_page()
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        sizes: list[float] = []
        session.on("Network.loadingFinished", lambda told, sizes=sizes: sizes.append(told["encodedDataLength"]))
        page.goto(browser.server.address + path)
        page.wait_for_timeout(1200)
        weights[name] = sum(sizes)
    assert weights["ticket"] <= TICKET_BYTES_MAX, weights
    assert max(weights["wall"], weights["kiosk"]) <= PAGE_BYTES_MAX, weights


def test_the_phones_page_works_without_a_script(browser: Windows) -> None:
    key = takes_a_ticket(kiosk(browser.server), "en")
    page = browser.browser.new_context(java_script_enabled=False, viewport={"width": 320, "height": 640}).new_page()
    page.goto(f"{browser.server.address}/t/{key}?lang=en")
    page.locator(".delay button").click()
    expect(page.locator("body[data-state=delayed]")).to_be_visible()
    page.locator("#give-up summary").click()
    page.locator(".cancel button").click()
    expect(page.locator("body[data-state=cancelled]")).to_be_visible()


def test_closing_the_page_while_the_seconds_run_gives_the_place_up(browser: Windows) -> None:
    door = kiosk(browser.server)
    key = takes_a_ticket(door, "zh-CN")
    page = a_ticket(browser, "zh-CN", key, "waiting")
    page.locator("#give-up summary").click()
    expect(page.locator("#undo-act")).to_be_focused()
    page.goto("about:blank")
    expect(a_ticket(browser, "zh-CN", key, "cancelled").locator(".cancelled")).to_be_visible()
