"""A walk past every screen in the states that people meet, in one language."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator

from playwright.sync_api import Page, expect

from tests.whole.browsing import Windows
from tests.whole.running import Caller, kiosk, signed_in

SLOW_MS = 30_000
# A hand scanner types faster than any finger and ends with Enter.
_SCANNER = """(text) => {
  for (const key of [...text, "Enter"]) dispatchEvent(new KeyboardEvent("keydown", { key }));
}"""
# Who takes a ticket for what; None is somebody whom nobody knows.
_TICKETS: tuple[tuple[str | None, str], ...] = (
    ("C1005", "cash"),
    ("C1003", "card_service"),
    ("C1001", "deposit_renewal"),
)
_TICKETS += (("C1008", "cash"), (None, "other"), ("C1004", "wealth"))


def tour(browser: Windows, language: str) -> Iterator[tuple[str, Page]]:
    """Names and pages, each as somebody would see it; leave a page as it is."""
    yield from _first_steps(browser, language)
    yield from _at_the_kiosk(browser, language)
    door, teller = kiosk(browser.server), signed_in(browser.server, "T002")
    keys = [_takes_a_ticket(door, service, language, customer) for customer, service in _TICKETS]
    teller.post("/service-points/W2/open").raise_for_status()
    called = teller.post("/service-points/W2/call-next").json()["ticket"]
    yield from _waiting_and_called(browser, language, keys)
    yield from _staff(browser, language)
    yield from _inbox(browser, language)
    yield from _office(browser, language)
    yield from _head(browser, language)
    teller.post("/service-points/W2/start", {"ticket_id": called["id"]}).raise_for_status()
    teller.post("/service-points/W2/finish", {"ticket_id": called["id"]}).raise_for_status()
    yield from _over(browser, language, keys[0])
    yield from _away(browser, language)


def _first_steps(browser: Windows, language: str) -> Iterator[tuple[str, Page]]:
    for name, path in (("chooser", "/"), ("sign-in", "/sign-in")):
        yield name, _ready(browser.open(f"{path}?lang={language}", 1280, 800, language), "#main")
    wallet = _ready(browser.open(f"/demo/wallet?lang={language}", 390, 844, language), "img")
    yield "wallet", wallet


def _at_the_kiosk(browser: Windows, language: str) -> Iterator[tuple[str, Page]]:
    for name, width, height in (("kiosk-portrait", 1080, 1920), ("kiosk-landscape", 1920, 1080)):
        page = browser.open("/demo/enrol/kiosk", width, height, language)
        yield name, _ready(page, ".tile")
    page = browser.open("/demo/enrol/kiosk", 1080, 1920, language)
    _ready(page, ".tile")
    made = browser.server.command("credential", "qr", "--customer", "C1002", "--json")
    page.evaluate(_SCANNER, json.loads(made.stdout)["text"])
    yield "kiosk-choose", _ready(page, "[data-step=choose]")
    page.locator("[data-service=pension]").click()
    yield "kiosk-result", _ready(page, ".slip-code")


def _waiting_and_called(browser: Windows, language: str, keys: list[str]) -> Iterator[tuple[str, Page]]:
    wall = browser.open("/demo/enrol/wall", 1920, 1080, language)
    yield "wall", _ready(wall, ".wall-now .code")
    yield "ticket-waiting", _ready(browser.open(f"/t/{keys[1]}?lang={language}", 390, 844, language), "#number")
    # The pension of the tour's own customer was first, so the window holds it, and the first key still waits.
    yield "ticket-next", _ready(browser.open(f"/t/{keys[0]}?lang={language}", 390, 844, language), "#number")


def _staff(browser: Windows, language: str) -> Iterator[tuple[str, Page]]:
    tablet = _ready(browser.open_signed_in("L001", "/tablet", 1280, 800, language), ".tablet-list")
    expect(tablet.locator("#main")).to_contain_text("A00", timeout=SLOW_MS)
    yield "tablet-landscape", tablet
    tablet.locator(".card-open").first.click()
    yield "tablet-detail", _ready(tablet, ".detail .history")
    tablet.locator(".bar-me").click()
    yield "tablet-change-of-hands", _ready(tablet, ".detail-form input")
    tablet.keyboard.press("Escape")
    tablet.set_viewport_size({"width": 800, "height": 1280})
    yield "tablet-portrait", tablet
    tablet.set_viewport_size({"width": 390, "height": 844})
    yield "tablet-phone", tablet
    desk = _ready(browser.open_signed_in("T001", "/desk", 1366, 768, language), ".desk-main button")
    yield "desk-choose", desk
    desk.keyboard.press("1")
    _ready(desk, ".at-window")
    yield "desk-free", desk
    desk.keyboard.press("Space")
    expect(desk.locator(".current-code")).to_contain_text("00", timeout=SLOW_MS)
    yield "desk-called", desk
    for name, key in (
        ("desk-why", "w"),
        ("desk-card", "i"),
        ("desk-refer", "g"),
        ("desk-transfer", "t"),
        ("desk-keys", "?"),
    ):
        _press(desk, key)
        yield name, _ready(desk, ".desk-panel")
        desk.keyboard.press("Escape")
    _press(desk, "p")
    yield "desk-aside", _ready(desk, ".note .undo")
    _press(desk, "h")
    yield "desk-by-hand", _ready(desk, ".choice")
    desk.keyboard.press("1")
    yield "desk-by-hand-why", _ready(desk, ".choice-form")
    desk.keyboard.press("1")
    expect(desk.locator(".current-code")).to_be_visible(timeout=SLOW_MS)
    # The news of the call may be there before its answer, and until the answer the desk takes no key.
    served = desk.locator(".current.in_service")
    for _attempt in range(5):
        with contextlib.suppress(AssertionError):
            _press(desk, "s")
            expect(served).to_be_visible(timeout=SLOW_MS / 5)
            break
    expect(served).to_be_visible()
    _press(desk, "d")
    yield "desk-next", _ready(desk, ".choice")


def _inbox(browser: Windows, language: str) -> Iterator[tuple[str, Page]]:
    """What waits for a relationship manager, on a phone."""
    phone = browser.open_signed_in("R001", "/rm", 390, 844, language)
    yield "rm", _ready(phone, ".inbox-card, .empty")
    phone.goto(f"{phone.url.split('/rm')[0]}/mine")
    yield "mine-referrals", _ready(phone, ".mine-line, .empty")
    phone.click("a[href='#statement']")
    yield "mine-statement", _ready(phone, ".mine-month h2")
    phone.click("a[href='#plans']")
    yield "mine-plans", _ready(phone, ".office-card, main:has(.mine-lines)")


def _office(browser: Windows, language: str) -> Iterator[tuple[str, Page]]:
    """The administrator's pages, each at its address, and the form of one row."""
    office = browser.open_signed_in("A001", "/admin", 1366, 768, language)
    tables = ((name, ".table") for name in ("staff", "points", "zones", "services"))
    for name, sign in (("devices", ".tiles"), *tables):
        office.locator(f".office-nav a[href='#{name}']").click()
        yield f"admin-{name}", _ready(office, f".office-main {sign}")
    for name in ("tickets", "audit"):
        office.locator(f".office-nav a[href='#{name}']").click()
        yield f"admin-{name}", _ready(office, ".office-main .table tbody tr")
    office.locator(".office-nav a[href='#imports']").click()
    yield "admin-imports", _ready(office, ".facts-rows li")
    office.locator(".office-nav a[href='#queue']").click()
    yield "admin-queue", _ready(office, ".facts-rows li")
    office.locator(".office-nav a[href='#promises']").click()
    _ready(office, ".promises input").locator(".promises input").first.fill("1")
    yield "admin-promises", _ready(office, ".promises button:enabled")
    office.locator(".office-nav a[href='#calendar']").click()
    yield "admin-calendar", _ready(office, ".office-card li")
    office.locator(".office-nav a[href='#pay']").click()
    yield "admin-pay", _ready(office, ".office-card .badge")
    office.locator(".office-acts .button").nth(1).click()
    yield "admin-plan", _ready(office, ".plan-form .plan-line")
    office.locator(".office-nav a[href='#road']").click()
    yield "admin-road", _ready(office, ".facts-rows li")
    office.locator(".office-nav a[href='#staff']").click()
    office.locator(".row-open").nth(1).click()
    yield "admin-person", _ready(office, ".beside-form")
    head = browser.open_signed_in("H001", "/admin", 1366, 768, language)
    head.locator(".office-nav a[href='#waits']").click()
    yield "admin-waits", _ready(head, ".office-main .table, .office-main .table-none")
    head.locator(".office-nav a[href='#queue']").click()
    _ready(head, "input[name=overtake_cap]")
    head.locator("input[name=overtake_cap]").fill("3")
    yield "admin-policy", _ready(head, "form .facts-rows li")


