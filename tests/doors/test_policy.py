"""Who may do what: every address against everybody, as one table that is read in a diff."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from lobby_server import app
from lobby_server.app import Lobby
from lobby_server.branch.rules import PROMISES
from lobby_server.doors.mount import NoPolicy, mount, refuse_without_policy
from lobby_server.doors.problems import answer_refusals
from lobby_server.doors.reading import Wire
from lobby_server.doors.routes import API, FILE_TYPE, Answer, Door, Method, Route
from lobby_server.doors.who import ANYONE, RM, STAFF, TELLER, check_may
from lobby_server.kernel.actor import NOBODY, Actor, system
from lobby_server.kernel.errors import Forbidden, Unproven
from lobby_server.kernel.house import House
from lobby_server.kernel.tables import audit
from lobby_server.queue import actions as queue
from lobby_server.visits.actions.alerts import AskForHelp, ask_for_help
from tests import ledger, make
from tests.doors import calling
from tests.doors.calling import Caller, Callers, refusal
from tests.make import Cast

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
AUDIT_DEED_LENGTH_MAX = 64
SIGN_OUT = "/api/v1/sign-out"  # whoever tried it would be out of every later row; it has a test of its own


@dataclass(frozen=True)
class Scene:
    """What there is at branch 0001 when somebody knocks: a fresh visit, a ticket, a device, and their own window."""

    visit_id: str
    ticket_id: str
    ticket_key: str
    device_id: str
    alert_id: str


class Setting(Wire):
    """What a door of this file takes."""

    value: int


SCENE = Scene(make.new_id(), "", "", "", "")  # ids that nothing has
TO_CASH = {"service_type": "cash", "choice": "ticket"}

# What is sent to an address that takes something.
BODIES: dict[str, Callable[[Scene], Any]] = {
    "/api/v1/devices/enrol": lambda _scene: {
        "code": "ABCD2345",
        "kind": "kiosk",
        "name": "门口",
        "public_key": {
            "kty": "EC",
            "crv": "P-256",
            "x": "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY",
            "y": "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU",
        },
    },
    "/api/v1/devices/{device_id}/token": lambda _scene: {"nonce": "n", "signature": "s"},
    "/api/v1/devices/{device_id}/heartbeat": lambda _scene: {"health": {}},
    # With a visit that is there already: each of those who knock would else need a number of their own.
    "/api/v1/devices/{device_id}/offline-visits": lambda scene: [
        {
            "visit_id": scene.visit_id,
            "number": "K01-001",
            "business_day": "2026-11-23",
            "arrived_at": "2026-11-23T02:00:00Z",
            "service_type": "cash",
        }
    ],
    # Incomplete on purpose: a password would be hashed for everybody in turn.
    "/api/v1/sign-in": lambda _scene: {"branch": "0001", "staff_no": "T001"},
    "/api/v1/customers": lambda _scene: {"name": "新客"},
    # Incomplete on purpose, like signing in.
    "/api/v1/me/pin": lambda _scene: {"pin": "902817"},
    "/api/v1/pin-switch": lambda _scene: {"staff_no": "T001"},
    "/api/v1/staff": lambda _scene: {"staff_no": "T001", "name": "周敏", "roles": ["teller"]},
    "/api/v1/staff/{staff_no}": lambda _scene: {"licences": []},
    "/api/v1/devices/codes": lambda _scene: {"kind": "kiosk"},
    "/api/v1/settings/service-points/{code}": lambda _scene: {
        "kind": "window",
        "names": {"zh-CN": "一", "en": "1"},
        "serves": ["A", "B"],
    },
    "/api/v1/settings/zones": lambda _scene: {"zones": {}},
    "/api/v1/settings/promises": lambda _scene: {key: {"wait_s": 600, "answer_s": 60} for key in PROMISES},
    "/api/v1/settings/calendar": lambda _scene: {"hours": [], "closed_on": [], "plan": []},
    "/api/v1/appointments": lambda _scene: {"service_type": "loan", "starts_at": "2026-11-23T04:00:00Z"},
    "/api/v1/visits": lambda _scene: {"credential": {"kind": "none"}},
    "/api/v1/customers/{customer_id}/reveal": lambda _scene: {"reason": "greet"},
    "/api/v1/visits/{visit_id}/responses": lambda _scene: {"offer_id": make.new_id(), "answer": "accepted"},
    "/api/v1/visits/{visit_id}/route": lambda _scene: TO_CASH,
    "/api/v1/what-if": lambda _scene: {"open": ["W2"]},
    "/api/v1/settings/queue-policy": lambda _scene: {
        "discipline": "fifo",
        "overtake_cap": 0,
        "parameters": {"weights": {}, "vip_run_max": 2, "overdue_s": 1800.0},
    },
    "/api/v1/visits/{visit_id}/self-service/finish": lambda _scene: {"outcome": "done"},
    "/api/v1/visits/{visit_id}/leave": lambda _scene: {"reason": "went_away"},
    "/api/v1/visits/{visit_id}/service-level": lambda _scene: {"level": "vip", "reason": "a shareholder"},
    "/api/v1/visits/{visit_id}/companion": lambda scene: {"of": scene.visit_id},
    "/api/v1/visits/{visit_id}/return": lambda _scene: {"reason": "changed_mind"},
    "/api/v1/help": lambda _scene: {"language": "en"},
    "/api/v1/tickets/{ticket_key}/rating": lambda _scene: {"stars": 5},
    "/api/v1/bookings": lambda _scene: {
        "booking_id": make.new_id(),
        "customer_no": "C1",
        "product": "w-1",
        "product_line": "wealth",
        "amount_minor": 100,
        "currency": "CNY",
        "booked_at": "2026-11-23T01:00:00Z",
    },
    "/api/v1/referrals": lambda scene: {
        "visit_id": scene.visit_id,
        "product_line": "card",
        "consent": {"purpose": "refer_internal", "wording_version": "1", "channel": "counter"},
    },
    "/api/v1/referrals/{referral_id}/dispute": lambda _scene: {"claim": "mine"},
    "/api/v1/webhooks": lambda _scene: {"url": "https://1.1.1.1/hooks"},
    "/api/v1/webhooks/{webhook_id}/replay": lambda _scene: {"after": 0},
    "/api/v1/disputes/{dispute_id}/resolve": lambda _scene: {"ruling": "uphold"},
    "/api/v1/reviews/{review_id}/close": lambda _scene: {"verdict": "nothing"},
    "/api/v1/plans": lambda _scene: ledger.plan(),
    "/api/v1/plans/rehearse": lambda _scene: {"plan": ledger.plan(), "first": "2026-10", "last": "2026-11"},
    "/api/v1/plans/{version}/approve": lambda _scene: {"sha256": "0" * 64},
    "/api/v1/plans/{version}/accept": lambda _scene: {"sha256": "0" * 64},
    "/api/v1/referrals/{referral_id}/decline": lambda _scene: {"reason": "busy"},
    "/api/v1/referrals/{referral_id}/lose": lambda _scene: {"reason": "dear"},
    "/api/v1/referrals/{referral_id}/contact": lambda _scene: {"evidence": "call"},
    "/api/v1/referrals/{referral_id}/assign": lambda _scene: {"staff_no": "R001"},
    "/api/v1/referrals/{referral_id}/hold": lambda _scene: {"reason": "complaint"},
    "/api/v1/referrals/{referral_id}/release": lambda _scene: {"reason": "cleared"},
    "/api/v1/referrals/{referral_id}/presence": lambda _scene: {"answer": "coming"},
    "/api/v1/referrals/{referral_id}/duplicate": lambda scene: {"of": scene.visit_id},
    "/api/v1/service-points/{code}/start": lambda scene: {"ticket_id": scene.ticket_id},
    "/api/v1/service-points/{code}/finish": lambda scene: {"ticket_id": scene.ticket_id},
    "/api/v1/service-points/{code}/recall": lambda scene: {"ticket_id": scene.ticket_id},
    "/api/v1/service-points/{code}/no-show": lambda scene: {"ticket_id": scene.ticket_id},
    "/api/v1/service-points/{code}/park": lambda scene: {"ticket_id": scene.ticket_id},
    "/api/v1/service-points/{code}/call": lambda scene: {"ticket_id": scene.ticket_id, "reason": "urgent"},
    "/api/v1/service-points/{code}/transfer": lambda scene: {"ticket_id": scene.ticket_id, "service_type": "cash"},
}


@SQLITE
def test_every_address_answers_everybody_as_the_matrix_says(
    lobby: Lobby, callers: Callers, golden: Callable[[str, str], None]
) -> None:
    columns = callers.by_name()
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["method", "address", *columns])
    for route in sorted(lobby.table, key=lambda each: (each.path, each.method)):
        if route.path != "/api/v1/sign-out":
            writer.writerow(
                [route.method, route.path, *(_knock(lobby, route, callers, who) for who in columns.values())]
            )
    golden("policy_matrix.csv", table.getvalue())


@SQLITE
def test_signing_out_is_for_whoever_is_signed_in(lobby: Lobby, callers: Callers) -> None:
    may = {name for name, each in callers.by_name().items() if each.post("/sign-out").status_code == 204}
    assert may == {"manager", "foreign_manager", "teller", "foreign_teller", "rm", "head", "admin"}


def _knock(lobby: Lobby, route: Route, callers: Callers, who: Caller) -> int:
    """The HTTP code of a well-formed request about what branch 0001's kiosk made, each time fresh."""
    scene = _scene(lobby.house, route, callers, who) if "{" in route.path else SCENE
    named = {"code": "W1", "file": "none.js", "kind": "kiosk", "stars": "5"}
    named |= {"appointment_id": "a", "customer_id": make.WANG.id, "staff_no": "T9"}
    named |= {
        "referral_id": scene.visit_id,
        "dispute_id": scene.visit_id,
        "review_id": scene.visit_id,
        "period": "2026-10",
        "version": "7",
        "feed": "customers",
        "outbox_id": scene.visit_id,
        "webhook_id": scene.visit_id,
    }
    path = route.path.format(**scene.__dict__, **named)
    if route.method == "GET":
        return who.http.get(path, headers=who.proof).status_code
    if not route.path.startswith(API):
        return who.http.open(path, method=route.method, json={}, headers=who.proof).status_code
    if route.takes_file:
        sent = who.http.open(path, method=route.method, data=b"{}", content_type=FILE_TYPE, headers=who.proof)
        return sent.status_code
    body = BODIES[route.path](scene) if route.takes else {}
    return who.command(route.method, path.removeprefix(API), body).status_code


