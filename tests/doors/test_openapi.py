"""The served contract is a true OpenAPI 3.1 document; tests/doors/calling.py holds every answer against it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from lobby_server.app import Lobby
from tests import make
from tests.doors import calling
from tests.doors.calling import Callers, told
from tests.doors.schema import faults, resolved

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

METHODS = {"get", "post", "put", "patch"}


@pytest.fixture
def contract(callers: Callers) -> Any:
    """The document as it is served."""
    return told(callers.nobody.http.get("/openapi.json"))


def operations(contract: Any) -> Iterator[tuple[str, str, Any]]:
    for path, methods in contract["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def references(value: Any) -> Iterator[str]:
    """Every `$ref` anywhere."""
    if isinstance(value, dict):
        yield from (each for name, each in value.items() if name == "$ref")
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from references(each)


def test_the_document_has_what_openapi_3_1_demands(contract: Any) -> None:
    assert contract["openapi"].startswith("3.1.")
    assert set(contract["info"]) >= {"title", "version"}
    for path, method, operation in operations(contract):
        assert path.startswith("/api/v1/") and method in METHODS
        assert operation["responses"] and operation["summary"].endswith("."), path
        for code, answer in operation["responses"].items():
            assert re.fullmatch(r"[1-5]\d\d|default", code) and answer["description"], path
        for kind in ("application/json", "application/problem+json"):
            for answer in operation["responses"].values():
                assert "schema" in answer.get("content", {}).get(kind, {"schema": {}})


def test_every_parameter_of_an_address_is_declared_and_no_other(contract: Any) -> None:
    for path, _method, operation in operations(contract):
        declared = [each["name"] for each in operation["parameters"] if each["in"] == "path"]
        assert declared == re.findall(r"\{(\w+)\}", path)
        assert all(each["required"] and each["schema"] for each in operation["parameters"])


def test_every_name_of_an_operation_is_its_own(contract: Any) -> None:
    names = [operation["operationId"] for _path, _method, operation in operations(contract)]
    assert len(names) == len(set(names))


def test_every_reference_leads_somewhere(contract: Any) -> None:
    found = set(references(contract))
    assert found
    for each in found:
        resolved(each, contract)


def test_the_document_holds_every_address_under_api_and_no_other(lobby: Lobby, contract: Any) -> None:
    described = {(method.upper(), path) for path, method, _operation in operations(contract)}
    assert described == {(each.method, each.path) for each in lobby.table if each.path.startswith("/api/")}


def test_the_document_says_who_may_and_which_commands_carry_a_key(lobby: Lobby, contract: Any) -> None:
    for route in lobby.table:
        if route.path.startswith("/api/"):
            operation = contract["paths"][route.path][route.method.lower()]
            assert operation["x-may"] == sorted(route.may)
            keys = [each["name"] for each in operation["parameters"] if each["in"] == "header"]
            assert keys == (["Idempotency-Key"] if route.keyed else [])


def test_that_nobody_waits_is_an_answer_of_the_contract(contract: Any) -> None:
    assert "204" in contract["paths"]["/api/v1/service-points/{code}/call-next"]["post"]["responses"]


def test_a_day_at_the_branch_keeps_to_the_contract(lobby: Lobby, callers: Callers) -> None:
    """Requests as well as answers: what the test sends is what the document says may be sent."""
    contract = calling.contract_of(lobby)
    code = make.code_of(make.WANG, lobby.house.clock.now())
    arrival = {"credential": {"kind": "qr", "value": code}, "language": "en", "party_size": 2}
    choice = {"service_type": "cash", "choice": "ticket"}
    assert list(faults(arrival, body_of(contract, "/api/v1/visits"), contract)) == []
    assert list(faults(choice, body_of(contract, "/api/v1/visits/{visit_id}/route"), contract)) == []
    visit_id = told(callers.kiosk.post("/visits", arrival))["visit_id"]
    callers.manager.post(f"/visits/{visit_id}/claim")
    ticket = told(callers.kiosk.post(f"/visits/{visit_id}/route", choice))["ticket"]
    callers.teller.post("/service-points/W1/open")
    callers.teller.post("/service-points/W1/call-next")
    at_point = {"ticket_id": ticket["id"]}
    assert list(faults(at_point, body_of(contract, "/api/v1/service-points/{code}/start"), contract)) == []
    for deed in ("start", "finish"):
        assert callers.teller.post(f"/service-points/W1/{deed}", at_point).status_code == 200
        for each in (callers.kiosk, callers.wall, callers.head):
            assert each.get("/lobby").status_code == 200
        assert callers.nobody.get(f"/tickets/{ticket['ticket_key']}").status_code == 200
    assert callers.teller.post("/service-points/W1/close").status_code == 200


def body_of(contract: Any, path: str) -> Any:
    """The schema of what a command takes."""
    return contract["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]


def test_a_bank_finds_doors_by_the_service_domains_of_bian(contract: Any) -> None:
    told_of = {each["name"] for each in contract["tags"]}
    found = {tag: path for path, _method, operation in operations(contract) for tag in operation["tags"]}
    assert told_of <= found.keys()
    assert contract["paths"]["/api/v1/referrals"]["post"]["tags"] == ["referrals", "Lead and Opportunity Management"]
    assert "Commissions" in contract["paths"]["/api/v1/plans"]["post"]["tags"]
