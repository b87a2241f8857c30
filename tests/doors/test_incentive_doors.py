"""The ledger over HTTP: statements for whom they concern, months closed by two, disputes, plans."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lobby_server.admin.check import run_checks
from lobby_server.app import Lobby
from lobby_server.kernel.actor import system
from referral.incentives import actions
from referral.incentives.rules import RECEIVER, REFERRER, Credited, Win
from referral.incentives.store.earned import Credit
from tests import make
from tests.doors.calling import Callers, let_in, refusal, told
from tests.ledger import plan
from tests.make import HERE


@pytest.fixture
def in_force(callers: Callers) -> None:
    """A plan that counts since this month."""
    put_in_force(callers)


def put_in_force(callers: Callers) -> None:
    """A plan that two people stand for, over HTTP, and that its earners have accepted."""
    row: dict[str, Any] = told(callers.admin.post("/plans", plan()))
    read = {"sha256": row["sha256"]}
    assert refusal(callers.admin.post("/plans/1/approve", read)) == (409, "same_person")
    assert told(callers.head.post("/plans/1/approve", read))["is_approved"] is True
    for who in (callers.teller, callers.rm):
        assert who.post("/plans/1/accept", read).status_code == 200


def credited(lobby: Lobby, callers: Callers) -> Credit:
    """A booking for a referral from the teller to the relationship manager."""
    at = lobby.house.clock.now()
    people = ((callers.teller.who, REFERRER), (callers.rm.who, RECEIVER))
    shares = tuple(Credited(who.id, part, who.roles, at) for who, part in people)
    win = Win(HERE, "B1", make.new_id(), "card-1", "card", 1_000_000, "CNY", at, shares)
    return lobby.house.works.run(actions.accrue, win, system(HERE))


def faults_by(lobby: Lobby, anchor: dict[str, Any]) -> list[str]:
    """What is wrong with the ledger by an anchor that head office kept."""
    with lobby.house.database.read() as db:
        kept = (HERE, anchor["journal_no"], bytes.fromhex(anchor["head"]))
        return run_checks(db, lobby.house.keys, [kept])["ledger_anchors"]


@pytest.mark.usefixtures("in_force")
def test_a_statement_is_for_whom_it_concerns_and_the_head(lobby: Lobby, callers: Callers) -> None:
    credited(lobby, callers)
    address = f"/incentives/statements/{callers.teller.who.number}/2026-11"
    (line,) = told(callers.teller.get(address))["lines"]
    assert (line["booking_id"], line["amount_minor"], line["there"]["accrued"]) == ("B1", 3_334, 3_334)
    assert (line["scheme"], line["plan_version"], line["reason"]) == ("flat", 1, "allowed")
    assert callers.head.get(address).status_code == 200
    assert refusal(callers.rm.get(address)) == (403, "not_yours")
    assert refusal(callers.head.get("/incentives/statements/T999/2026-11")) == (404, "staff")
    assert refusal(callers.head.get("/incentives/statements/T001/2026-13")) == (422, "bad_period")


def test_two_people_close_a_month_and_payroll_gets_its_file_once(lobby: Lobby) -> None:
    make.still(lobby.house).advance(timedelta(days=7, hours=13))  # an hour before the month ends
    callers = let_in(lobby)
    put_in_force(callers)
    credited(lobby, callers)
    make.still(lobby.house).advance(timedelta(hours=2))
    close, approve = ("/incentives/periods/2026-11/close", "/incentives/periods/2026-11/approve")
    assert {each["amount_minor"] for each in told(callers.admin.post(close))["amounts"]} == {3_334, 6_667}
    assert refusal(callers.admin.post(approve)) == (409, "same_person")
    assert refusal(callers.teller.post(approve)) == (403, "not_allowed")
    assert callers.head.post(approve).status_code == 200
    heard = told(callers.program.get("/events"))["events"]
    (anchor,) = (each["data"] for each in heard if each["type"] == "incentives.period_closed")
    assert (anchor["period"], faults_by(lobby, anchor)) == ("2026-11", [])
    assert faults_by(lobby, {**anchor, "journal_no": anchor["journal_no"] + 1}) != []
    paid = told(callers.head.post("/incentives/payroll"))
    assert sorted(each["amount_minor"] for each in paid["lines"]) == [2_000, 4_000]
    assert callers.head.post("/incentives/payroll").status_code == 204
    (again,) = told(callers.admin.get("/incentives/payroll"))["files"]
    assert (again["no"], again["lines"]) == (paid["no"], paid["lines"])
    assert again["made_by"]["staff_no"] == callers.head.who.number
    assert refusal(callers.teller.get("/incentives/payroll")) == (403, "not_allowed")


@pytest.mark.usefixtures("in_force")
def test_a_dispute_shows_what_each_ruling_gives_and_is_ruled_by_two(lobby: Lobby, callers: Callers) -> None:
    credit = credited(lobby, callers)
    raised = told(callers.manager.post(f"/referrals/{credit.referral_id}/dispute", {"claim": "我先登记的"}))
    (open_one,) = told(callers.head.get("/disputes"))["disputes"]
    assert {each["ruling"] for each in open_one["outcomes"]} == {"uphold", "claimant_referred", "nobody"}
    address = f"/disputes/{raised['dispute']['id']}/resolve"
    assert refusal(callers.head.post(address, {"ruling": "coin"})) == (422, "unknown_ruling")
    assert told(callers.head.post(address, {"ruling": "claimant_referred"}))["dispute"]["ended_at"] is None
    assert refusal(callers.head.post(address, {"ruling": "claimant_referred"})) == (409, "same_person")
    assert told(callers.admin.post(address, {"ruling": "claimant_referred"}))["dispute"]["ended_at"]
    assert told(callers.head.get("/disputes"))["disputes"] == []


@pytest.mark.usefixtures("in_force")
def test_a_plan_is_rehearsed_before_it_counts(lobby: Lobby, callers: Callers) -> None:
    credited(lobby, callers)
    nothing = {"card": {"money": None, "points": None, "split": {"referrer": 500_000, "receiver": 500_000}}}
    body = {"plan": plan(2, "2027-01-01", lines=nothing), "first": "2026-11", "last": "2026-11"}
    differences = told(callers.head.post("/plans/rehearse", body))["differences"]
    assert [(each["was_minor"], each["would_be_minor"]) for each in differences] == [(6_667, 0), (3_334, 0)]
    assert refusal(callers.head.post("/plans", plan(1, "2026-12-01"))) == (409, "version_used")
    assert refusal(callers.head.post("/plans/x/approve", {"sha256": "0" * 64})) == (404, "plan")


@pytest.mark.usefixtures("in_force")
def test_everybody_reads_the_plans_and_who_stands_for_them(callers: Callers) -> None:
    callers.head.post("/plans", plan(version=2, starts_on="2027-01-01"))
    proposed, standing = told(callers.teller.get("/plans"))["plans"]
    assert (proposed["plan"]["version"], proposed["plan"]["is_approved"]) == (2, False)
    assert standing["document"]["lines"].keys() >= {"card", "loan"} and standing["accepted_by_me"]
    people = [standing[name]["staff_no"] for name in ("proposed_by", "approved_by")]
    assert people == [callers.admin.who.number, callers.head.who.number]
    assert not told(callers.manager.get("/plans"))["plans"][1]["accepted_by_me"]
    assert told(callers.foreign_teller.get("/plans"))["plans"] == []


@pytest.mark.usefixtures("in_force")
def test_who_closes_months_sees_what_that_would_move(lobby: Lobby, callers: Callers) -> None:
    credited(lobby, callers)
    (month,) = told(callers.head.get("/incentives/periods"))["periods"]
    assert (month["period"], month["state"], month["proposed_by"]) == ("2026-11", "open", None)
    assert {each["staff"]["staff_no"] for each in month["amounts"]} == {
        callers.teller.who.number,
        callers.rm.who.number,
    }
    assert refusal(callers.teller.get("/incentives/periods")) == (403, "not_allowed")
