"""The road to head office at its doors: what is stuck, releasing it, and asking for a comparison."""

from __future__ import annotations

from typing import Any

import pytest

from lobby_server.kernel.house import House
from referral.crm_sync.courier import Courier
from referral.crm_sync.port import Trouble
from referral.crm_sync.rules import Verdict
from tests.crm import Refusing, log_all, visits_of
from tests.doors import calling
from tests.doors.calling import Callers, audit_rows, refusal, told
from tests.make import Cast


@pytest.fixture
def crm() -> Refusing:
    return Refusing()


@pytest.fixture
def courier(house: House, cast: Cast, crm: Refusing) -> Courier:
    log_all(house, cast, visits_of(house, cast))
    return Courier(house, crm, lanes=1)


def road(callers: Callers) -> Any:
    return told(callers.head.get("/head-office/road"))


def test_what_waits_for_head_office_is_seen_with_its_age(callers: Callers, courier: Courier) -> None:
    seen = road(callers)
    assert (seen["connector"], seen["pending"], seen["parked"], seen["latest"]) == (None, 16, [], [])
    assert seen["oldest_at"] == "2026-11-23T02:00:00.000000Z"
    courier.drain()
    seen = road(callers)
    assert (seen["pending"], seen["oldest_at"], len(seen["latest"])) == (0, None, 10)
    assert {(each["type"], each["url"]) for each in seen["latest"]} <= {
        ("referral.offered", None),
        ("referral.created", None),
    }


def test_a_parked_step_is_released_by_the_head_once_and_by_nobody_elsewhere(
    house: House, callers: Callers, courier: Courier, crm: Refusing
) -> None:
    crm.trouble = lambda _record: Trouble(Verdict.PERMANENT, "crm:E17")
    courier.drain()
    [first, *_rest] = road(callers)["parked"]
    assert (first["reason"], first["attempts"], first["waiting"]) == ("crm:E17", 1, 1)
    path, key = f"/head-office/parked/{first['id']}/release", calling.new_key()
    assert refusal(callers.teller.post(path)) == (403, "not_allowed")
    assert told(callers.head.post(path, key=key)) == {"id": first["id"]}
    assert callers.head.post(path, key=key).headers["Idempotent-Replayed"] == "true"
    assert refusal(callers.head.post(path)) == (404, "parked")
    assert ("release_step", first["referral_id"]) in audit_rows(house)
    crm.trouble = lambda _record: None
    courier.drain()
    assert len(road(callers)["parked"]) == 7


def test_a_comparison_that_is_asked_for_is_due_at_once(house: House, callers: Callers, courier: Courier) -> None:
    assert told(callers.head.post("/head-office/compare")) == {"branch": "0001"}
    courier.drain()
    assert road(callers)["compared_at"] is None
    assert ("ask_to_compare", "0001") in audit_rows(house)
