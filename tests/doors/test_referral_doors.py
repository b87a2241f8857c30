"""Referrals over HTTP: what is told to whom, and what a second or a stranger gets."""

from __future__ import annotations

from typing import Any

from lobby_server.app import Lobby
from lobby_server.customers.rules import Consent
from lobby_server.kernel.actor import system
from lobby_server.recommend import store as products
from lobby_server.recommend.products import Product
from referral.incentives.actions.plans import ApprovePlan, approve_plan, propose_plan
from tests import ledger, make
from tests.doors.calling import Callers, new_key, refusal, told
from tests.make import HERE, MORNING, WANG

NOTE = "下个月有定期到期"


def visit_of(lobby: Lobby, callers: Callers) -> str:
    code = make.seen(lobby.house, WANG)
    return make.arrival(lobby.house, callers.kiosk.who, code).visit.id


def words(visit_id: str, **more: Any) -> dict[str, Any]:
    consent = {"purpose": "refer_internal", "wording_version": "2026-03", "channel": "counter"}
    return {"visit_id": visit_id, "product_line": "wealth", "note": NOTE, "consent": consent, **more}


def test_a_teller_logs_a_need_and_the_relationship_manager_takes_it(lobby: Lobby, callers: Callers) -> None:
    body, key = words(visit_of(lobby, callers)), new_key()
    answer = callers.teller.post("/referrals", body, key=key)
    assert answer.status_code == 201
    logged = told(answer)["referral"]
    assert (logged["state"], logged["masked_name"], logged["refusals"]) == ("offered", "王*明", 0)
    assert told(callers.teller.post("/referrals", body, key=key))["referral"]["id"] == logged["id"]
    taken = told(callers.rm.post(f"/referrals/{logged['id']}/accept"))
    assert taken["referral"]["state"] == "accepted"
    assert taken["referral"]["receiver"]["staff_no"] == callers.rm.who.number
    # What was written is for the one who answers for it.
    assert taken["note"] == NOTE and told(answer)["note"] is None
    make.on_sale(lobby.house, "wealth")
    for step in (("contact", {"evidence": "lobby"}), ("qualify", None), ("propose", None)):
        assert callers.rm.post(f"/referrals/{logged['id']}/{step[0]}", step[1]).status_code == 200
    (mine,) = told(callers.rm.get("/referrals?role=receiver"))["referrals"]
    assert mine["state"] == "proposed"


def test_what_does_not_suit_the_customer_is_refused_by_its_code(lobby: Lobby, callers: Callers) -> None:
    make.on_sale(lobby.house, "wealth", 3)
    logged = told(callers.teller.post("/referrals", words(visit_of(lobby, callers))))["referral"]
    callers.rm.post(f"/referrals/{logged['id']}/accept")
    callers.rm.post(f"/referrals/{logged['id']}/contact", {"evidence": "lobby"})
    assert refusal(callers.rm.post(f"/referrals/{logged['id']}/qualify")) == (422, "rating_missing")


def test_the_second_is_told_who_was_first_and_no_answer_holds_the_full_name(lobby: Lobby, callers: Callers) -> None:
    visit_id = visit_of(lobby, callers)
    first = callers.teller.post("/referrals", words(visit_id))
    second = callers.manager.post("/referrals", words(visit_id))
    assert refusal(second) == (409, "duplicate")
    assert told(second)["first"]["referrer"]["staff_no"] == callers.teller.who.number
    for answer in (first, second, callers.head.get("/referrals")):
        assert WANG.name not in answer.get_data(as_text=True)


def test_everybody_sees_their_own_and_the_head_sees_all(lobby: Lobby, callers: Callers) -> None:
    callers.teller.post("/referrals", words(visit_of(lobby, callers)))
    seen = {
        name: len(told(who.get("/referrals"))["referrals"])
        for name, who in (("teller", callers.teller), ("head", callers.head), ("admin", callers.admin))
    }
    assert seen == {"teller": 1, "head": 1, "admin": 0}
    assert told(callers.teller.get("/referrals?state=won"))["referrals"] == []
    assert refusal(callers.teller.get("/referrals?state=happy")) == (422, "unknown_filter")


def test_another_branch_has_no_such_visit_or_referral(lobby: Lobby, callers: Callers) -> None:
    visit_id = visit_of(lobby, callers)
    assert refusal(callers.foreign_teller.post("/referrals", words(visit_id))) == (404, "visit")
    mine = told(callers.teller.post("/referrals", words(visit_id)))["referral"]["id"]
    assert refusal(callers.foreign_teller.post(f"/referrals/{mine}/withdraw")) == (404, "referral")
    assert told(callers.foreign_manager.get("/referrals"))["referrals"] == []


def test_a_consent_for_something_else_is_no_consent(lobby: Lobby, callers: Callers) -> None:
    body = words(visit_of(lobby, callers))
    body["consent"] = {**body["consent"], "purpose": "serve"}
    assert refusal(callers.teller.post("/referrals", body)) == (422, "consent_missing")


