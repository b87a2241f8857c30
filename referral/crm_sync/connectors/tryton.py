"""Tryton 8.2 with the module of `deploy/tryton`: JSON-RPC over HTTP, errors inside bodies that say 200.

Tryton decides `won` and `converted` by its own sales, so our state stands in a field beside its own; only what ends
without a sale is also ended there: lost and expired become `lost`, withdrawn and duplicate become `cancelled`.
Source: trytond 8.2, protocols/dispatcher.py and protocols/jsonrpc.py; sale_opportunity 8.2, opportunity.py.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from lobby_server.kernel.outward import Heard, Place
from referral.crm_sync.port import Capabilities, Connector, OneByOne, Trouble, asked, judged
from referral.crm_sync.rules import Digest, Party, Record, Remote, Span, Verdict

CREATE_TRIES = 3  # of a party, where somebody else took its code at the same moment
PAGE = 200  # records in one answer of `pull`: far below what an answer may weigh
LANGUAGE = "en"  # of messages, none of which is read

OPPORTUNITY, PARTY = "model.sale.opportunity", "model.party.party"
# Our fields and theirs. `customer` is the opportunity's party.
THEIRS: Mapping[str, str] = {
    "external_id": "external_id",
    "version": "external_version",
    "epoch": "external_epoch",
    "branch": "external_branch",
    "day": "external_day",
    "state": "external_state",
    "product_line": "external_line",
    "need": "external_need",
    "referrer": "external_referrer",
    "receiver": "external_receiver",
    "amount_minor": "external_amount",
    "currency": "external_currency",
    "booking_id": "external_booking",
}
READ = ["id", "state", "party.external_id", *THEIRS.values()]
ENDS: Mapping[str, str] = {"lost": "lost", "expired": "lost", "withdrawn": "cancelled", "duplicate": "cancelled"}
DEEDS: Mapping[str, str] = {"lost": "lost", "cancelled": "cancel"}
OPEN = ("lead", "opportunity")

# The first word of an error says its kind; what follows is for people, in whatever language they read.
KINDS: Mapping[str, Verdict] = {
    "UserError": Verdict.PERMANENT,
    "UserWarning": Verdict.PERMANENT,
    "ConcurrencyException": Verdict.STALE,
    "LoginException": Verdict.UNAUTHORISED,
    "RateLimitException": Verdict.RETRY,
}
OLDER = "branch_lobby.older"  # our own module's word for a record that would be turned back


class Tryton(OneByOne):
    """One Tryton database, signed in to as one user."""

    capabilities = Capabilities(
        is_unique=True, checks_version=True, keeps=frozenset(each.name for each in fields(Record))
    )

    def __init__(self, place: Place, database: str, login: str, password: str) -> None:
        self._place: Place = place
        self._path = f"/{database}/rpc/"
        self._login, self._password = login, password
        self._lock, self._making = threading.Lock(), threading.Lock()
        self._session = ""
        self._context: dict[str, Any] = {}

    def health(self) -> None:
        """Sign in anew."""
        with self._lock:
            self._sign_in()

    def upsert_party(self, party: Party, key: str) -> str:
        """By our number for the customer. Two that make it at once: the second is refused and finds the first's."""
        told = {"name": f"{party.masked_name} {party.number}", "external_id": party.external_id}
        found = self._parties(party.external_id)
        if not found:
            return self._made(party.external_id, told)
        self._call(f"{PARTY}.write", found, told)
        return str(found[0])

    def upsert_referral(self, record: Record, remote_id: str | None, party_id: str | None, key: str) -> None:
        """Write our fields; the rest is theirs."""
        told = asdict(record)
        values = {theirs: told[ours] for ours, theirs in THEIRS.items()}
        values |= {"external_amount": _text(record.amount_minor), "party": int(party_id) if party_id else None}
        values |= {"reference": record.booking_id, "description": record.need}
        if remote_id is None:
            self._call(f"{OPPORTUNITY}.create", [values])
            return
        # A write to a record that is gone would be an error like any other: ask first. What somebody has closed there
        # takes no other party or words any more.
        found = self._call(f"{OPPORTUNITY}.search_read", [["id", "=", int(remote_id)]], 0, 1, None, ["state"])
        if not found:
            raise Trouble(Verdict.GONE, "unknown")
        if found[0]["state"] not in OPEN:
            del values["party"], values["description"]
        self._call(f"{OPPORTUNITY}.write", [int(remote_id)], values)

    def transition(self, record: Record, remote: Remote) -> None:
        """End it there, where it ended here without a sale."""
        target = ENDS.get(record.state)
        if target is None:
            return
        where = [["id", "=", int(remote.remote_id)], ["state", "in", OPEN]]
        if self._call(f"{OPPORTUNITY}.search", where, 0, 1, None):
            self._call(f"{OPPORTUNITY}.{DEEDS[target]}", [int(remote.remote_id)])

    def find(self, external_id: str) -> list[Remote]:
        """By our id, which is unique there."""
        return self._read([["external_id", "=", external_id]])

    def retire(self, remote: Remote, kept: Remote) -> None:
        """It never happens: the second is refused. Someone who took the rule away gets it cancelled and unnamed."""
        gone = {"external_id": None, "external_branch": None}
        self._call(f"{OPPORTUNITY}.write", [int(remote.remote_id)], gone)
        if self._call(f"{OPPORTUNITY}.search", [["id", "=", int(remote.remote_id)], ["state", "in", OPEN]], 0, 1, None):
            self._call(f"{OPPORTUNITY}.cancel", [int(remote.remote_id)])

    def digest(self, span: Span) -> Digest:
        """Computed there."""
        n, sha256 = self._call(f"{OPPORTUNITY}.external_digest", *_bounds(span))
        return Digest(int(n), str(sha256))

    def pull(self, span: Span) -> list[Remote]:
        """Page by page."""
        branch, first, last, after, up_to = _bounds(span)
        where = [
            ["external_branch", "=", branch],
            ["external_day", ">=", first],
            ["external_day", "<=", last],
            ["external_id", ">", after],
            ["external_id", "<=", up_to],
        ]
        return self._read(where)

    def _made(self, external_id: str, told: Mapping[str, Any]) -> str:
        """A new party. Tryton gives it the next code of a sequence, and two at once the same, of which it refuses one:
        so this process makes one at a time, and asks again where another process was in the way.
        """
        with self._making:
            for tries_left in reversed(range(CREATE_TRIES)):
                try:
                    return str(self._call(f"{PARTY}.create", [told])[0])
                except Trouble as refused:
                    found = self._parties(external_id) if refused.verdict is Verdict.PERMANENT else []
                    if found:
                        return str(found[0])
                    if refused.verdict is not Verdict.PERMANENT or not tries_left:
                        raise
        raise AssertionError("the last try answers or raises")

    # ---- Wire -----------------------------------------------------------------------------------------------------

    def _parties(self, external_id: str) -> list[int]:
        found: list[int] = self._call(f"{PARTY}.search", [["external_id", "=", external_id]], 0, None, [["id", "ASC"]])
        return found

    def _read(self, where: list[Any]) -> list[Remote]:
        rows: list[dict[str, Any]] = []
        while True:
            page = self._call(f"{OPPORTUNITY}.search_read", where, len(rows), PAGE, [["id", "ASC"]], READ)
            rows += page
            if len(page) < PAGE:
                return [_remote(row) for row in rows]

    def _call(self, method: str, *params: Any) -> Any:
        with self._lock:
            if not self._session:
                self._sign_in()
            session, context = self._session, self._context
        heard = self._ask(method, [*params, context], {"Authorization": f"Session {session}"})
        if heard.http_code == 401:
            # Sessions end by themselves: sign in once more, and believe a second refusal.
            with self._lock:
                if self._session == session:
                    self._sign_in()
                session = self._session
            heard = self._ask(method, [*params, context], {"Authorization": f"Session {session}"})
        return _result(heard)

    def _sign_in(self) -> None:
        self._session = ""
        heard = self._ask("common.db.login", [self._login, {"password": self._password}, LANGUAGE], {})
        told = _result(heard)
        if not isinstance(told, list) or len(told) < 2:
            raise Trouble(Verdict.UNAUTHORISED, "sign_in")
        name = f"{self._login}:{told[0]}:{told[1]}"
        session = base64.b64encode(name.encode()).decode()
        heard = self._ask("model.res.user.get_preferences", [True, {}], {"Authorization": f"Session {session}"})
        preferences = _result(heard)
        self._context = {"company": preferences.get("company"), "language": LANGUAGE}
        self._session = session

    def _ask(self, method: str, params: list[Any], headers: Mapping[str, str]) -> Heard:
        body = json.dumps({"id": 0, "method": method, "params": params}).encode()
        return asked(self._place, "POST", self._path, {**headers, "Content-Type": "application/json"}, body)


