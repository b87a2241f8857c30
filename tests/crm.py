"""A REST CRM with a choice of bad habits, and a connector that loses what goes through it."""

from __future__ import annotations

import contextlib
import json
import random
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import sqlalchemy as sa

from lobby_server.kernel.actor import system
from lobby_server.kernel.house import House
from lobby_server.kernel.outward import BACK_OFF_S_MAX
from referral.crm_sync import store
from referral.crm_sync.connectors.simulated import Simulated
from referral.crm_sync.courier import Courier
from referral.crm_sync.port import Connector, Trouble
from referral.crm_sync.rules import Party, Record, Verdict
from referral.crm_sync.tables import outbox
from referral.lifecycle.actions import Contact, LogReferral, WithReason, accept, contact, log_referral, lose, withdraw
from referral.lifecycle.actions.bookings import TakeBooking, take_booking
from referral.lifecycle.rules import Booking, Referral
from referral.lifecycle.tables import referral
from tests import make
from tests.answering import Desk, answering
from tests.make import HERE, LI, WANG, Cast

TOKEN = "blt-let-me-in"
LEAD = re.compile(r"/leads/(\d+)")
CONTACT = re.compile(r"/contacts/(\d+)")
PAGE = 5
CLOSED = ("won", "lost", "expired", "withdrawn", "duplicate", "reversed")

MAPPING: dict[str, Any] = {
    "headers": {"X-Api-Key": "{secret}"},
    "idempotency": "Idempotency-Key",
    "health": "/ping",
    "error": "error.code",
    "errors": {"busy": "retry", "no_such_record": "gone"},
    "party": {
        "create": "POST /contacts",
        "update": "PUT /contacts/{id}",
        "lists": ["/contacts?ext={external_id}"],
        "items": "items",
        "id": "no",
        "fields": {"external_id": "ext", "number": "number", "masked_name": "display.name"},
    },
    "referral": {
        "create": "POST /leads",
        "update": "PATCH /leads/{id}",
        "retire": "DELETE /leads/{id}",
        "lists": ["/leads?ext={external_id}", "/closed-leads?ext={external_id}"],
        "spans": [
            "/leads?branch={branch}&from={first_day}&to={last_day}&offset={offset}",
            "/closed-leads?branch={branch}&from={first_day}&to={last_day}&offset={offset}",
        ],
        "page_size": PAGE,
        "items": "items",
        "id": "no",
        "created_id": "no",
        "party": "contact",
        "fields": {
            "external_id": "ext",
            "version": "custom[name=version].value",
            "epoch": "custom[name=epoch].value",
            "branch": "branch",
            "day": "day",
            "state": "stage",
            "product_line": "custom[name=line].value",
            "amount_minor": "amount",
            "currency": "currency",
        },
        "values": {"state": {"created": "NEW", "won": "CLOSED_WON", "lost": "CLOSED_LOST"}},
    },
}


@dataclass
class Habits:
    """What a CRM does badly. `drops` is a field that it takes with a 200 and does not keep."""

    returns_id: bool = True
    heeds_keys: bool = True
    drops: str = ""
    message: str = "没有找到"
    loses_answers: float = 0.0


