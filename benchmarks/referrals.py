"""What a referral and a posting cost beside a bare durable insert, in one run and on one disk.

    python -m benchmarks.referrals [COUNT]

Bare: one row, one commit, as durable as ours (SQLite, WAL, synchronous=FULL). Referrals: one logged and offered, from
the action to the commit, from one thread and from eight at once, who share commits; then from eight tellers' HTTP
requests to the answers, which come after the commit, of a server in a process of its own. Ledger: one booking
credited to two people under a plan. Each beside bare as a ratio, which is what can be compared between machines.
"""

from __future__ import annotations

import http.client
import json
import sqlite3
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.contestants import started
from lobby_server.admin.credential import living_code
from lobby_server.admin.furnish import furnish, played_kiosk
from lobby_server.app import build_house
from lobby_server.identification.actions import examine
from lobby_server.kernel.actor import Actor, system
from lobby_server.kernel.house import House
from lobby_server.kernel.privacy import load_keyring
from lobby_server.kernel.settings import Settings
from lobby_server.kernel.work import Work
from lobby_server.migrations import migrate
from lobby_server.staff import store as staff
from lobby_server.staff.actions import AddStaff, add_staff, sign_in
from lobby_server.visits.actions import Arrive, arrive
from referral.incentives import store as ledger
from referral.incentives.actions import accrue
from referral.incentives.actions.plans import ApprovePlan, approve_plan, propose_plan
from referral.incentives.rules import RECEIVER, REFERRER, Credited, Win
from referral.lifecycle.actions import LogReferral, log_referral
from tests.servers import free_port

BRANCH, AT_ONCE = "0001", 8
PLAN = {
    "version": 1,
    "currency": "CNY",
    "lines": {
        "card": {
            "money": {"scheme": "flat", "terms": {"amount_minor": 10_001, "base_minor_min": 100}},
            "points": None,
            "split": {"referrer": 400_000, "receiver": 600_000},
        }
    },
    "cap_minor": None,
    "hold_back": {"ppm": 400_000, "months": [12, 24, 36]},
    "clawback": [{"days": 30, "ppm": 1_000_000}],
}


def rate(count: int, deed: Callable[[int], object], at_once: int = 1) -> float:
    """Deeds a second."""
    began = time.perf_counter()
    with ThreadPoolExecutor(at_once) as threads:
        list(threads.map(deed, range(count)))
    return count / (time.perf_counter() - began)


def bare(folder: Path, count: int) -> float:
    """Durable inserts a second, nothing else."""
    db = sqlite3.connect(folder / "bare.sqlite3", isolation_level=None, check_same_thread=False)
    assert db.execute("PRAGMA journal_mode=WAL").fetchone() == ("wal",)
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")
    found = rate(count, lambda n: db.execute("INSERT INTO row VALUES (?, ?)", (n, "x" * 300)))
    db.close()
    return found


def colleague(house: House, staff_no: str) -> Actor:
    """Somebody of the furnished branch."""
    with house.database.read() as db:
        found = staff.find(db, house.keys, BRANCH, staff_no)
    assert found is not None
    who = found[0]
    return Actor("staff", who.id, BRANCH, frozenset(who.roles), who.staff_no, who.name)


def visit_of(house: House) -> str:
    """A known customer stands in the hall."""
    seen = examine(house, "qr", living_code(house, BRANCH, customer_no="C1001").text, BRANCH)
    request = Arrive(house.ids.new_id(), seen, "zh-CN", 1, keeps_hours=False)
    return house.works.run(arrive, request, played_kiosk(house)).visit.id


def referrals(house: House, count: int, at_once: int, line: str) -> float:
    """Referrals a second from the action to the commit; each of another product line of one visit."""
    visit_id, teller = visit_of(house), colleague(house, "T001")

    def log(n: int) -> None:
        request = LogReferral(visit_id, f"{line}-{n}", None, "idle", "refer_internal", "1", "counter")
        house.works.run(log_referral, request, teller)

    return rate(count, log, at_once)


def over_http(settings: Settings, house: House, count: int) -> float:
    """Referrals a second that eight tellers log at once, each over a connection that stays; every answer is counted."""
    visit_id = visit_of(house)
    tellers = [house.works.run(_let_in, f"B{ordinal:03}", system(BRANCH)) for ordinal in range(AT_ONCE)]
    house.database.close()
    port, folder = free_port(), settings.data_dir
    command = [sys.executable, "-m", "lobby_server", "serve", "--port", str(port), "--data-dir", str(folder)]
    with started(command, {}, folder, port):
        found = rate(AT_ONCE, lambda n: _log_over_http(port, *tellers[n], visit_id, n, count // AT_ONCE), AT_ONCE)
    return found * (count // AT_ONCE)


def _let_in(work: Work, staff_no: str) -> tuple[str, str]:
    """A teller at work: cookie and token against forgery."""
    add_staff(work, AddStaff(BRANCH, staff_no, "高远", ("teller",), "no password matches this"))
    found = staff.find(work.db, work.keys, BRANCH, staff_no)
    assert found is not None
    signed_in, cookie = sign_in(work, found[0])
    return cookie, signed_in.csrf


def _log_over_http(port: int, cookie: str, csrf: str, visit_id: str, teller: int, count: int) -> None:
    consent = {"purpose": "refer_internal", "wording_version": "1", "channel": "counter"}
    proof = {"Cookie": f"lobby={cookie}", "X-CSRF-Token": csrf, "Content-Type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for n in range(count):
        body = json.dumps({"visit_id": visit_id, "product_line": f"h-{teller}-{n}", "consent": consent})
        connection.request("POST", "/api/v1/referrals", body, {**proof, "Idempotency-Key": str(uuid.uuid4())})
        answer = connection.getresponse()
        assert answer.status == 201, answer.read()
        answer.read()
    connection.close()


def postings(house: House, count: int) -> float:
    """Bookings a second credited to two people."""
    now = house.clock.now()
    row = house.works.run(propose_plan, {**PLAN, "starts_on": now.date().replace(day=1).isoformat()}, system(BRANCH))
    house.works.run(approve_plan, ApprovePlan(row.version, row.sha256), colleague(house, "H001"))
    pair = ((colleague(house, "T001"), REFERRER), (colleague(house, "R001"), RECEIVER))
    people = tuple(Credited(who.id, part, who.roles, now) for who, part in pair)

    def credit(n: int) -> None:
        win = Win(BRANCH, f"B{n}", house.ids.new_id(), "card-1", "card", 1_000_000, "CNY", now, people)
        house.works.run(accrue, win, system(BRANCH))

    found = rate(count, credit)
    with house.database.read() as db:
        assert ledger.balances(db, BRANCH), "nothing was posted: the plan is not in force"
    return found


def main() -> None:
    """One line each."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = Settings(data_dir=folder, demo_password="none needed here")
        load_keyring(settings.secrets, make=True)
        migrate(settings.database)
        house = build_house(settings)
        furnish(house, "no password matches this")
        least = bare(folder, count)
        print(f"bare insert: {least:.0f}/s")
        for says, found in (
            ("referrals, one at a time", referrals(house, count, 1, "a")),
            (f"referrals, {AT_ONCE} at once", referrals(house, count, AT_ONCE, "b")),
            ("ledger, bookings credited", postings(house, count)),
        ):
            print(f"{says}: {found:.0f}/s, {found / least:.2f} of bare")
        found = over_http(settings, house, count)
        print(f"referrals over HTTP, {AT_ONCE} at once: {found:.0f}/s, {found / least:.2f} of bare")


if __name__ == "__main__":
    main()