def test_the_receiver_says_whether_they_come_while_the_customer_waits(lobby: Lobby, callers: Callers) -> None:
    visit_id = visit_of(lobby, callers)
    logged = told(callers.teller.post("/referrals", words(visit_id)))["referral"]
    assert logged["customer_here"] and logged["presence"] is None and logged["visit_id"] == visit_id
    address = f"/referrals/{logged['id']}/presence"
    for answer in ("in_3_minutes", "coming"):
        said = told(callers.rm.post(address, {"answer": answer}))["referral"]
        assert said["presence"]["answer"] == answer and said["step_count"] == logged["step_count"]
    assert refusal(callers.rm.post(address, {"answer": "perhaps"})) == (422, "invalid_fields")
    (listed,) = told(callers.manager.get("/referrals"))["referrals"]
    assert listed["presence"] == said["presence"]
    assert callers.manager.post(f"/visits/{visit_id}/leave", {"reason": "went_away"}).status_code == 200
    (listed,) = told(callers.manager.get("/referrals"))["referrals"]
    assert not listed["customer_here"]
    assert refusal(callers.rm.post(address, {"answer": "coming"})) == (409, "customer_gone")


def test_nobody_but_whose_turn_it_is_says_whether_they_come_and_the_next_is_asked_anew(
    lobby: Lobby, callers: Callers
) -> None:
    logged = told(callers.teller.post("/referrals", words(visit_of(lobby, callers))))["referral"]
    address = f"/referrals/{logged['id']}"
    assert callers.rm.post(address + "/presence", {"answer": "cannot"}).status_code == 200
    declined = told(callers.rm.post(address + "/decline", {"reason": "休假"}))["referral"]
    assert declined["presence"] is None
    assert refusal(callers.rm.post(address + "/presence", {"answer": "coming"})) == (403, "not_yours")


# ---- The form ------------------------------------------------------------------------------------------------------


def form_of(callers: Callers, visit_id: str) -> dict[str, Any]:
    found: dict[str, Any] = told(callers.teller.get(f"/visits/{visit_id}/referral-form"))
    return found


def test_the_form_says_to_whom_what_it_would_bring_and_who_was_first(lobby: Lobby, callers: Callers) -> None:
    visit_id = visit_of(lobby, callers)
    form = form_of(callers, visit_id)
    lines = {each["product_line"]: each for each in form["lines"]}
    assert list(lines) == ["deposit", "card", "wealth", "fund", "insurance", "loan"]
    assert (form["preset"], form["has_consent"]) == (None, False)
    (rm,) = lines["wealth"]["may_take"]
    assert (rm["staff_no"], rm["is_present"], rm["open_count"]) == (callers.rm.who.number, True, 0)
    assert all(each["brings"] is None and each["claimed"] is None for each in lines.values())
    logged = callers.teller.post("/referrals", words(visit_id, wished_receiver=rm["staff_no"]))
    assert told(logged)["referral"]["offered_to"]["staff_no"] == rm["staff_no"]
    claimed = {each["product_line"]: each["claimed"] for each in form_of(callers, visit_id)["lines"]}
    assert claimed["wealth"]["referrer"]["staff_no"] == callers.teller.who.number
    assert [line for line, first in claimed.items() if first] == ["wealth"]


def test_the_form_tells_the_referrer_s_own_part_under_the_plan_in_force(lobby: Lobby, callers: Callers) -> None:
    row = lobby.house.works.run(propose_plan, ledger.plan(), system(HERE))
    lobby.house.works.run(approve_plan, ApprovePlan(row.version, row.sha256), callers.head.who)
    brings = {each["product_line"]: each["brings"] for each in form_of(callers, visit_of(lobby, callers))["lines"]}
    # A flat 100.01 between teller and manager, three to six: the odd fen goes to the larger remainder.
    assert (brings["card"]["amount_minor"], brings["card"]["of_minor"]) == (3_334, 1_000_000)
    assert (brings["card"]["currency"], brings["card"]["points"]) == ("CNY", 3_000)
    assert brings["deposit"]["amount_minor"] > 0
    assert (brings["fund"]["is_cash_allowed"], brings["fund"]["amount_minor"]) == (False, 0)
    assert brings["insurance"] is None


def test_the_likeliest_need_is_chosen_already_until_somebody_referred_it(lobby: Lobby, callers: Callers) -> None:
    names, needs = {"zh-CN": "定期", "en": "Deposit"}, ("deposit_renewal",)
    deposit = Product("dep", names, "deposit", None, None, "serve", needs, None, None, make.TODAY, None)
    lobby.house.database.run(lambda db: products.put_products(db, [deposit], ()))
    agreed = tuple(Consent(each, "1", "app", MORNING) for each in ("serve", "refer_internal"))
    make.described(lobby.house, WANG, consents=agreed)
    visit_id = visit_of(lobby, callers)
    form = form_of(callers, visit_id)
    assert (form["preset"], form["reason"]["code"], form["has_consent"]) == ("deposit", "deposit_matures", True)
    callers.teller.post("/referrals", words(visit_id, product_line="deposit"))
    assert form_of(callers, visit_id)["preset"] is None


def test_the_form_refuses_whoever_may_not_be_referred(lobby: Lobby, callers: Callers) -> None:
    nobody = make.arrival(lobby.house, callers.kiosk.who).visit.id
    asked = f"/visits/{nobody}/referral-form"
    assert refusal(callers.teller.get(asked)) == (422, "customer_unknown")
    assert refusal(callers.foreign_teller.get(asked)) == (404, "visit")
    visit_id = visit_of(lobby, callers)
    make.described(lobby.house, WANG, do_not_contact=True)
    assert refusal(callers.teller.get(f"/visits/{visit_id}/referral-form")) == (422, "do_not_contact")