@dataclass
class Crm:
    """A CRM in memory, behind HTTP. Open and closed leads stand in different lists; a bad token is a 403."""

    habits: Habits = field(default_factory=Habits)
    leads: dict[int, dict[str, Any]] = field(default_factory=dict)
    contacts: dict[int, dict[str, Any]] = field(default_factory=dict)
    answered: dict[str, Any] = field(default_factory=dict)
    port: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _dice: random.Random = field(default_factory=lambda: random.Random(7), repr=False)

    @property
    def mapping(self) -> dict[str, Any]:
        """How Branch Lobby is told to speak with it."""
        referral = dict(MAPPING["referral"])
        if not self.habits.returns_id:
            del referral["created_id"]
        told = {**MAPPING, "referral": referral, "address": f"http://127.0.0.1:{self.port}"}
        return {**told, "allowed": ["127.0.0.0/8"]}

    def answer(self, method: str, target: str, key: str | None, body: Any) -> tuple[int, Any]:
        """One exchange."""
        with self._lock:
            if self.habits.heeds_keys and key and key in self.answered and method == "POST":
                return 200, self.answered[key]
            code, told = self._done(method, urlsplit(target).path, parse_qs(urlsplit(target).query), body)
            if key:
                self.answered[key] = told
            return code, told

    def loses_this(self) -> bool:
        """Whether this answer gets lost on its way."""
        with self._lock:
            return self._dice.random() < self.habits.loses_answers

    def _done(self, method: str, path: str, asked: Mapping[str, list[str]], body: Any) -> tuple[int, Any]:
        lead, contact = LEAD.fullmatch(path), CONTACT.fullmatch(path)
        if path == "/ping":
            return 200, {}
        if path == "/contacts" and method == "GET":
            return 200, {"items": [row for row in self.contacts.values() if row["ext"] == asked["ext"][0]]}
        if path in ("/leads", "/closed-leads") and method == "GET":
            return 200, {"items": self._listed(is_closed=path == "/closed-leads", asked=asked)}
        if path == "/contacts" and method == "POST":
            return 201, self._new(self.contacts, body)
        if path == "/leads" and method == "POST":
            return 201, self._new(self.leads, body)
        shelf, found = (self.leads, lead) if lead else (self.contacts, contact)
        if found is None or int(found[1]) not in shelf:
            # An error in a body that says 200, as some do.
            return 200, {"error": {"code": "no_such_record", "message": self.habits.message}}
        if method == "DELETE":
            del shelf[int(found[1])]
            return 204, None
        shelf[int(found[1])] |= self._kept(body)
        return 200, {"no": int(found[1])}

    def _new(self, shelf: dict[int, dict[str, Any]], body: Any) -> dict[str, Any]:
        number = max(shelf, default=0) + 1
        shelf[number] = {**self._kept(body), "no": number}
        return {"no": number} if self.habits.returns_id else {}

    def _kept(self, body: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in body.items() if name != self.habits.drops}

    def _listed(self, *, is_closed: bool, asked: Mapping[str, list[str]]) -> list[dict[str, Any]]:
        rows = [row for _no, row in sorted(self.leads.items()) if _is_closed(row) == is_closed]
        if "ext" in asked:
            return [row for row in rows if row.get("ext") == asked["ext"][0]]
        first, last = asked["from"][0], asked["to"][0]
        rows = [row for row in rows if row["branch"] == asked["branch"][0] and first <= row["day"] <= last]
        at = int(asked["offset"][0])
        return rows[at : at + PAGE]


def _is_closed(row: Mapping[str, Any]) -> bool:
    return str(row["stage"]).removeprefix("CLOSED_").lower() in CLOSED


@contextlib.contextmanager
def crm_server(habits: Habits | None = None) -> Iterator[Crm]:
    """A CRM on a free port of this machine, in a thread."""
    crm = Crm(habits or Habits())

    class Leads(Desk):
        protocol_version = "HTTP/1.1"

        def _do(self) -> None:
            sent = self.body()
            if self.headers.get("X-Api-Key") != TOKEN:
                code, told = 403, {"message": "禁止访问"}
            else:
                key, body = self.headers.get("Idempotency-Key"), json.loads(sent) if sent else None
                code, told = crm.answer(self.command, self.path, key, body)
            if crm.loses_this():
                self.close_connection = True
                self.connection.close()
                return
            self.answer(code, b"" if code == 204 else json.dumps(told).encode(), Content_Type="application/json")

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _do  # noqa: N815  # names that the library calls

    with answering(Leads) as crm.port:
        yield crm


class Chaos:
    """A connector whose questions or answers get lost, by the dice: half before it was done, half after."""

    def __init__(self, inside: Connector, dice: random.Random, share: float) -> None:
        self.capabilities = inside.capabilities
        self._inside, self._dice, self._share = inside, dice, share
        self._lock = threading.Lock()
        self.lost = 0

    def __getattr__(self, name: str) -> Any:
        deed = getattr(self._inside, name)

        def maybe(*given: Any) -> Any:
            with self._lock:
                is_lost, is_before = self._dice.random() < self._share, self._dice.random() < 0.5
                self.lost += is_lost
            if is_lost and is_before:
                raise Trouble(Verdict.RETRY, "lost_question")
            answer = deed(*given)
            if is_lost:
                raise Trouble(Verdict.AMBIGUOUS, "lost_answer")
            return answer

        return maybe


# ---- Something to tell --------------------------------------------------------------------------------------------

AMOUNT_MINOR = 5_000_000
LINES = ("deposit", "card", "wealth", "loan")


def visits_of(house: House, cast: Cast) -> dict[str, str]:
    """王 and 李 stand in the hall: their visits by customer number."""
    return {each.customer_no: make.arrival(house, cast.kiosk, make.seen(house, each)).visit.id for each in (WANG, LI)}


