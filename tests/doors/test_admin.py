"""The administrator's day: every ticket, who did what, and head office's files, taken once and wholly."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lobby_server.admin import http as admin_http
from lobby_server.admin.feeds import KINDS
from lobby_server.kernel.house import House
from tests import make
from tests.doors.calling import Callers, refusal, told
from tests.feeds import DAY, file_of, line

FILE = file_of(line(1), line(2))


def deeds(callers: Callers, query: str = "") -> Any:
    return told(callers.head.get(f"/audit{query}"))


def test_every_ticket_of_the_day_is_there_newest_first_and_none_of_yesterday(house: House, callers: Callers) -> None:
    make.still(house).advance(-timedelta(days=1))
    make.ticket(house, callers.kiosk.who)
    make.still(house).advance(timedelta(days=1))
    assert told(callers.head.get("/tickets")) == {
        "business_day": "2026-11-23",
        "timezone": "Asia/Shanghai",
        "tickets": [],
    }
    issued = []
    for _ in range(3):
        make.still(house).advance(timedelta(minutes=1))
        issued.append(make.ticket(house, callers.kiosk.who).number)
    shown = told(callers.admin.get("/tickets"))
    assert [each["number"] for each in shown["tickets"]] == issued[::-1]


def test_the_audit_names_colleagues_devices_and_the_server(house: House, callers: Callers) -> None:
    visit = make.arrival(house, callers.kiosk.who).visit
    callers.manager.post(f"/visits/{visit.id}/claim")
    make.ticket(house, callers.kiosk.who)
    by = {
        each["deed"]: (each["by"]["kind"], each["by"]["name"], each["by"]["staff_no"])
        for each in deeds(callers)["deeds"]
    }
    assert by["arrive"] == ("device", "kiosk 大堂", None)
    assert by["claim"] == ("staff", "陈立言", "L001")
    assert {kind for kind, _name, _no in by.values()} <= {"staff", "device", "system"}


def test_the_audit_is_read_to_its_end_by_pages_without_a_hole(
    house: House, callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin_http, "DEEDS_AT_ONCE", 3)
    for _ in range(4):
        make.ticket(house, callers.kiosk.who)
    read: list[int] = []
    page = deeds(callers)
    read += [each["audit_seq"] for each in page["deeds"]]
    while page["before"] is not None:
        page = deeds(callers, f"?before={page['before']}")
        read += [each["audit_seq"] for each in page["deeds"]]
    assert read == list(range(read[0], 0, -1))
    assert deeds(callers, "?day=2026-11-22")["deeds"] == []


@pytest.mark.parametrize("query", ["?day=tomorrow", "?before=-1", "?before=x"])
def test_a_day_or_a_number_that_is_none_is_refused(callers: Callers, query: str) -> None:
    assert refusal(callers.head.get(f"/audit{query}")) == (422, "invalid_fields")


def test_a_file_is_tried_then_taken_then_known(callers: Callers) -> None:
    tried = told(callers.admin.put_file("/head-office/customers?dry_run=1", FILE))
    assert (tried["added"], tried["is_dry"], tried["is_known"]) == (2, True, False)
    assert told(callers.admin.put_file("/head-office/customers", FILE))["added"] == 2
    assert told(callers.admin.put_file("/head-office/customers", FILE))["is_known"] is True
    feeds = {each["feed"]: each for each in told(callers.head.get("/head-office"))["feeds"]}
    assert set(feeds) == set(KINDS)
    never_asked = {"asked_at": None, "refused": None}
    assert feeds["customers"] == {"feed": "customers", "as_of": DAY, "row_count": 2, **never_asked}
    assert feeds["staff"]["as_of"] is None


def test_whoever_took_a_file_stands_in_the_audit(callers: Callers) -> None:
    callers.admin.put_file("/head-office/customers", FILE)
    (taken,) = (each for each in deeds(callers)["deeds"] if each["deed"] == "take_customers_file")
    assert taken["by"]["staff_no"] == "A001" and taken["facts"] == {"added": 2, "changed": 0, "gone": 0}


def test_nothing_of_a_wrong_file_is_taken_and_each_wrong_line_is_named(callers: Callers) -> None:
    wrong = file_of(line(1), line(2, tier="emperor"), b"{not json}")
    answer = callers.admin.put_file("/head-office/customers", wrong)
    assert refusal(answer) == (422, "file_lines")
    assert [each["line"] for each in answer.get_json()["lines"]] == [3, 4]
    assert refusal(callers.admin.put_file("/head-office/customers", FILE[:-9])) == (422, "file_cut")
    assert told(callers.admin.put_file("/head-office/customers", FILE))["added"] == 2


def test_another_kind_type_or_size_of_file_is_refused(callers: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(callers.admin.put_file("/head-office/secrets", FILE)) == (404, "feed")
    assert refusal(callers.admin.put_file("/head-office/customers", FILE, "application/json")) == (415, "not_json")
    long = FILE.ljust(admin_http.FILE_BYTES_MAX + 1)
    assert refusal(callers.admin.put_file("/head-office/customers", long)) == (413, "too_long")
    assert refusal(callers.head.put_file("/head-office/customers", FILE)) == (403, "not_allowed")
