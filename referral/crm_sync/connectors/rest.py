"""Any CRM with a REST interface, by a mapping alone: `docs/recipes/head-office.md` shows one line by line.

A path into a JSON value is written with dots; `custom[name=ext_id].value` means the member of a list whose `name` is
`ext_id`. What a mapping does not name is not sent and not expected back.
"""

from __future__ import annotations

import json
import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any
from urllib.parse import quote

from lobby_server.kernel.outward import Heard, Place
from referral.crm_sync.port import COMPARED, Capabilities, Connector, OneByOne, Trouble, asked, judged
from referral.crm_sync.rules import Digest, Party, Record, Remote, Span, Verdict, digest_of, line_of

PAGES_MAX = 10_000  # a list that never ends is a fault of the mapping
FIELDS = frozenset(each.name for each in fields(Record))
WHOLE = frozenset({"version", "epoch", "amount_minor"})
PARTY_FIELDS = frozenset(each.name for each in fields(Party))
METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE", "GET"})
_MEMBER = re.compile(r"(\w+)\[(\w+)=([\w.-]+)\]")


@dataclass(frozen=True)
class Exchange:
    """A verb and a path with `{id}`, `{external_id}` and the like to be filled in."""

    method: str
    path: str


@dataclass(frozen=True)
class Kind:
    """How one kind of record is made, changed, found and taken away. `keeps` are fields that come back.

    `lists` are asked for one record by `{external_id}`; `spans` for many, by `{branch}`, `{first_day}`, `{last_day}`,
    `{after}`, `{up_to}`, `{offset}` and `{page}`. `values` turns a field's value into theirs (a state's name).
    """

    create: Exchange
    update: Exchange
    retire: Exchange | None
    lists: tuple[str, ...]
    spans: tuple[str, ...]
    items: str
    id: str
    created_id: str
    fields: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]
    party: str
    page_size: int