def _result(heard: Heard) -> Any:
    """What an answer holds; an error in its body is raised by its kind. The deed was rolled back then."""
    judged(heard)
    try:
        told = json.loads(heard.body)
    except ValueError as error:
        raise Trouble(Verdict.AMBIGUOUS, "not_json") from error
    if not isinstance(told, dict) or not ({"result", "error"} & told.keys()):
        raise Trouble(Verdict.AMBIGUOUS, "not_json_rpc")
    if "error" not in told:
        return told["result"]
    kind = told["error"][0] if isinstance(told["error"], list) and told["error"] else ""
    if kind not in KINDS:
        raise Trouble(Verdict.RETRY, "server_error")
    if kind == "UserError" and OLDER in json.dumps(told["error"][1:]):
        raise Trouble(Verdict.STALE, OLDER)
    raise Trouble(KINDS[kind], str(kind))


def _remote(row: Mapping[str, Any]) -> Remote:
    told = {ours: row[theirs] for ours, theirs in THEIRS.items()}
    amount = told["amount_minor"]
    told["amount_minor"] = int(amount) if amount else None
    told["customer"] = (row.get("party.") or {}).get("external_id")
    return Remote(str(row["id"]), told)


def _bounds(span: Span) -> tuple[str, str, str, str, str]:
    return span.branch, span.first_day.isoformat(), span.last_day.isoformat(), span.after, span.up_to


def _text(amount_minor: int | None) -> str | None:
    return None if amount_minor is None else str(amount_minor)


def connect(told: Mapping[str, Any], secret: str) -> Connector:
    """`address`, `database`, `login`, and `allowed`: the bank's own networks that it may lie in."""
    missing = [each for each in ("address", "database", "login") if not isinstance(told.get(each), str)]
    if missing or not secret:
        raise ValueError(f"tryton: expected {', '.join(missing) or 'a password in the file of secrets'}")
    return Tryton(Place(told["address"], told.get("allowed", ())), told["database"], told["login"], secret)
