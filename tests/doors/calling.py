"""Those who knock at the doors: devices by their token, colleagues by their cookie, and nobody.

They are let in without passwords and signatures; how one comes in is tested where it is the question.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from lobby_server import app
from lobby_server.branch import store as branches
from lobby_server.branch.actions import TakeToken, take_token
from lobby_server.branch.rules import Device
from lobby_server.branch.store import letting_in
from lobby_server.clients import store as clients
from lobby_server.clients.actions import AddClient, add_client
from lobby_server.doors.openapi import document
from lobby_server.doors.routes import API, FILE_TYPE
from lobby_server.doors.who import CLIENT_SCOPES
from lobby_server.kernel.actor import NOBODY, Actor, system
from lobby_server.kernel.house import House
from lobby_server.kernel.tables import audit
from lobby_server.kernel.work import Work
from lobby_server.staff import store as staff
from lobby_server.staff.actions import AddStaff, add_staff, sign_in
from staff_tablet.screens.pages import load_pages
from tests import make
from tests.doors.schema import faults

read_pages = cache(load_pages)


@dataclass(frozen=True)
class Caller:
    """Somebody who asks and commands, with what proves them."""

    http: FlaskClient
    contract: Mapping[str, Any]
    who: Actor = NOBODY
    proof: Mapping[str, str] = field(default_factory=dict)

    def post(self, path: str, body: Any = None, *, key: str | None = None, **headers: str) -> TestResponse:
        """One command under `/api/v1`, with a key of its own unless one is given."""
        return self.command("POST", path, body, key=key, **headers)

    def command(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, **headers: str
    ) -> TestResponse:
        """The same by any method that changes something."""
        sent = {**self.proof, "Idempotency-Key": key or new_key(), **_as_headers(headers)}
        answer = self.http.open(API + path, method=method, json={} if body is None else body, headers=sent)
        return self._kept_to_contract(answer)

    def post_raw(self, path: str, raw: bytes, content_type: str = "application/json", **headers: str) -> TestResponse:
        """The same with a body that is perhaps no JSON."""
        sent = {**self.proof, "Idempotency-Key": new_key(), **_as_headers(headers)}
        answer = self.http.post(API + path, data=raw, content_type=content_type, headers=sent)
        return self._kept_to_contract(answer)

    def put_file(self, path: str, raw: bytes, content_type: str = FILE_TYPE) -> TestResponse:
        """A file of head office."""
        answer = self.http.put(API + path, data=raw, content_type=content_type, headers=self.proof)
        return self._kept_to_contract(answer)

    def get(self, path: str, **headers: str) -> TestResponse:
        """One question under `/api/v1`."""
        return self._kept_to_contract(self.http.get(API + path, headers={**self.proof, **_as_headers(headers)}))

    def _kept_to_contract(self, answer: TestResponse) -> TestResponse:
        """Every answer in every test at the doors has the shape that `/openapi.json` promises."""
        asked = answer.request
        try:
            endpoint, _path = self.http.application.url_map.bind("localhost").match(asked.path, asked.method)
        except HTTPException:
            shape: Mapping[str, Any] = PROBLEM
        else:
            method, address = endpoint.split(" ", 1)
            shape = shape_of(self.contract, method, address, answer.status_code)
        assert bool(answer.get_data()) == (answer.status_code != 204)
        found = list(faults(answer.get_json(), shape, self.contract)) if answer.get_data() else []
        assert found == [], (asked.method, asked.path, answer.status_code)
        return answer


PROBLEM = {"$ref": "#/components/schemas/Problem"}


def shape_of(contract: Mapping[str, Any], method: str, address: str, http_code: int) -> Mapping[str, Any]:
    """The schema that the document has for an answer; refusals all have one."""
    if http_code == 204:
        return {}
    if http_code >= 400:
        return PROBLEM
    given = contract["paths"][address][method.lower()]["responses"][str(http_code)]
    schema: Mapping[str, Any] = given["content"]["application/json"]["schema"]
    return schema


@dataclass(frozen=True)
class Callers:
    """One of each, in the order of the policy matrix's columns. Foreign ones belong to branch 0002."""

    nobody: Caller
    kiosk: Caller
    second_kiosk: Caller
    foreign_kiosk: Caller
    wall: Caller
    tablet: Caller
    manager: Caller
    foreign_manager: Caller
    teller: Caller
    foreign_teller: Caller
    rm: Caller
    head: Caller
    admin: Caller
    program: Caller

    def by_name(self) -> dict[str, Caller]:
        """Each under its name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


def open_doors(house: House, **settings: object) -> app.Lobby:
    """A web process in this one, with settings changed where asked."""
    changed = replace(house.settings, **settings) if settings else house.settings  # type: ignore[arg-type]
    return app.build_lobby(replace(house, settings=changed), "threading")


def contract_of(lobby: app.Lobby) -> Mapping[str, Any]:
    """The OpenAPI document of a web process; made once for each set of doors."""
    doors = frozenset((each.method, each.path) for each in lobby.table)
    if doors not in _contracts:
        _contracts[doors] = document(lobby.table, app.VERSION)
    return _contracts[doors]


_contracts: dict[frozenset[tuple[str, str]], Mapping[str, Any]] = {}


def let_in(lobby: app.Lobby) -> Callers:
    """One of each: their rows, tokens and sign-ins, in one transaction. The house must be furnished."""
    return lobby.house.works.run(_let_in, lobby, system(make.HERE))


def _let_in(work: Work, lobby: app.Lobby) -> Callers:
    for branch_id, staff_no, name, role in (
        (make.HERE, "H001", "方正", "head"),
        (make.HERE, "A001", "梁易", "admin"),
        (make.ELSEWHERE, "L901", "郑岚", "lobby_manager"),
    ):
        add_staff(work, AddStaff(branch_id, staff_no, name, (role,), make.PASSWORD_HASH))
    return Callers(
        nobody=Caller(lobby.flask.test_client(), contract_of(lobby)),
        kiosk=_device(work, lobby, make.HERE, "kiosk"),
        second_kiosk=_device(work, lobby, make.HERE, "kiosk"),
        foreign_kiosk=_device(work, lobby, make.ELSEWHERE, "kiosk"),
        wall=_device(work, lobby, make.HERE, "wall"),
        tablet=_device(work, lobby, make.HERE, "tablet"),
        manager=colleague(work, lobby, make.HERE, "L001"),
        foreign_manager=colleague(work, lobby, make.ELSEWHERE, "L901"),
        teller=colleague(work, lobby, make.HERE, "T001"),
        foreign_teller=colleague(work, lobby, make.ELSEWHERE, "T901"),
        rm=colleague(work, lobby, make.HERE, "R001"),
        head=colleague(work, lobby, make.HERE, "H001"),
        admin=colleague(work, lobby, make.HERE, "A001"),
        program=program(work, lobby, make.HERE, CLIENT_SCOPES),
    )


def another_device(lobby: app.Lobby, kind: str) -> Caller:
    """One more device of branch 0001, with a fresh token."""
    return lobby.house.works.run(lambda work, kind: _device(work, lobby, make.HERE, kind), kind, system(make.HERE))


def _device(work: Work, lobby: app.Lobby, branch_id: str, kind: str) -> Caller:
    device = Device(work.ids.new_id(), branch_id, kind, f"{kind} 大堂", None, None)
    branches.add_device(work.db, device, {}, work.now)
    nonce = work.ids.secret()
    letting_in.add_challenge(work.db, work.keys.index(nonce, "device_challenge"), device.id, work.now + _A_WHILE)
    token, _until = take_token(work, TakeToken(device.id, nonce))
    who = Actor("device", device.id, branch_id, frozenset({kind}), name=device.name)
    return Caller(lobby.flask.test_client(), contract_of(lobby), who, {"Authorization": f"Bearer {token}"})


def program(work: Work, lobby: app.Lobby, branch_id: str, scopes: frozenset[str], name: str = "core") -> Caller:
    """A program of head office at a branch."""
    token = add_client(replace(work, actor=system(branch_id)), AddClient(name, scopes))
    found = clients.of_token(work.db, work.keys, token)
    assert found is not None
    who = Actor("client", found.id, branch_id, found.scopes, name=found.name)
    return Caller(lobby.flask.test_client(), contract_of(lobby), who, {"Authorization": f"Bearer {token}"})


def colleague(work: Work, lobby: app.Lobby, branch_id: str, staff_no: str) -> Caller:
    """A colleague who has signed in."""
    found = staff.find(work.db, work.keys, branch_id, staff_no)
    assert found is not None
    signed_in, cookie = sign_in(work, found[0])
    who = found[0]
    http = lobby.flask.test_client()
    http.set_cookie("lobby", cookie)
    actor = Actor("staff", who.id, branch_id, frozenset(who.roles), who.staff_no, who.name, signed_in.id)
    return Caller(http, contract_of(lobby), actor, {"X-CSRF-Token": signed_in.csrf})


def new_key() -> str:
    """A key for one command."""
    return str(uuid.uuid4())


def told(answer: TestResponse) -> Any:
    """The JSON of an answer."""
    return answer.get_json()


def refusal(answer: TestResponse) -> tuple[int, str]:
    """HTTP code and code of a problem document, which must be one."""
    assert answer.content_type == "application/problem+json", answer.get_data(as_text=True)[:200]
    problem = told(answer)
    assert problem["status"] == answer.status_code
    return answer.status_code, problem["code"]


def state_of(house: House) -> list[tuple[str, int]]:
    """How many rows there are everywhere but in the audit: what a refusal may not change."""
    with house.database.read() as db:
        names = [name for name in sa.inspect(db).get_table_names() if name not in ("audit", "branch_clock")]
        return [(name, db.scalar(sa.text(f"SELECT count(*) FROM {name}")) or 0) for name in sorted(names)]


def audit_rows(house: House) -> list[tuple[str, str]]:
    """What was noted, in order: deed and subject."""
    with house.database.read() as db:
        return [(row.deed, row.subject) for row in db.execute(sa.select(audit).order_by(audit.c.audit_seq))]


def _as_headers(given: Mapping[str, str]) -> dict[str, str]:
    """`Sec_Fetch_Site` as a keyword is the header `Sec-Fetch-Site`."""
    return {name.replace("_", "-"): value for name, value in given.items()}


_A_WHILE = timedelta(minutes=1)