class Rest(OneByOne):
    """One REST CRM by its mapping."""

    def __init__(self, place: Place, told: Mapping[str, Any], secret: str) -> None:
        self._place: Place = place
        self._headers = {name: str(text).replace("{secret}", secret) for name, text in told.get("headers", {}).items()}
        self._key_header = str(told.get("idempotency", ""))
        self._health = str(told.get("health", "/"))
        self._error = str(told.get("error", ""))
        self._errors = {code: Verdict(verdict) for code, verdict in told.get("errors", {}).items()}
        self._referral, self._party = _kind(told, "referral", FIELDS), _kind(told, "party", PARTY_FIELDS)
        lacking = COMPARED - self._referral.fields.keys()
        if lacking:
            raise ValueError(f"rest: [referral.fields] lacks {', '.join(sorted(lacking))}")
        self.capabilities = Capabilities(
            is_idempotent=bool(self._key_header),
            returns_id=bool(self._referral.created_id),
            keeps=frozenset(self._referral.fields),
        )

    def health(self) -> None:
        """Ask the address that the mapping names."""
        self._ask("GET", self._health)

    def upsert_party(self, party: Party, key: str) -> str:
        """Find, then change or make; the one that was made is found again where the answer does not name it."""
        told, kind = asdict(party), self._party
        found = sorted(self._rows(kind, party.external_id), key=lambda row: (len(_id(kind, row)), _id(kind, row)))
        if found:
            remote_id = _id(kind, found[0])
            self._send(kind.update, _written(kind, told, None), key, id=remote_id)
            for double in found[1:]:
                self._take_away(kind, _id(kind, double), key)
            return remote_id
        answer = self._send(kind.create, _written(kind, told, None), key)
        made = read_path(answer, kind.created_id) if kind.created_id else None
        if made is None:
            rows = self._rows(kind, party.external_id)
            made = _id(kind, rows[0]) if rows else None
        if made is None:
            raise Trouble(Verdict.AMBIGUOUS, "party_not_found_after_write")
        return str(made)

    def upsert_referral(self, record: Record, remote_id: str | None, party_id: str | None, key: str) -> None:
        """Make it or change it."""
        values = _written(self._referral, asdict(record), party_id)
        if remote_id is None:
            self._send(self._referral.create, values, key, external_id=record.external_id)
        else:
            self._send(self._referral.update, values, key, id=remote_id, external_id=record.external_id)

    def transition(self, record: Record, remote: Remote) -> None:
        """The state is a field."""

    def find(self, external_id: str) -> list[Remote]:
        """In every list that the mapping names."""
        return [self._remote(row) for row in self._rows(self._referral, external_id)]

    def retire(self, remote: Remote, kept: Remote) -> None:
        """Delete it, or take our id from it."""
        self._take_away(self._referral, remote.remote_id, f"retire-{remote.remote_id}")

    def digest(self, span: Span) -> Digest:
        """Computed here, from everything of the span."""
        return digest_of(line_of(each) for each in self.pull(span))

    def pull(self, span: Span) -> list[Remote]:
        """Page by page, from every list. What a list gives beyond the span is left out."""
        asked_for = {"branch": span.branch, "after": span.after, "up_to": span.up_to}
        asked_for |= {"first_day": span.first_day.isoformat(), "last_day": span.last_day.isoformat()}
        rows: list[Remote] = []
        for path in self._referral.spans:
            rows += (self._remote(row) for row in self._pages(self._referral, path, asked_for))
        return [each for each in rows if self._is_in(span, each)]

    # ---- Wire -----------------------------------------------------------------------------------------------------

    def _is_in(self, span: Span, remote: Remote) -> bool:
        told = {"branch": span.branch, "day": span.first_day.isoformat(), **remote.told}
        return span.holds(told)

    def _remote(self, row: Any) -> Remote:
        return Remote(_id(self._referral, row), _read(self._referral, row))

    def _rows(self, kind: Kind, external_id: str) -> list[Any]:
        """Every record with our id; a CRM that searches loosely gives more, which are left out."""
        found: dict[str, Any] = {}
        for path in kind.lists:
            for row in self._pages(kind, path, {"external_id": external_id}):
                if str(read_path(row, kind.fields["external_id"])) == external_id:
                    found[_id(kind, row)] = row
        return list(found.values())

    def _pages(self, kind: Kind, path: str, asked_for: Mapping[str, str]) -> list[Any]:
        rows: list[Any] = []
        is_paged = "{offset}" in path or "{page}" in path
        for page in range(PAGES_MAX):
            filled = _filled(path, {**asked_for, "offset": str(len(rows)), "page": str(page + 1)})
            told = read_path(self._ask("GET", filled), kind.items) if kind.items else self._ask("GET", filled)
            if not isinstance(told, list):
                raise Trouble(Verdict.PERMANENT, "no_list_in_answer")
            rows += told
            if not is_paged or len(told) < kind.page_size:
                return rows
        raise Trouble(Verdict.PERMANENT, "list_without_end")

    def _take_away(self, kind: Kind, remote_id: str, key: str) -> None:
        if kind.retire is not None:
            self._send(kind.retire, None, key, id=remote_id)
            return
        unnamed: dict[str, Any] = {}
        put_path(unnamed, kind.fields["external_id"], None)
        self._send(kind.update, unnamed, key, id=remote_id)

    def _send(self, exchange: Exchange, values: Mapping[str, Any] | None, key: str, **names: str) -> Any:
        extra = {self._key_header: key} if self._key_header else {}
        return self._ask(exchange.method, _filled(exchange.path, names), values, extra)

    def _ask(
        self, method: str, path: str, values: Mapping[str, Any] | None = None, extra: Mapping[str, str] | None = None
    ) -> Any:
        headers = {"Accept": "application/json", **self._headers, **(extra or {})}
        body = None
        if values is not None:
            headers["Content-Type"], body = "application/json", json.dumps(values).encode()
        return self._told(judged(asked(self._place, method, path, headers, body)))

    def _told(self, heard: Heard) -> Any:
        """An answer's JSON; an error that hides in a 200 is raised by its code."""
        if not heard.body:
            return None
        try:
            told = json.loads(heard.body)
        except ValueError as error:
            raise Trouble(Verdict.AMBIGUOUS, "not_json") from error
        code = read_path(told, self._error) if self._error else None
        if code is not None:
            raise Trouble(self._errors.get(str(code), Verdict.PERMANENT), f"crm:{str(code)[:40]}")
        return told


# ---- Records by a mapping -----------------------------------------------------------------------------------------