def _head(browser: Windows, language: str) -> Iterator[tuple[str, Page]]:
    """The branch head's board over its past, with its tables open, on a phone, and on a day without figures."""
    head = _ready(browser.open_signed_in("H001", "/head", 1440, 1180, language), ".funnel-step")
    expect(head.locator(".share-dot").first).to_be_visible(timeout=SLOW_MS)
    yield "head", head
    head.locator(".funnel-step .rows-link").nth(3).click()
    yield "head-rows", _ready(head, ".panel-rows .plain")
    head.locator(".rows-back").click()
    expect(head.locator(".funnel-step .rows-link").nth(3)).to_be_focused()
    for summary in head.locator("summary").all():
        summary.click()
    head.locator(".what-if input").last.check()
    head.locator(".what-if button").click()
    yield "head-open", _ready(head, ".panel-what_if .plain")
    head.set_viewport_size({"width": 390, "height": 844})
    yield "head-phone", head
    head.locator(".periods a").first.click()
    yield "head-today", _ready(head, ".headline")


def _over(browser: Windows, language: str, key: str) -> Iterator[tuple[str, Page]]:
    yield (
        "ticket-serving",
        _ready(browser.open(f"/t/{key}?lang={language}", 390, 844, language), ".code >> visible=true"),
    )