def _scene(house: House, route: Route, callers: Callers, who: Caller) -> Scene:
    """A hall that has just been swept, one visit and one ticket in it; a colleague who knocks sits at window 1."""
    for branch_id in sorted({make.HERE, who.who.branch_id or make.HERE}):
        house.works.run(queue.end_day, branch_id, system(branch_id))
    kiosk = callers.kiosk.who
    if "{customer_id}" in route.path:
        make.arrival(house, kiosk, make.seen(house, make.WANG))
    visit_id = make.arrival(house, kiosk).visit.id
    # A day has 999 numbers: only who knocks about a ticket is given one.
    is_about_one = "{ticket" in route.path or "{code}" in route.path or route.path.endswith(("start", "finish"))
    issued = make.routed(house, kiosk).issued if is_about_one else None
    ticket_id = issued.ticket.id if issued else make.new_id()
    if who.who.kind == "staff":
        make.opened(house, who.who, "W1")
    if who.who.roles & {TELLER, RM} and who.who.branch_id == make.HERE and route.path.endswith(("start", "finish")):
        house.works.run(queue.call_next, "W1", who.who)
        if route.path.endswith("finish"):
            house.works.run(queue.start_service, queue.AtPoint("W1", ticket_id), who.who)
    alert_id = house.works.run(ask_for_help, AskForHelp(visit_id, "en"), kiosk).id
    # Whoever is shut out stays out: that is not the kiosk which still has to knock.
    device_id = make.enrolled(house, "wall") if route.path.endswith("/revoke") else kiosk.id
    return Scene(visit_id, ticket_id, issued.ticket_key if issued else "", device_id, alert_id)


