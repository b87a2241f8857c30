"""Head office's programs at the doors: their tokens, their scopes, bookings, files, and the branch's events."""

from __future__ import annotations

from typing import Any

import pytest

from lobby_server.app import Lobby
from lobby_server.clients.actions import revoke_client
from lobby_server.kernel import event_log
from lobby_server.kernel.actor import system
from lobby_server.kernel.clock import to_wire
from lobby_server.kernel.feeds import hinted
from tests import feeds, make
from tests.doors.calling import Caller, Callers, audit_rows, new_key, program, refusal, told
from tests.doors.terminal import Console
from tests.doors.test_referral_doors import visit_of, words
from tests.make import ELSEWHERE, HERE, WANG


def another(lobby: Lobby, *scopes: str, branch_id: str = HERE) -> Caller:
    """One more program."""
    return lobby.house.works.run(
        lambda work, _: program(work, lobby, branch_id, frozenset(scopes), "another"), None, system(branch_id)
    )


def booking(lobby: Lobby, booking_id: str = "B1", **more: Any) -> dict[str, Any]:
    sold = {"product": "w-1", "product_line": "wealth", "amount_minor": 100_000, "currency": "CNY"}
    when = to_wire(lobby.house.clock.now())
    return {"booking_id": booking_id, "customer_no": "C1", **sold, "booked_at": when, **more}


# ---- Tokens and scopes --------------------------------------------------------------------------------------------


def test_a_program_does_what_its_scopes_say_and_nothing_else(lobby: Lobby, callers: Callers) -> None:
    reader = another(lobby, "events")
    assert reader.get("/events").status_code == 200
    assert refusal(reader.post("/bookings", booking(lobby))) == (403, "not_allowed")
    assert refusal(reader.put_file("/head-office/products", b"{}")) == (403, "not_allowed")
    for path in ("/lobby", "/referrals", "/audit", "/me"):
        assert refusal(callers.program.get(path)) == (403, "not_allowed")


def test_a_program_that_was_shut_out_is_nobody_at_once(lobby: Lobby, callers: Callers) -> None:
    lobby.house.works.run(revoke_client, "core", system(HERE))
    assert refusal(callers.program.get("/events")) == (401, "token")
    assert refusal(
        Caller(callers.program.http, callers.program.contract, proof={"Authorization": "Bearer blc_x"}).get("/events")
    ) == (401, "token")


# ---- Bookings -----------------------------------------------------------------------------------------------------


def test_core_banking_reports_what_a_referral_brought_about_once(lobby: Lobby, callers: Callers) -> None:
    logged = told(callers.teller.post("/referrals", words(visit_of(lobby, callers))))["referral"]
    body, key = booking(lobby), new_key()
    won = callers.program.post("/bookings", body, key=key)
    assert told(won) == {"booking_id": "B1", "referral": {"id": logged["id"], "state": "won"}}
    assert callers.program.post("/bookings", body, key=key).headers["Idempotent-Replayed"] == "true"
    assert told(callers.program.post("/bookings", body)) == told(won)
    assert refusal(callers.program.post("/bookings", {**body, "amount_minor": 1})) == (409, "booking_differs")
    undone = booking(lobby, "B2", reverses="B1")
    assert told(callers.program.post("/bookings", undone))["referral"]["state"] == "reversed"


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"amount_minor": 0}, (422, "invalid_fields")),
        ({"amount_minor": 1.5}, (422, "invalid_fields")),
        ({"currency": "RMB￥"}, (422, "invalid_fields")),
        ({"booked_at": "2026-11-23T10:00:00"}, (422, "invalid_fields")),
        ({"booked_at": "2126-11-23T10:00:00Z"}, (422, "booked_later")),
        ({"reverses": "B9"}, (404, "booking")),
        ({"branch_id": "0002"}, (422, "invalid_fields")),
    ],
)
def test_a_booking_that_cannot_be_is_refused(
    lobby: Lobby, callers: Callers, changes: dict[str, Any], answer: tuple[int, str]
) -> None:
    assert refusal(callers.program.post("/bookings", booking(lobby, **changes))) == answer


