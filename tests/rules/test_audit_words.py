"""Words for what the code names: every deed of the audit has them, and no refusal has them that nothing raises."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lobby_server.admin.feeds import KINDS
from lobby_server.appointments.rules import AppointmentState
from lobby_server.queue import rules as tickets
from referral.lifecycle import rules as referrals

ROOT = Path(__file__).parents[2]
SOURCES = [each for room in ("lobby_server", "referral", "staff_tablet") for each in (ROOT / room).rglob("*.py")]
_AUDITED = re.compile(r"\.audit\(\s*([^,)]+)")
# What stands where a deed is not written as a plain text; the families are spelled out below.
_COMPUTED = {
    'f"take_{mark.feed}_file"',
    'f"{deed}_ticket"',
    'f"appointment_{state}"',
    'f"{_DEEDS[changed.state]}_alert"',
    'f"{deed}_referral"',
    '"refused_" + deed',
    "deed",
    "noted.kind",
    '"expire_ticket" if is_past else "enter_ticket"',
}


def deeds() -> Iterator[str]:
    """Every deed that is written somewhere."""
    for each in SOURCES:
        text = each.read_text("utf-8")
        for told in _AUDITED.findall(text):
            if re.fullmatch(r'"[a-z_.]+"', told):
                yield told.strip('"')
            elif told not in _COMPUTED:
                yield f"a deed that this test cannot read: {told} in {each.name}"
    yield from (f"{deed}_ticket" for deed in tickets.TRANSITIONS)
    yield from (f"{deed}_referral" for deed in (*referrals.TRANSITIONS, "log"))
    yield from (f"appointment_{state}" for state in AppointmentState if state is not AppointmentState.BOOKED)
    yield from (f"take_{feed}_file" for feed in KINDS if feed not in ("guard", "plans"))
    yield from (
        "expire_ticket",
        "enter_ticket",
        "acknowledge_alert",
        "end_alert",
        "hold_referral",
        "release_referral",
        "keys.rotate",
        "keys.forget",
    )


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_deed_of_the_audit_has_words(language: str) -> None:
    words = json.loads((ROOT / f"staff_tablet/web/shared/words/{language}.json").read_text("utf-8"))
    known = {key.partition(".")[2] for key in words if key.startswith(("deed.", "touch."))}
    assert sorted(set(deeds()) - known) == []


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_no_refusal_has_words_that_nothing_raises(language: str) -> None:
    words = json.loads((ROOT / f"staff_tablet/web/shared/words/{language}.json").read_text("utf-8"))
    code = "".join(each.read_text("utf-8") for each in SOURCES)
    told = [key.removeprefix("refusal.") for key in words if key.startswith("refusal.")]
    assert len(told) >= 40
    assert [each for each in told if f'("{each}"' not in code] == []
