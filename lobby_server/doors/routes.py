"""Declaring a door: address, who may pass, what it takes and gives. The rest is the same for all.

door = Door("visits")

@door.command("/visits/{visit_id}/claim", may={LOBBY_MANAGER}, gives=wire.Claimed)
def post_claim(call: Call) -> Answer:
    return call.run(actions.claim, actions.Claim(call.path["visit_id"]), wire.claimed)
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from pydantic import BaseModel

from lobby_server.doors.who import EVERY_NAME
from lobby_server.kernel.actor import Actor
from lobby_server.kernel.errors import Invalid
from lobby_server.kernel.house import House
from lobby_server.kernel.idempotency import CommandKey, Stored, find, once
from lobby_server.kernel.work import Work

R = TypeVar("R")
T = TypeVar("T")

API = "/api/v1"
FILE_TYPE = "application/x-ndjson"
Method = Literal["POST", "PUT", "PATCH"]
_VERSION = re.compile(r'"(\d{1,9})"')


@dataclass(frozen=True)
class Answer:
    """What goes back: an HTTP code and a body (JSON text; empty for 204; bytes for a file).

    `cookie` sets the sign-in cookie; an empty one takes it away.
    """

    http_code: int = 200
    body: str | bytes = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    cookie: str | None = None
    content_type: str = "application/json"


@dataclass(frozen=True)
class Call:
    """One request as a handler sees it: already proven, allowed and read."""

    house: House
    route: Route
    actor: Actor
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    key: str
    body_sha256: bytes
    address: str
    is_secure: bool
    if_match: str = ""
    accept: str = ""

    @property
    def wants_csv(self) -> bool:
        """Whether the answer is wanted as a file for a spreadsheet: by `Accept`, or by a link's `?format=csv`."""
        return self.query.get("format") == "csv" or self.accept.split(",")[0].split(";")[0].strip() == "text/csv"

    def version_to_replace(self) -> int:
        """The version that `If-Match` names: who changes a setting says which one they saw.

        Raises Invalid("if_match_missing") without one, Invalid("if_match_malformed").
        """
        named = _VERSION.fullmatch(self.if_match)
        if named is None:
            raise Invalid("if_match_malformed" if self.if_match else "if_match_missing")
        return int(named[1])

    def run(self, action: Callable[[Work, R], T], request: R, present: Callable[[Work, T], BaseModel | None]) -> Answer:
        """Run an action once for this command's key; `present` words its answer in the same transaction."""

        @functools.wraps(action)
        def once_only(work: Work, request: R) -> Answer:
            def deed() -> tuple[int, str]:
                given = present(work, action(work, request))
                return (self.route.http_code, given.model_dump_json()) if given is not None else (204, "")

            return _as_stored(once(work, self._command(), deed))

        return self.house.works.run(once_only, request, self.actor)

    def answered_before(self) -> Answer | None:
        """The answer to this command if it was done already: for doors that must look before they act."""
        with self.house.database.read() as db:
            stored = find(db, self.house.keys, self._command())
        return _as_stored(stored) if stored else None

    def run_plain(self, action: Callable[[Work, R], T], request: R) -> T:
        """Run an action of a command that carries no key (sign-in, heartbeat)."""
        return self.house.works.run(action, request, self.actor)

    def _command(self) -> CommandKey:
        path = self.route.path.format(**self.path)
        return CommandKey(self.actor.label, self.route.method, path, self.key, self.body_sha256)


def _as_stored(stored: Stored) -> Answer:
    headers = {"Idempotent-Replayed": "true"} if stored.replayed else {}
    return Answer(stored.http_code, stored.body, headers)


Handler = Callable[[Call], Answer | BaseModel]


@dataclass(frozen=True)
class Route:
    """One row of the policy table: method and address, who may, and the shapes on the wire."""

    method: str
    path: str
    may: frozenset[str]
    handler: Handler
    takes: type[BaseModel] | None = None
    takes_file: int | None = None
    gives: type[BaseModel] | None = None
    http_code: int = 200
    keyed: bool = False
    or_nothing: bool = False
    metered: bool = True
    tag: str = ""

    @property
    def summary(self) -> str:
        """The first line of the handler's docstring, for OpenAPI."""
        return (self.handler.__doc__ or "").strip().split("\n")[0]


class Door:
    """The doors of one capability."""

    def __init__(self, tag: str, prefix: str = API) -> None:
        self.tag = tag
        self.prefix = prefix
        self.routes: list[Route] = []

    def question(
        self, path: str, *, may: Collection[str], gives: type[BaseModel] | None = None, metered: bool = True
    ) -> Callable[[Handler], Handler]:
        """A GET that changes nothing. `metered=False` for files from memory, of which a page needs many at once."""
        return self._add("GET", path, may, gives=gives, metered=metered)

    def command(
        self,
        path: str,
        *,
        may: Collection[str],
        takes: type[BaseModel] | None = None,
        takes_file: int | None = None,
        gives: type[BaseModel] | None = None,
        http_code: int = 200,
        keyed: bool = True,
        or_nothing: bool = False,
        method: Method = "POST",
    ) -> Callable[[Handler], Handler]:
        """A POST that does something; PUT where it replaces a setting whole, PATCH where it changes parts of a thing.

        `keyed=False` only for what may safely be sent twice without a key (signing in, a heartbeat);
        `or_nothing` where 204 is an answer too. `takes_file`: the body is a file of head office, at most that many
        bytes, and `call.body` is those bytes.
        """
        return self._add(
            method,
            path,
            may,
            takes=takes,
            takes_file=takes_file,
            gives=gives,
            http_code=http_code,
            keyed=keyed,
            or_nothing=or_nothing,
        )

    def _add(self, method: str, path: str, may: Collection[str], **shape: Any) -> Callable[[Handler], Handler]:
        unknown = set(may) - EVERY_NAME
        assert may and not unknown, f"{path}: policy names {sorted(unknown)}; there are {sorted(EVERY_NAME)}"

        def declare(handler: Handler) -> Handler:
            row = Route(method, self.prefix + path, frozenset(may), handler, tag=self.tag, **shape)
            self.routes.append(row)
            return handler

        return declare


def sha256(raw: bytes) -> bytes:
    """32 bytes of a body, to tell two bodies apart."""
    return hashlib.sha256(raw).digest()