def test_another_branchs_program_wins_nothing_here(lobby: Lobby, callers: Callers) -> None:
    callers.teller.post("/referrals", words(visit_of(lobby, callers)))
    foreign = another(lobby, "bookings", branch_id=ELSEWHERE)
    assert told(foreign.post("/bookings", booking(lobby)))["referral"] is None
    (mine,) = told(callers.head.get("/referrals"))["referrals"]
    assert mine["state"] == "offered"


# ---- Files and events ---------------------------------------------------------------------------------------------


def test_a_program_brings_a_file_like_the_command_does(lobby: Lobby, callers: Callers) -> None:
    file = feeds.file_of({"customer_no": "C1", "staff_no": "R001"}, feed="portfolios")
    assert told(callers.program.put_file("/head-office/portfolios", file))["added"] == 1
    assert told(callers.program.put_file("/head-office/portfolios", file))["is_known"]
    assert refusal(callers.program.put_file("/head-office/secrets", file)) == (404, "feed")


def test_a_hint_says_which_feed_is_to_be_asked_for(lobby: Lobby, callers: Callers) -> None:
    key = new_key()
    for _ in range(2):
        assert callers.program.post("/head-office/customers/hint", key=key).status_code == 204
    assert refusal(callers.program.post("/head-office/secrets/hint")) == (404, "feed")
    assert refusal(another(lobby, "bookings").post("/head-office/customers/hint")) == (403, "not_allowed")
    with lobby.house.database.read() as db:
        assert hinted(db) == {"customers"}
        assert [deed for deed, _ in audit_rows(lobby.house)].count("hint_feed") == 1


def test_head_office_reads_every_event_once_however_small_the_page(lobby: Lobby, callers: Callers) -> None:
    callers.teller.post("/referrals", words(visit_of(lobby, callers)))
    whole = told(callers.program.get("/events?limit=500"))
    read, after = [], 0
    while after < whole["seq"]:
        page = told(callers.program.get(f"/events?after={after}&limit=2&epoch={whole['epoch']}"))
        read += page["events"]
        after = page["after"]
    assert read == whole["events"] and {"visit.arrived", "referral.created"} <= {each["type"] for each in read}
    assert WANG.name not in str(read)
    assert told(callers.program.get(f"/events?after={after}"))["events"] == []


def test_a_restored_branch_is_another_history_for_head_office(lobby: Lobby, callers: Callers) -> None:
    told(callers.program.get("/events"))
    assert refusal(callers.program.get("/events?after=9999")) == (409, "epoch_changed")
    lobby.house.database.run(lambda db: event_log.begin_epoch(db, HERE, make.new_id()))
    assert refusal(callers.program.get("/events?epoch=old")) == (409, "epoch_changed")
    assert refusal(callers.program.get("/events?after=-1")) == (422, "invalid_fields")


def test_each_program_hears_its_own_branch_only(lobby: Lobby, callers: Callers) -> None:
    callers.teller.post("/referrals", words(visit_of(lobby, callers)))
    foreign = told(another(lobby, "events", branch_id=ELSEWHERE).get("/events"))
    assert "visit.arrived" not in {each["type"] for each in foreign["events"]}


# ---- At the console -----------------------------------------------------------------------------------------------


def test_a_program_is_let_in_and_shut_out_at_the_console(console: Console) -> None:
    adding = ["keys", "add-client", "core", "--branch", "0001", "--scope", "bookings", "--scope", "events"]
    token = console.run(*adding).said.strip()
    assert token.startswith("blc_") and len(token) > 40
    assert token.encode() not in (console.folder / "lobby.sqlite3").read_bytes()
    assert "client_known" in console.refuses(*adding)
    assert console.run("keys", "list-clients", "--branch", "0001").said == "core  in force  bookings events\n"
    assert "client" in console.refuses("keys", "revoke-client", "core", "--branch", "0002")
    assert console.run("keys", "revoke-client", "core", "--branch", "0001").said == "revoked\n"
    assert "revoked" in console.run("keys", "list-clients", "--branch", "0001").said
    # The name may be given anew, and is another program then.
    assert console.run(*adding).said.strip() != token
    assert "branch" in console.refuses("keys", "add-client", "x", "--branch", "9999", "--scope", "feeds")
    assert console.run("keys", "add-client", "x", "--branch", "0001", "--scope", "all").exit_code == 2