@SQLITE
def test_the_server_does_not_start_with_an_address_that_no_row_names(lobby: Lobby) -> None:
    lobby.flask.add_url_rule("/back-door", view_func=lambda: "open")
    with pytest.raises(NoPolicy, match="/back-door"):
        refuse_without_policy(lobby.flask, lobby.table)


@SQLITE
def test_the_server_does_not_start_with_an_address_that_stands_twice(house: House) -> None:
    doors = [Door("one"), Door("two")]
    for door in doors:
        door.question("/lobby", may={ANYONE})(lambda _call: Answer())
    with pytest.raises(NoPolicy, match="GET /api/v1/lobby is declared twice"):
        mount(Flask(__name__, static_folder=None), house, doors, lambda _house: NOBODY)


def test_a_row_cannot_name_a_role_that_does_not_exist() -> None:
    with pytest.raises(AssertionError, match="cashier"):
        Door("desk").question("/desk", may={"cashier"})


def test_a_row_that_lets_nobody_in_is_a_mistake() -> None:
    with pytest.raises(AssertionError):
        Door("desk").question("/desk", may=set())


@SQLITE
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_what_changes_a_setting_is_as_guarded_as_any_command(house: House, callers: Callers, method: Method) -> None:
    """A PUT without the token of our own page, without a key or with a field too many is refused like a POST."""
    door = Door("settings")
    door.command("/settings/x", may={STAFF}, takes=Setting, http_code=204, method=method)(lambda _call: Answer(204))
    flask = Flask(__name__, static_folder=None)
    answer_refusals(flask)
    mount(flask, house, [door], lambda _house: replace(callers.admin.who, csrf="token"))

    def knocked(body: object, **headers: str) -> tuple[int, str]:
        sent = {"X-CSRF-Token": "token", "Idempotency-Key": calling.new_key()} | headers
        answer = flask.test_client().open(API + "/settings/x", method=method, json=body, headers=sent)
        return answer.status_code, (answer.get_json(silent=True) or {}).get("code", "")

    assert knocked({"value": 1}) == (204, "")
    assert knocked({"value": 1}, **{"X-CSRF-Token": "other"}) == (403, "csrf")
    assert knocked({"value": 1}, Origin="https://evil.example") == (403, "foreign_origin")
    assert knocked({"value": 1}, **{"Idempotency-Key": ""}) == (422, "key_missing")
    assert knocked({"value": 1, "more": 2}) == (422, "invalid_fields")


