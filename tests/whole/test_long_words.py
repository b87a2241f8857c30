"""Words that are 1.6 times as long, text twice as large, colours of the machine: the public's screens hold."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.whole.browsing import Windows, windows
from tests.whole.public_tour import LANDSCAPE, PHONE, PORTRAIT, WALL, a_kiosk, takes_a_ticket
from tests.whole.running import demo, kiosk

ROOT = Path(__file__).parents[2]
LONGER = 0.6
SETTLE_MS = 600
# What is cut off: text that is wider or higher than the box that hides what does not fit, or a control off the page.
_CUT = """() => {
  const cut = [];
  for (const each of document.querySelectorAll("button, h1, h2, p, dd, .tile-words b")) {
    const box = each.getBoundingClientRect();
    if (!box.width || !box.height || each.closest(".unseen")) continue;
    const name = each.className || each.tagName;
    if (box.right > innerWidth + 1 || box.left < -1) cut.push(`${name} leaves the page`);
    if (each.tagName === "BUTTON" && each.scrollHeight > each.clientHeight + 4) cut.push(`${name} is too full`);
  }
  return [...new Set(cut)];
}"""
pytestmark = pytest.mark.timeout(300)


def longer(sentence: str) -> str:
    """The same sentence 1.6 times as long, as a stranger language might have it."""
    return f"{sentence} {'wordy ' * round(len(sentence) * LONGER / 6)}".strip()


@pytest.fixture(scope="module")
def wordy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Windows]:
    """A branch whose English is 1.6 times as long."""
    copy = tmp_path_factory.mktemp("wordy")
    shutil.copytree(ROOT / "staff_tablet", copy / "staff_tablet")
    words = copy / "staff_tablet/web/shared/words/en.json"
    told = {key: longer(text) for key, text in json.loads(words.read_text("utf-8")).items()}
    words.write_text(json.dumps(told), "utf-8")
    data = tmp_path_factory.mktemp("data")
    # The copy before the original, which Python would else find first, where it stands.
    first = {"PYTHONPATH": os.pathsep.join((str(copy), str(ROOT))), "PYTHONSAFEPATH": "1"}
    with demo(data, **first) as server, windows(server) as opened:
        yield opened


def cut_off(page: Page) -> list[str]:
    """What does not fit."""
    page.wait_for_timeout(SETTLE_MS)
    found: list[str] = page.evaluate(_CUT)
    return found


@pytest.mark.parametrize("size", [PORTRAIT, LANDSCAPE])
def test_the_kiosk_holds_long_words(wordy: Windows, size: tuple[int, int]) -> None:
    page = a_kiosk(wordy, "en", size)
    expect(page.locator("body")).to_contain_text("wordy")
    assert cut_off(page) == []
    page.locator("[data-service=other]").click()
    expect(page.locator(".slip-code")).to_be_visible()
    assert cut_off(page) == []


def test_the_phone_and_the_wall_hold_long_words(wordy: Windows) -> None:
    key = takes_a_ticket(kiosk(wordy.server), "en")
    for path, size in ((f"/t/{key}?lang=en", PHONE), ("/demo/enrol/wall", WALL)):
        page = wordy.open(path, *size, "en")
        expect(page.locator("body")).to_contain_text("wordy")
        assert cut_off(page) == [], path


def test_the_phone_holds_text_of_twice_the_size(wordy: Windows) -> None:
    key = takes_a_ticket(kiosk(wordy.server), "zh-CN")
    page = wordy.open(f"/t/{key}?lang=zh-CN", PHONE[0] // 2, PHONE[1] // 2, "zh-CN")
    assert cut_off(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_without_colours_and_without_motion_every_act_is_seen(wordy: Windows) -> None:
    page = a_kiosk(wordy, "zh-CN")
    page.emulate_media(forced_colors="active", reduced_motion="reduce")
    moves = "[...document.querySelectorAll('*')].filter(e => parseFloat(getComputedStyle(e).animationDuration) > 0)"
    assert page.evaluate(f"{moves}.length") == 0
    edges = "[...document.querySelectorAll('button')].filter(e => parseFloat(getComputedStyle(e).borderTopWidth) < 1)"
    assert page.evaluate(f"{edges}.map(e => e.className)") == []
