"""The same command sent twice is done once and answered twice, with the same answer.

The sender makes the key and keeps it until it has an answer. The answer is stored in the transaction of
the deed, sealed, because answers may hold a masked name or a ticket's secret.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from lobby_server.kernel.errors import Conflict
from lobby_server.kernel.privacy import Keyring
from lobby_server.kernel.tables import answered
from lobby_server.kernel.work import Work

KEPT = timedelta(days=35)
_PURPOSE = "answered"

# Built once: every command runs these.
_MINE = sa.and_(answered.c.scope == sa.bindparam("the_scope"), answered.c.key == sa.bindparam("the_key"))
_FIND = sa.select(answered).where(_MINE)
_KEEP = answered.update().where(_MINE).values(http_code=sa.bindparam("http_code"), answer=sa.bindparam("answer"))
_CLAIM = {
    name: insert(answered).on_conflict_do_nothing().returning(answered.c.key)
    for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}


@dataclass(frozen=True)
class CommandKey:
    """One command of one sender: `key` is the sender's UUID, the rest says what it was for."""

    actor: str
    method: str
    path: str
    key: str
    body_sha256: bytes

    @property
    def scope(self) -> bytes:
        """32 bytes for (actor, method, path)."""
        return hashlib.sha256("\n".join((self.actor, self.method, self.path)).encode()).digest()


@dataclass(frozen=True)
class Stored:
    """An answer as it was, or is now, given."""

    http_code: int
    body: str
    replayed: bool


def find(db: sa.Connection, keys: Keyring, command: CommandKey) -> Stored | None:
    """The stored answer of this command. Raises Conflict("key_reused") for another body."""
    before = db.execute(_FIND, {"the_scope": command.scope, "the_key": command.key}).one_or_none()
    if before is None:
        return None
    if before.body_sha256 != command.body_sha256:
        raise Conflict("key_reused")
    return Stored(before.http_code, keys.open(before.answer, _PURPOSE), replayed=True)


def once(work: Work, command: CommandKey, deed: Callable[[], tuple[int, str]]) -> Stored:
    """Do the deed unless this command was done before; then give the stored answer.

    Raises Conflict("key_reused") for the same key with another body. A deed that raises leaves no trace,
    so the sender may try again with the same key.
    """
    # On PostgreSQL a racing twin waits here for the first one's commit, then finds its row.
    row = {"scope": command.scope, "key": command.key, "body_sha256": command.body_sha256}
    claimed = work.db.execute(_CLAIM[work.db.dialect.name], {**row, "http_code": 0, "answer": b"", "at": work.now})
    if claimed.one_or_none() is None:
        before = find(work.db, work.keys, command)
        assert before is not None
        return before
    http_code, body = deed()
    sealed = work.keys.seal(body, _PURPOSE)
    mine = {"the_scope": command.scope, "the_key": command.key}
    work.db.execute(_KEEP, {**mine, "http_code": http_code, "answer": sealed})
    return Stored(http_code, body, replayed=False)


def forget_old_keys(work: Work, _request: None) -> int:
    """Remove answers older than 35 days; returns how many."""
    return work.db.execute(answered.delete().where(answered.c.at < work.now - KEPT)).rowcount
