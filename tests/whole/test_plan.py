"""A plan in a browser: written from the one in force, rehearsed on what was booked, proposed, approved by another."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.whole.browsing import Windows, windows
from tests.whole.running import demo

SLOW_MS = 30_000

pytestmark = pytest.mark.timeout(120)


def pay_page(browser: Windows, staff_no: str) -> Page:
    """Where months, disputes and plans wait for two people."""
    page = browser.open_signed_in(staff_no, "/admin", 1366, 768, "en")
    page.locator(".office-nav a[href='#pay']").click(timeout=SLOW_MS)
    return page


def test_a_plan_is_written_rehearsed_proposed_and_approved_by_somebody_else(tmp_path: Path) -> None:
    with demo(tmp_path) as server, windows(server) as browser:
        head = pay_page(browser, "H001")
        head.get_by_role("button", name="Write a new plan").click(timeout=SLOW_MS)
        form = head.locator(".plan-form")
        propose = form.get_by_role("button", name="Propose to a second person")
        expect(propose).to_be_disabled()  # nothing was changed yet
        amount = form.get_by_label("For each (yuan)").first
        amount.fill("a lot")
        amount.blur()
        assert amount.evaluate("field => field.validationMessage") == "A number, please"
        amount.fill("40")
        amount.blur()
        expect(amount).to_have_value("40.00")
        form.get_by_role("button", name="Rehearse").click()
        # Twice as much for each card: everybody of the last three months has as much or more.
        rows = form.locator("section .facts-rows li")
        expect(rows.last).to_contain_text("In all")
        assert all("−" not in text for text in rows.all_inner_texts()) and "+" in rows.last.inner_text()
        share = form.get_by_label("referrer (%)").first
        was = share.input_value()
        share.fill("99")
        share.blur()
        expect(rows).to_have_count(0)  # what was rehearsed is no longer what stands here
        propose.click()
        expect(form.get_by_role("alert")).to_contain_text("red frame")
        expect(share).to_have_attribute("aria-invalid", "true")
        share.fill(was)
        share.blur()
        propose.click()
        expect(head.locator(".note")).to_contain_text("waits for a second person")
        mine = head.locator(".office-card", has_text="2026").filter(has_text="Version 2")
        expect(mine).to_contain_text("somebody else")
        admin = pay_page(browser, "A001")
        admin.get_by_role("button", name="Approve", exact=True).click(timeout=SLOW_MS)
        expect(admin.locator(".note")).to_contain_text("Approved")
        refused = [each for each in browser.complaints if "422" not in each]
        assert refused == []