def read_path(value: Any, path: str) -> Any:
    """What stands at a path; None where nothing does."""
    for step in path.split("."):
        member = _MEMBER.fullmatch(step)
        if member:
            name, key, wanted = member.groups()
            rows = value.get(name) if isinstance(value, dict) else None
            value = next((row for row in rows or () if isinstance(row, dict) and str(row.get(key)) == wanted), None)
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def put_path(into: dict[str, Any], path: str, value: Any) -> None:
    """Put a value at a path, and make what is missing on the way."""
    *way, last = path.split(".")
    for step in way:
        member = _MEMBER.fullmatch(step)
        if member:
            name, key, wanted = member.groups()
            rows = into.setdefault(name, [])
            row = next((each for each in rows if each[key] == wanted), None)
            if row is None:
                rows.append(row := {key: wanted})
            into = row
        else:
            into = into.setdefault(step, {})
    into[last] = value


def _written(kind: Kind, told: Mapping[str, Any], party_id: str | None) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, path in kind.fields.items():
        value = told[name]
        put_path(values, path, kind.values.get(name, {}).get(str(value), value))
    if kind.party:
        put_path(values, kind.party, party_id)
    return values


def _read(kind: Kind, row: Any) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name, path in kind.fields.items():
        value = read_path(row, path)
        ours = {theirs: mine for mine, theirs in kind.values.get(name, {}).items()}
        value = ours.get(str(value), value)
        # Custom fields come back as texts in many a CRM.
        is_digits = name in WHOLE and isinstance(value, str) and value.removeprefix("-").isdigit()
        told[name] = int(value) if is_digits else None if value == "" else value
    return told


def _id(kind: Kind, row: Any) -> str:
    found = read_path(row, kind.id)
    if found is None:
        raise Trouble(Verdict.PERMANENT, "record_without_id")
    return str(found)


def _filled(path: str, names: Mapping[str, str]) -> str:
    return path.format_map({name: quote(text, safe="") for name, text in names.items()})


# ---- Reading a mapping --------------------------------------------------------------------------------------------


def _kind(told: Mapping[str, Any], name: str, known: frozenset[str]) -> Kind:
    part = told.get(name)
    if not isinstance(part, dict):
        raise ValueError(f"rest: no part [{name}]")
    mapped = part.get("fields", {})
    strangers = sorted(mapped.keys() - known)
    if strangers or "external_id" not in mapped:
        raise ValueError(f"rest: [{name}.fields] names {', '.join(strangers) or 'no external_id'}")
    spans = _paths(part, name, "spans") if name == "referral" else ()
    return Kind(
        create=_exchange(part, name, "create"),
        update=_exchange(part, name, "update"),
        retire=_exchange(part, name, "retire") if "retire" in part else None,
        lists=_paths(part, name, "lists"),
        spans=spans,
        items=str(part.get("items", "")),
        id=str(part.get("id", "id")),
        created_id=str(part.get("created_id", "")),
        fields=mapped,
        values=part.get("values", {}),
        party=str(part.get("party", "")),
        page_size=int(part.get("page_size", 100)),
    )


def _exchange(part: Mapping[str, Any], kind: str, name: str) -> Exchange:
    method, _, path = str(part.get(name, "")).partition(" ")
    if method not in METHODS or not path.startswith("/"):
        raise ValueError(f'rest: [{kind}] {name}: expected a verb and a path, such as "POST /leads"')
    return Exchange(method, _checked(path, f"[{kind}] {name}"))


def _paths(part: Mapping[str, Any], kind: str, name: str) -> tuple[str, ...]:
    paths = part.get(name)
    if not isinstance(paths, Sequence) or isinstance(paths, str) or not paths:
        raise ValueError(f"rest: [{kind}] {name}: expected a list of paths")
    return tuple(_checked(str(path), f"[{kind}] {name}") for path in paths)


_NAMES = frozenset({"id", "external_id", "branch", "first_day", "last_day", "after", "up_to", "offset", "page"})


def _checked(path: str, where: str) -> str:
    try:
        strangers = {name for _, name, _, _ in string.Formatter().parse(path) if name is not None} - _NAMES
    except ValueError as error:
        raise ValueError(f"rest: {where}: {path!r}: {error}") from error
    if strangers:
        raise ValueError(f"rest: {where}: {path!r} asks for {', '.join(sorted(strangers))}")
    return path


def connect(told: Mapping[str, Any], secret: str) -> Connector:
    """`address`, `allowed`, `headers` (with `{secret}`), `[referral]` and `[party]`."""
    if not isinstance(told.get("address"), str):
        raise ValueError("rest: expected an address")
    return Rest(Place(told["address"], told.get("allowed", ())), told, secret)