def test_a_device_whose_kind_is_called_like_a_role_is_no_colleague() -> None:
    with pytest.raises(Forbidden):
        check_may(Actor("device", "1", make.HERE, frozenset({"kiosk"})), frozenset({"staff"}))
    with pytest.raises(Unproven):
        check_may(NOBODY, frozenset({"staff"}))


@SQLITE
def test_a_refused_deed_leaves_its_name_in_the_audit_and_every_name_fits(lobby: Lobby, callers: Callers) -> None:
    for route in lobby.table:
        assert len(f"refused_{route.method} {route.path}") <= AUDIT_DEED_LENGTH_MAX, route.path
    assert refusal(callers.wall.post("/service-points/W1/open")) == (403, "not_allowed")
    with lobby.house.database.read() as db:
        last = db.execute(sa.select(audit).order_by(audit.c.audit_seq.desc())).first()
    assert last is not None
    assert (last.deed, last.subject) == ("refused_POST /api/v1/service-points/{code}/open", "not_allowed")
    assert last.actor == f"device:{callers.wall.who.id}"


# ---- Another branch's things --------------------------------------------------------------------------------------


@pytest.mark.parametrize("thing", ["visit of a manager", "visit of a kiosk", "ticket", "device"])
def test_another_branchs_things_answer_like_unknown_ones(lobby: Lobby, callers: Callers, thing: str) -> None:
    house = lobby.house
    routed = make.routed(house, callers.kiosk.who)
    make.opened(house, callers.foreign_teller.who, "W1")
    asked: Callable[[str], TestResponse] = {
        "visit of a manager": lambda each: callers.foreign_manager.post(f"/visits/{each}/claim"),
        "visit of a kiosk": lambda each: callers.foreign_kiosk.post(
            f"/visits/{each}/route", {"service_type": "cash", "choice": "ticket"}
        ),
        "ticket": lambda each: callers.foreign_teller.post("/service-points/W1/start", {"ticket_id": each}),
        "device": lambda each: callers.foreign_kiosk.post(f"/devices/{each}/heartbeat", {"health": {}}),
    }[thing]
    theirs = {
        "visit of a manager": routed.visit.id,
        "visit of a kiosk": routed.visit.id,
        "ticket": routed.issued.ticket.id,
        "device": callers.kiosk.who.id,
    }[thing]
    foreign, unknown = asked(theirs), asked(make.new_id())
    assert _same(foreign) == _same(unknown)
    assert foreign.status_code == 404


@SQLITE
def test_a_colleague_of_another_branch_sees_nothing_of_this_one(lobby: Lobby, callers: Callers) -> None:
    make.routed(lobby.house, callers.kiosk.who, "cash", make.seen(lobby.house, make.WANG))
    picture = calling.told(callers.foreign_teller.get("/lobby"))
    assert (picture["branch"]["code"], picture["visits"], picture["tickets"]) == (make.ELSEWHERE, [], [])


def _same(answer: TestResponse) -> dict[str, Any]:
    """An answer without what differs between any two requests."""
    return {"headers": dict(answer.headers), "code": answer.status_code} | {
        name: value for name, value in calling.told(answer).items() if name != "request_id"
    }


def test_the_trial_opens_its_own_doors_only_when_asked(house: House, cast: Cast) -> None:
    without = {route.path for route in app.build_lobby(house, "threading").table}
    with_demo = {route.path for route in calling.open_doors(house, demo=True).table}
    assert with_demo - without == {path for path in with_demo if path.startswith("/demo/")}
    assert without < with_demo
