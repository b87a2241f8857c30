"""Letting a program of head office in, and shutting it out."""

from __future__ import annotations

from dataclasses import dataclass

from lobby_server.clients import store
from lobby_server.clients.rules import TOKEN_BEGINS, TOKEN_BYTES, ApiClient
from lobby_server.doors.who import CLIENT_SCOPES
from lobby_server.kernel.errors import Conflict, Invalid, NotFound
from lobby_server.kernel.work import Work


@dataclass(frozen=True)
class AddClient:
    """A program's name at the actor's branch, and the scopes that it needs."""

    name: str
    scopes: frozenset[str]


def add_client(work: Work, request: AddClient) -> str:
    """The new client's token, told this once. Raises Conflict("client_known"), Invalid("unknown_scope")."""
    if not request.scopes or not request.scopes <= CLIENT_SCOPES:
        raise Invalid("unknown_scope", known=sorted(CLIENT_SCOPES))
    branch_id = work.actor.branch_id
    if store.lock(work.db, branch_id, request.name) is not None:
        raise Conflict("client_known")
    token = TOKEN_BEGINS + work.ids.secret(TOKEN_BYTES)
    new = ApiClient(work.ids.new_id(), branch_id, request.name, request.scopes)
    store.add(work.db, work.keys, new, token, work.now)
    work.audit("add_client", new.id, scopes=sorted(new.scopes))
    return token


def revoke_client(work: Work, name: str) -> None:
    """Shut a client out at once. Raises NotFound("client")."""
    found = store.lock(work.db, work.actor.branch_id, name)
    if found is None:
        raise NotFound("client")
    store.revoke(work.db, found.id, work.now)
    work.audit("revoke_client", found.id)