def _away(browser: Windows, language: str) -> Iterator[tuple[str, Page]]:
    """The server is gone: every screen keeps what it had and says so."""
    tablet = browser.open_signed_in("L002", "/tablet", 1280, 800, language)
    desk = browser.open_signed_in("T003", "/desk", 1366, 768, language)
    kiosk_page = browser.open("/demo/enrol/kiosk", 1080, 1920, language)
    _ready(tablet, ".tablet-list")
    _ready(desk, ".desk-main button")
    _ready(kiosk_page, ".tile")
    browser.server.kill()
    for name, page in (("tablet-offline", tablet), ("desk-offline", desk), ("kiosk-offline", kiosk_page)):
        yield name, _ready(page, ".strip")
    tablet.goto(f"{browser.server.address}/tablet?lang={language}")
    yield "tablet-away", _ready(tablet, ".away h1")


def _takes_a_ticket(door: Caller, service: str, language: str, customer: str | None) -> str:
    """Somebody takes a ticket; returns the secret of its page."""
    credential = {"kind": "none"}
    if customer is not None:
        code = door.http.get("/demo/credential", params={"customer_no": customer}).raise_for_status().json()
        credential = {"kind": "qr", "value": code["text"]}
    visit = door.post("/visits", {"credential": credential, "language": language}).raise_for_status().json()
    routed = door.post(f"/visits/{visit['visit_id']}/route", {"service_type": service, "choice": "ticket"})
    key: str = routed.raise_for_status().json()["ticket"]["ticket_key"]
    return key


def _press(desk: Page, key: str) -> None:
    """As soon as the desk takes the key: while it waits for an answer it takes none, though the news may be there."""
    cap = desk.locator("kbd", has_text=re.compile(f"^{re.escape(key.upper())}$"))
    expect(desk.get_by_role("button", disabled=False).filter(has=cap).first).to_be_visible(timeout=SLOW_MS)
    desk.keyboard.press(key)


def _ready(page: Page, sign: str) -> Page:
    """The page once it shows what it is for."""
    expect(page.locator(sign).first).to_be_visible(timeout=SLOW_MS)
    page.evaluate("document.fonts.ready")
    return page
