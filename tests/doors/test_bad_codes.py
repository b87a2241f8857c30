"""What people hold under the scanner instead of a fresh code of their own: refused alike, noted, kept nowhere.

The numbers are those of docs/reference/bad-inputs.md.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from lobby_server.app import Lobby
from lobby_server.kernel.house import House
from tests import make
from tests.doors.calling import Callers, audit_rows, new_key, refusal, state_of, told
from tests.make import WANG

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

TO_CASH = {"service_type": "cash", "choice": "ticket"}
CANARY = "6225880137001234"  # looks like a card number and must never turn up again


@pytest.fixture
def visit_id(lobby: Lobby, callers: Callers) -> str:
    """A visit that the kiosk made."""
    return make.arrival(lobby.house, callers.kiosk.who).visit.id


def qr(value: str) -> dict[str, Any]:
    return {"credential": {"kind": "qr", "value": value}}


def test_26_a_code_counts_again_only_for_the_same_kiosk_within_a_minute(lobby: Lobby, callers: Callers) -> None:
    body = qr(make.code_of(WANG, lobby.house.clock.now()))
    first = told(callers.kiosk.post("/visits", body))
    make.advance(lobby.house, 60)
    assert told(callers.kiosk.post("/visits", body))["visit_id"] == first["visit_id"]
    make.advance(lobby.house, 1)
    assert refusal(callers.kiosk.post("/visits", body)) == (409, "already_checked_in")


def _codes(house: House) -> dict[str, str]:
    now = house.clock.now()
    right = make.code_of(WANG, now)
    return {
        "expired": make.code_of(WANG, now - timedelta(seconds=91)),
        "not_yet_valid": make.code_of(WANG, now + timedelta(seconds=31)),
        "wrong_audience": make.code_of(WANG, now, audience=2),
        "bad_signature": right[:-6] + "000000",
        "malformed": right[:-3],
        "not_ours": "https://evil.example/?" + CANARY,
        "foreign_paycode": "134567890123456789",
    }


def test_27_a_code_that_does_not_count_is_told_its_verdict_alone_and_noted_once(lobby: Lobby, callers: Callers) -> None:
    before = state_of(lobby.house)
    for verdict, text in _codes(lobby.house).items():
        noted = len(audit_rows(lobby.house))
        answer = callers.kiosk.post("/visits", qr(text))
        assert refusal(answer) == (422, verdict)
        assert set(told(answer)) - {"scheme"} == {"type", "title", "status", "code", "request_id"}
        assert audit_rows(lobby.house)[noted:] == [("refused_arrive", verdict)]
    assert state_of(lobby.house) == before


SCANNED = [
    "",
    "javascript:alert(1)",
    "WIFI:S:bank;T:WPA;P:secret;;",
    "https://evil.example/",
    "BQ1:" + "0" * 4000,
    "BQ2:ABC",
    "\x02BQ1:\x03",
    "\x1b[2J\r\n\r\n",
    "点".encode("shift_jis").decode("latin-1"),
    "漢" * 1000,
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
]


def test_28_29_whatever_else_a_scanner_reads_is_no_code(lobby: Lobby, callers: Callers) -> None:
    before = state_of(lobby.house)
    for text in SCANNED:
        assert refusal(callers.kiosk.post("/visits", qr(text))) in ((422, "not_ours"), (422, "malformed")), text
    assert state_of(lobby.house) == before


def test_30_a_card_number_is_kept_nowhere(
    lobby: Lobby, callers: Callers, caplog: pytest.LogCaptureFixture, visit_id: str
) -> None:
    track = f";{CANARY}=26122010000000000000?"
    with caplog.at_level(logging.DEBUG):
        for text in (CANARY, track, f"BQ1:{CANARY}", f"62{CANARY}0"):
            assert callers.kiosk.post("/visits", qr(text)).status_code == 422
            assert CANARY not in callers.kiosk.post(f"/visits/{visit_id}/route", {**TO_CASH, "choice": text}).text
            assert (
                callers.nobody.post("/sign-in", {"branch": "0001", "staff_no": text, "password": text}).status_code
                != 200
            )
    assert CANARY not in caplog.text
    assert CANARY not in _everything_stored(lobby.house)


def _everything_stored(house: House) -> str:
    with house.database.read() as db:
        names = sa.inspect(db).get_table_names()
        return "\n".join(repr(row) for name in names for row in db.execute(sa.text(f"SELECT * FROM {name}")))


def test_31_ten_taps_on_one_button_are_one_deed(callers: Callers, visit_id: str) -> None:
    key = new_key()
    answers = [callers.kiosk.post(f"/visits/{visit_id}/route", TO_CASH, key=key) for _ in range(10)]
    assert len({each.get_data() for each in answers}) == 1
    assert len(told(callers.teller.get("/lobby"))["tickets"]) == 1