def log_all(house: House, cast: Cast, visits: Mapping[str, str]) -> list[tuple[str, Referral]]:
    """A referral for both customers and every product line, with the customer's number."""
    return [
        (number, house.works.run(log_referral, heard(visit_id, line), cast.zhou))
        for number, visit_id in visits.items()
        for line in LINES
    ]


def heard(visit_id: str, line: str) -> LogReferral:
    """A need that a teller heard, with the customer's consent."""
    return LogReferral(visit_id, line, "idle_money", "下个月有定期到期", "refer_internal", "2026-03", "counter")


def go_on(house: House, cast: Cast, logged: list[tuple[str, Referral]]) -> None:
    """Each takes another way: won, lost, withdrawn, reversed, still open."""
    run, me = house.works.run, cast.wu
    for at, (customer_no, of) in enumerate(logged):
        run(accept, of.id, me)
        run(contact, Contact(of.id, "lobby"), me)
        if at % 4 == 1:
            run(lose, WithReason(of.id, "not_interested"), me)
        elif at % 4 == 2:
            run(withdraw, of.id, cast.zhou)
        elif at % 4 == 3:
            book(house, customer_no, of.product_line, f"B-{at}")
            if at > 4:
                book(house, customer_no, of.product_line, f"R-{at}", reverses=f"B-{at}")


def book(house: House, customer_no: str, line: str, booking_id: str, reverses: str | None = None) -> None:
    """Head office booked it, or took it back."""
    told = Booking(booking_id, HERE, f"{line}-1", line, AMOUNT_MINOR, "CNY", house.clock.now(), reverses=reverses)
    house.works.run(take_booking, TakeBooking(told, customer_no), system(HERE))


def expected(house: House) -> dict[str, dict[str, Any]]:
    """What head office must hold of every referral, told by the referrals themselves."""
    with house.database.read() as db:
        rows = list(db.execute(sa.select(referral)))
        epoch = store.epochs(db)[HERE]
    return {row.id: _as_told(row, epoch) for row in rows}


def _as_told(row: sa.Row[Any], epoch: int) -> dict[str, Any]:
    is_withdrawn, is_booked = row.state == "withdrawn", row.booking_id is not None
    return {
        "external_id": row.id,
        "version": row.step_count,
        "epoch": epoch,
        "branch": HERE,
        "day": row.created_at.date().isoformat(),
        "state": row.state,
        "product_line": row.product_line,
        "need": None if is_withdrawn else row.need,
        "customer": None if is_withdrawn else row.customer_id,
        "referrer": "T001",
        "receiver": "R001" if row.accepted_at else None,
        "amount_minor": AMOUNT_MINOR if is_booked else None,
        "currency": "CNY" if is_booked else None,
        "booking_id": row.booking_id,
    }


def drain(house: House, courier: Courier, rounds: int = 60) -> None:
    """Let the courier work until nothing is left; between two rounds five minutes go by."""
    for _ in range(rounds):
        courier.drain()
        with house.database.read() as db:
            if store.backlog(db, HERE)[0] == 0:
                return
        make.advance(house, BACK_OFF_S_MAX + 1)
    raise AssertionError("the outbox does not get empty")


class Refusing(Simulated):
    """A CRM that refuses, delays or answers as it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.trouble: Callable[[Record], Trouble | None] = lambda _record: None
        self.is_shut = False
        self.told: list[str] = []
        self.parties_told: list[Party] = []

    def health(self) -> None:
        if self.is_shut:
            raise Trouble(Verdict.UNAUTHORISED, "http_403")

    def upsert_party(self, party: Party, key: str) -> str:
        self.parties_told.append(party)
        return super().upsert_party(party, key)

    def upsert_referral(self, record: Record, remote_id: str | None, party_id: str | None, key: str) -> None:
        trouble = self.trouble(record) or (Trouble(Verdict.UNAUTHORISED, "http_403") if self.is_shut else None)
        if trouble is not None:
            raise trouble
        super().upsert_referral(record, remote_id, party_id, key)
        self.told.append(f"{record.external_id}/{record.version}")


def rows(house: House, of: str | None = None) -> list[sa.Row[Any]]:
    """The outbox, or what it holds of one referral, in order."""
    asked = sa.select(outbox).order_by(outbox.c.aggregate, outbox.c.seq)
    with house.database.read() as db:
        return list(db.execute(asked if of is None else asked.where(outbox.c.aggregate == of)))


def holds_the_same(house: House, crm: Simulated) -> bool:
    """Whether a simulated CRM holds every referral once and as it is."""
    held = {row["external_id"]: row for row in crm.records.values()}
    return len(held) == len(crm.records) and held == expected(house)
