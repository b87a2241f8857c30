"""A walk past the public's screens in every mode and state: kiosk, wall, phone ticket."""

from __future__ import annotations

import json
from collections.abc import Iterator

from playwright.sync_api import Page, expect

from tests.whole.browsing import Windows
from tests.whole.running import Caller, device, kiosk, signed_in

SLOW_MS = 40_000
PORTRAIT, LANDSCAPE, PHONE, WALL = (1080, 1920), (1920, 1080), (390, 844), (1920, 1080)
# The foot's buttons: help, large text, contrast, lower reach, language.
HELP, LARGE, CONTRAST, LOW = range(4)
MODES = {"large": (LARGE,), "contrast": (CONTRAST,), "low": (LOW,), "low-large": (LARGE, LOW)}
_SCANNER = """(text) => {
  for (const key of [...text, "Enter"]) dispatchEvent(new KeyboardEvent("keydown", { key }));
}"""
Step = tuple[str, Page]


def public_tour(browser: Windows, language: str) -> Iterator[Step]:
    """Names and pages, each as a customer would see it; leave a page as it is."""
    device(browser.server, "machine", "S1")
    yield from _modes(browser, language)
    yield from _flow(browser, language)
    yield from _phone(browser, language)
    yield from _walls(browser, language)


def a_kiosk(browser: Windows, language: str, size: tuple[int, int] = PORTRAIT) -> Page:
    """A kiosk that shows its first screen."""
    page = browser.open("/demo/enrol/kiosk", *size, language)
    expect(page.locator(".tile").first).to_be_visible(timeout=SLOW_MS)
    return page


def scanned(browser: Windows, page: Page, customer_no: str) -> Page:
    """The kiosk after it has read a customer's code."""
    made = browser.server.command("credential", "qr", "--customer", customer_no, "--json")
    page.evaluate(_SCANNER, json.loads(made.stdout)["text"])
    return _at(page, "choose")


def takes_a_ticket(door: Caller, language: str, service: str = "other") -> str:
    """Somebody whom nobody knows takes a ticket; returns the secret of its page."""
    visit = door.post("/visits", {"credential": {"kind": "none"}, "language": language}).raise_for_status().json()
    routed = door.post(f"/visits/{visit['visit_id']}/route", {"service_type": service, "choice": "ticket"})
    key: str = routed.raise_for_status().json()["ticket"]["ticket_key"]
    return key


def a_ticket(browser: Windows, language: str, key: str, state: str) -> Page:
    """The phone's page in a state."""
    page = browser.open(f"/t/{key}?lang={language}", *PHONE, language)
    expect(page.locator(f"body[data-state={state}]")).to_be_visible(timeout=SLOW_MS)
    return page


def _modes(browser: Windows, language: str) -> Iterator[Step]:
    for shape, size in (("portrait", PORTRAIT), ("landscape", LANDSCAPE)):
        for mode, buttons in MODES.items():
            if shape == "landscape" and LOW in buttons:
                continue
            page = a_kiosk(browser, language, size)
            for button in buttons:
                page.locator(".foot-act").nth(button).click()
            yield f"kiosk-{shape}-{mode}", page
            page.locator("[data-service=other]").click()
            yield f"kiosk-{shape}-{mode}-result", _at(page, "result")
            page.context.close()


def _flow(browser: Windows, language: str) -> Iterator[Step]:
    page = a_kiosk(browser, language)
    page.keyboard.press("3")
    expect(page.locator("html[data-keyed=true] [data-key='3']:focus")).to_be_visible()
    yield "kiosk-keyed", page
    page.keyboard.press("0")
    yield "kiosk-helped", _at(page, "helped")
    page.keyboard.press("*")
    _at(page, "home")
    page.evaluate(_SCANNER, ";6222021234567890123=25121010000?")
    yield "kiosk-card", _at(page, "trouble")
    page.locator("[data-confirm]").click()
    scanned(browser, page, "C1016")
    yield "kiosk-choose-some", page
    page.locator("[data-service=deposit_renewal]").click()
    yield "kiosk-two-ways", _at(page, "result")
    page.locator(".faster").click()
    yield "kiosk-machine", _at(page, "machine")
    page.locator("[data-confirm]").click()
    scanned(browser, page, "C1011")
    expect(page.locator(".still-there")).to_be_visible(timeout=SLOW_MS)
    yield "kiosk-still-there", page
    page.context.close()


def _phone(browser: Windows, language: str) -> Iterator[Step]:
    door, teller = kiosk(browser.server), signed_in(browser.server, "T001")
    first, second, third = (takes_a_ticket(door, language, "cash") for _ in range(3))
    page = a_ticket(browser, language, first, "waiting")
    yield "phone-waiting", page
    page.locator("#give-up summary").click()
    yield "phone-undo", page
    page.locator("#undo-act").click()
    door.http.post(f"/t/{second}/delay")
    yield "phone-delayed", a_ticket(browser, language, second, "delayed")
    door.http.post(f"/t/{third}/cancel")
    yield "phone-cancelled", a_ticket(browser, language, third, "cancelled")
    teller.post("/service-points/W1/open").raise_for_status()
    ticket = {"number": ""}
    while ticket["number"] != page.locator("#number").inner_text():
        ticket = teller.post("/service-points/W1/call-next").raise_for_status().json()["ticket"]
        at = {"ticket_id": ticket["id"]}
        if ticket["number"] != page.locator("#number").inner_text():
            teller.post("/service-points/W1/start", at).raise_for_status()
            teller.post("/service-points/W1/finish", at).raise_for_status()
    expect(page.locator("body[data-state=called]")).to_be_visible(timeout=SLOW_MS)
    yield "phone-called", page
    teller.post("/service-points/W1/start", at).raise_for_status()
    yield "phone-serving", a_ticket(browser, language, first, "in_service")
    teller.post("/service-points/W1/finish", at).raise_for_status()
    page = a_ticket(browser, language, first, "finished")
    yield "phone-over", page
    page.locator(".star").first.click()
    expect(page.locator(".over [role=status]")).to_be_visible()
    yield "phone-thanks", page


def _walls(browser: Windows, language: str) -> Iterator[Step]:
    wall = browser.open("/demo/enrol/wall", *WALL, language)
    expect(wall.locator(".calling-code")).to_be_visible(timeout=SLOW_MS)
    kiosk_page = a_kiosk(browser, language)
    door, teller = kiosk(browser.server), signed_in(browser.server, "T002")
    for _ in range(2):
        takes_a_ticket(door, "en", "cash")
    teller.post("/service-points/W2/open").raise_for_status()
    called = teller.post("/service-points/W2/call-next").json()["ticket"]
    expect(wall.locator(".calling-code")).to_have_text(called["number"], timeout=SLOW_MS)
    yield "wall-calling", wall
    browser.server.kill()
    expect(wall.locator(".wall-silent")).to_be_visible(timeout=SLOW_MS)
    yield "wall-silent", wall
    for name, page in (("wall", wall), ("kiosk", kiosk_page)):
        page.goto(f"{browser.server.address}/{name}")
        expect(page.locator(".away h1")).to_be_visible(timeout=SLOW_MS)
        yield f"{name}-away", page


def _at(page: Page, step: str) -> Page:
    expect(page.locator(f"[data-step={step}]")).to_be_visible(timeout=SLOW_MS)
    return page
