"""What an administrator sets up: devices, service points, the calendar; the branch head looks on."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from lobby_server.app import Lobby
from lobby_server.branch import store as branches
from lobby_server.kernel import event_log
from lobby_server.kernel.tables import audit
from lobby_server.queue import actions as queue
from tests import make
from tests.doors.calling import Callers, audit_rows, new_key, refusal, state_of, told

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

POINT: dict[str, Any] = {
    "kind": "window",
    "names": {"zh-CN": "4 号窗口", "en": "Window 4"},
    "serves": ["A", "C"],
    "zone": "hall",
}
CALENDAR: dict[str, Any] = {
    "hours": [{"weekdays": [1, 2, 3, 4, 5], "opens": "09:00", "closes": "17:30"}],
    "closed_on": ["2026-10-01", "2027-01-01"],
    "plan": [{"weekdays": [1], "opens": "09:00", "closes": "24:00", "points": 3}],
}


# ---- Devices ------------------------------------------------------------------------------------------------------


def test_an_administrator_makes_a_code_sees_the_device_and_shuts_it_out(lobby: Lobby, callers: Callers) -> None:
    made = told(callers.admin.post("/devices/codes", {"kind": "machine", "service_point": "S1"}))
    assert (len(made["code"]), made["expires_in_s"]) == (8, 600)
    assert refusal(callers.admin.post("/devices/codes", {"kind": "machine"})) == (422, "machine_point")
    assert refusal(callers.admin.post("/devices/codes", {"kind": "wall", "service_point": "X"})) == (
        404,
        "service_point",
    )
    listed = told(callers.head.get("/devices"))["devices"]
    assert {each["id"] for each in listed} >= {callers.kiosk.who.id, callers.wall.who.id}
    assert callers.foreign_kiosk.who.id not in {each["id"] for each in listed}
    gone = told(callers.admin.post(f"/devices/{callers.kiosk.who.id}/revoke"))["device"]
    assert (gone["id"], gone["is_alive"]) == (callers.kiosk.who.id, False)
    assert refusal(callers.kiosk.get("/lobby")) == (401, "token")
    assert refusal(callers.admin.post(f"/devices/{callers.foreign_kiosk.who.id}/revoke")) == (404, "device")


# ---- Service points -----------------------------------------------------------------------------------------------


def put_point(callers: Callers, code: str, **changed: Any) -> Any:
    return put(callers, f"/settings/service-points/{code}", {**POINT, **changed})


def put(callers: Callers, path: str, body: Any) -> Any:
    """The administrator changes what they have just seen."""
    version = told(callers.admin.get("/settings/zones"))["version"]
    return callers.admin.command("PUT", path, body, If_Match=f'"{version}"')


def test_a_window_is_set_up_and_set_anew_and_the_hall_hears_of_it(lobby: Lobby, callers: Callers) -> None:
    first = told(put_point(callers, "W4"))["service_point"]
    assert first == {**POINT, "device_kind": None, "code": "W4", "is_open": False}
    make.opened(lobby.house, callers.teller.who, "W4")
    second = told(put_point(callers, "W4", serves=["B"], zone=None))["service_point"]
    assert (second["serves"], second["is_open"]) == (["B"], True)
    told_all = told(callers.head.get("/settings/service-points"))
    assert second in told_all["service_points"] and told_all["zones"] == {"hall": {"zh-CN": "hall", "en": "hall"}}
    with lobby.house.database.read() as db:
        news = [each for each in event_log.read_after(db, make.HERE, 0, 99) if each.type == "service_point.changed"]
    assert [(each.data["code"], each.data["serves"], each.data["state"]) for each in news] == [
        ("W4", ["A", "C"], "closed"),
        ("W4", ["B"], "open"),
    ]
    assert callers.teller.post("/service-points/W4/call-next").status_code == 204


def test_a_point_in_use_stays_what_it_is(lobby: Lobby, callers: Callers) -> None:
    make.opened(lobby.house, callers.teller.who, "W1")
    assert refusal(put_point(callers, "W1", kind="desk")) == (409, "in_use")
    lobby.house.works.run(queue.close_service_point, "W1", callers.teller.who)
    assert told(put_point(callers, "W1", kind="desk"))["service_point"]["kind"] == "desk"
    lobby.house.database.run(lambda db: branches.give_machine(db, make.HERE, "S1", "a visit"))
    assert refusal(put_point(callers, "S1")) == (409, "in_use")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"zone": "cellar"}, "unknown_zone"),
        ({"kind": "machine"}, "machine_kind"),
        ({"device_kind": "atm"}, "machine_kind"),
        ({"kind": "machine", "device_kind": "atm"}, "machine_serves"),
        ({"kind": "throne"}, "invalid_fields"),
        ({"serves": ["a"]}, "invalid_fields"),
        ({"names": {"en": "Window"}}, "invalid_fields"),
        ({"names": {"en": "Window", "fr": "Guichet"}}, "invalid_fields"),
        ({"staff_id": "me"}, "invalid_fields"),
    ],
)
def test_a_point_that_cannot_be_is_refused(lobby: Lobby, callers: Callers, changed: dict[str, Any], code: str) -> None:
    before = state_of(lobby.house)
    assert refusal(put_point(callers, "W4", **changed)) == (422, code)
    assert refusal(put_point(callers, "x" * 17)) == (422, "invalid_fields")
    assert state_of(lobby.house) == before


def test_the_same_change_sent_twice_is_made_once(lobby: Lobby, callers: Callers) -> None:
    key = new_key()
    path = "/settings/service-points/W4"
    answers = [callers.admin.command("PUT", path, POINT, key=key, If_Match='"1"') for _ in range(2)]
    assert told(answers[0]) == told(answers[1])
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert audit_rows(lobby.house).count(("set_service_point", "W4")) == 1


# ---- Service types and the calendar -------------------------------------------------------------------------------


def test_the_service_types_say_which_of_them_this_branch_offers(lobby: Lobby, callers: Callers) -> None:
    lobby.house.database.run(lambda db: branches.set_withheld(db, make.HERE, ["loan"]))
    shown = {each["code"]: each for each in told(callers.head.get("/settings/service-types"))["service_types"]}
    assert shown.keys() == make.TYPES.keys()
    assert [code for code, each in shown.items() if not each["is_offered"]] == ["loan"]
    assert shown["cash"]["self_service"] == {"atm": "none"}
    tiles = {each["code"] for each in told(callers.kiosk.get("/lobby"))["service_types"] if each["tile"]}
    assert tiles == {each.code for each in make.TYPES.values() if each.tile} - {"loan"}


def test_the_calendar_comes_back_as_it_was_set(callers: Callers) -> None:
    empty = told(callers.head.get("/settings/calendar"))
    assert empty == {"timezone": "Asia/Shanghai", "hours": [], "closed_on": [], "plan": [], "version": 1}
    changed = told(put(callers, "/settings/calendar", CALENDAR))
    assert changed == {**CALENDAR, "timezone": "Asia/Shanghai", "version": 2}
    assert told(callers.head.get("/settings/calendar")) == changed


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"hours": [{"weekdays": [1], "opens": "09:00", "closes": "09:00"}]}, "hours_backward"),
        ({"hours": [{"weekdays": [1], "opens": "09:00", "closes": "12:00"}] * 2}, "hours_overlap"),
        ({"plan": [{"weekdays": [1], "opens": "9:00", "closes": "10:00", "points": 1}]}, "invalid_fields"),
        ({"plan": [{"weekdays": [1], "opens": "09:00", "closes": "10:00", "points": -1}]}, "invalid_fields"),
        ({"hours": [{"weekdays": [0], "opens": "09:00", "closes": "12:00"}]}, "invalid_fields"),
        ({"hours": [{"weekdays": [1, 1], "opens": "09:00", "closes": "12:00"}]}, "invalid_fields"),
        ({"hours": [{"weekdays": [1], "opens": "09:00", "closes": "24:01"}]}, "invalid_fields"),
        ({"closed_on": ["2026-02-30"]}, "invalid_fields"),
        ({"timezone": "UTC"}, "invalid_fields"),
    ],
)
def test_a_calendar_that_cannot_be_is_refused(callers: Callers, wrong: dict[str, Any], code: str) -> None:
    assert refusal(put(callers, "/settings/calendar", {**CALENDAR, **wrong})) == (422, code)
    for name in CALENDAR:
        less = {each: value for each, value in CALENDAR.items() if each != name}
        assert refusal(put(callers, "/settings/calendar", less)) == (422, "invalid_fields")


# ---- Promises -----------------------------------------------------------------------------------------------------

OWN: dict[str, Any] = {
    "ordinary": {"wait_s": 1200, "answer_s": 240},
    "vip": {"wait_s": 240, "answer_s": 20},
    "vulnerable": {"wait_s": 600, "answer_s": 60},
    "appointment": {"wait_s": 300, "answer_s": 30},
}


def test_a_branch_sets_its_own_promises_and_the_audit_says_from_what_to_what(lobby: Lobby, callers: Callers) -> None:
    before = told(callers.head.get("/settings/promises"))["promises"]
    assert before["ordinary"] == {"wait_s": 900, "answer_s": 180}
    assert told(put(callers, "/settings/promises", OWN)) == {"promises": OWN, "version": 2}
    welcome = told(callers.kiosk.post("/visits", {"credential": {"kind": "none", "value": ""}}))
    (card,) = told(callers.manager.get("/lobby"))["visits"]
    assert (card["visit_id"], card["promise_s"]) == (welcome["visit_id"], 1200)
    with lobby.house.database.read() as db:
        facts = db.scalar(sa.select(audit.c.facts).where(audit.c.deed == "set_promises"))
    assert facts == {
        "ordinary.wait_s": {"from": 900, "to": 1200},
        "ordinary.answer_s": {"from": 180, "to": 240},
        "vip.wait_s": {"from": 300, "to": 240},
        "vip.answer_s": {"from": 30, "to": 20},
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {**OWN, "vip": {"wait_s": 59, "answer_s": 20}},
        {**OWN, "vip": {"wait_s": 7201, "answer_s": 20}},
        {**OWN, "vip": {"wait_s": 240, "answer_s": 9}},
        {**OWN, "vip": {"wait_s": 240}},
        {**OWN, "gold": OWN["vip"]},
        {level: each for level, each in OWN.items() if level != "vip"},
    ],
)
def test_a_promise_that_cannot_be_is_refused(callers: Callers, wrong: Any) -> None:
    assert refusal(put(callers, "/settings/promises", wrong)) == (422, "invalid_fields")


def test_an_administrator_sees_what_another_promise_would_have_meant(callers: Callers) -> None:
    tried = told(callers.admin.get("/statistics/promises"))
    assert (tried["period"]["days"], tried["levels"]) == (28, [])


# ---- Zones, and two administrators at once ------------------------------------------------------------------------

ZONES: dict[str, Any] = {"hall": {"zh-CN": "大厅", "en": "Hall"}, "vip": {"zh-CN": "贵宾区", "en": "VIP area"}}


def test_the_hall_gets_a_new_zone_and_a_point_may_stand_in_it(callers: Callers) -> None:
    assert refusal(put_point(callers, "W4", zone="vip")) == (422, "unknown_zone")
    assert told(put(callers, "/settings/zones", {"zones": ZONES})) == {"zones": ZONES, "version": 2}
    assert told(put_point(callers, "W4", zone="vip"))["service_point"]["zone"] == "vip"
    assert told(callers.head.get("/settings/zones")) == {"zones": ZONES, "version": 3}


def test_a_zone_in_which_something_stands_is_not_taken_away(callers: Callers) -> None:
    put_point(callers, "W4")
    kept = {"zones": {"vip": ZONES["vip"]}}
    answer = put(callers, "/settings/zones", kept)
    assert refusal(answer) == (409, "in_use")
    assert told(answer)["service_points"] == ["S1", "W4"]
    assert refusal(put(callers, "/settings/zones", {"zones": {"x" * 17: ZONES["vip"]}})) == (422, "invalid_fields")
    for code in ("W4", "S1"):
        more = {"kind": "machine", "serves": [], "device_kind": "smart_counter"} if code == "S1" else {}
        assert put_point(callers, code, zone=None, **more).status_code == 200
    assert put(callers, "/settings/zones", kept).status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/settings/calendar", CALENDAR),
        ("/settings/zones", {"zones": ZONES}),
        ("/settings/promises", OWN),
        ("/settings/service-points/W4", POINT),
    ],
)
def test_who_changes_what_another_changed_meanwhile_is_told_so(callers: Callers, path: str, body: Any) -> None:
    for page in ("calendar", "zones", "promises", "service-points"):
        assert callers.head.get(f"/settings/{page}").headers["ETag"] == '"1"'
    assert put(callers, "/settings/zones", {"zones": ZONES}).status_code == 200
    stale = callers.admin.command("PUT", path, body, If_Match='"1"')
    assert refusal(stale) == (409, "changed")
    assert told(stale)["version"] == 2
    assert refusal(callers.admin.command("PUT", path, body)) == (422, "if_match_missing")
    assert put(callers, path, body).status_code == 200
