"""One deed, wholly done or not at all: the rows, the audit, the events and what comes later, in one commit.

    answer = works.run(action, request, actor)

An action is a function `action(work, request) -> answer`. It may be run again from the start (PostgreSQL
chooses a victim in a deadlock), so it keeps nothing outside the database; it must not wait for anything.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from lobby_server.kernel import due as due_deeds
from lobby_server.kernel.actor import Actor
from lobby_server.kernel.audit import Deed, chain
from lobby_server.kernel.clock import Clock
from lobby_server.kernel.database import Database
from lobby_server.kernel.errors import Refusal
from lobby_server.kernel.events import Event
from lobby_server.kernel.ids import Ids
from lobby_server.kernel.privacy import Keyring
from lobby_server.kernel.tables import audit, branch_clock, event

R = TypeVar("R")
T = TypeVar("T")
Reaction = Callable[["Work", Any], None]
Reactions = Mapping[type[Event], Sequence[Reaction]]
Wake = Callable[[str], None]

log = logging.getLogger(__name__)

# Built once: every deed runs these, and putting them together costs three times as much as running them.
_BRANCH = branch_clock.c.branch_id == sa.bindparam("branch")
_LOCK_CLOCK = sa.select(branch_clock).where(_BRANCH).with_for_update()
_MOVE_CLOCK = (
    branch_clock.update()
    .where(_BRANCH)
    .values({name: sa.bindparam(name) for name in ("seq", "last_at", "audit_seq", "audit_mac")})
)
_ADD_EVENT, _ADD_AUDIT = event.insert(), audit.insert()


@dataclass
class Work:
    """What an action is handed: the open transaction, the moment, and the books to write in."""

    db: sa.Connection
    now: datetime
    ids: Ids
    keys: Keyring
    actor: Actor
    reactions: Reactions = field(default_factory=dict)
    _events: list[Event] = field(default_factory=list)
    _deeds: list[tuple[str, Deed]] = field(default_factory=list)

    def record(self, happened: Event) -> None:
        """Note what happened, and let the floors above do what follows from it, in this transaction."""
        self._events.append(happened)
        for react in self.reactions.get(type(happened), ()):
            react(self, happened)

    def audit(self, deed: str, subject: str, *, branch_id: str = "", **facts: Any) -> None:
        """Note who did it: an imperative (`call_ticket`), the thing's id, and facts without personal data."""
        line = Deed(self.actor.label, deed, subject, facts)
        self._deeds.append((branch_id or self.actor.branch_id, line))

    def due(self, branch_id: str, at: datetime, kind: str, ref: str) -> None:
        """Ask for a deed of `kind` at `at`; a second call for the same kind and ref moves it."""
        due_deeds.put(self.db, self.ids.new_id(), branch_id, at, kind, ref)

    def no_longer_due(self, kind: str, ref: str) -> None:
        """Take a later deed back."""
        due_deeds.drop(self.db, kind, ref)

    def flush(self) -> frozenset[str]:
        """Write events and audit, numbered; the last statements of the transaction. Returns the branches."""
        events, deeds = defaultdict(list), defaultdict(list)
        for happened in self._events:
            events[happened.branch_id].append(happened)
        for branch_id, deed in self._deeds:
            deeds[branch_id].append(deed)
        # In a fixed order, so that two works that touch two branches cannot lock each other out.
        for branch_id in sorted({*events, *deeds}):
            self._write_books(branch_id, events.get(branch_id, []), deeds.get(branch_id, []))
        return frozenset(events)

    def _write_books(self, branch_id: str, events: list[Event], deeds: list[Deed]) -> None:
        head = self.db.execute(_LOCK_CLOCK, {"branch": branch_id}).one()
        # Order is by number; the time only never runs backward when the machine's clock does.
        at = max(self.now, head.last_at) if head.last_at else self.now
        if events:
            self.db.execute(
                _ADD_EVENT,
                [
                    {"branch_id": branch_id, "seq": seq, "type": each.type, "at": at, "data": each.data()}
                    for seq, each in enumerate(events, head.seq + 1)
                ],
            )
        mac, rows = head.audit_mac, []
        for audit_seq, deed in enumerate(deeds, head.audit_seq + 1):
            mac = chain(self.keys.audit_key, mac, branch_id, audit_seq, at, deed)
            row = {"actor": deed.actor, "deed": deed.deed, "subject": deed.subject, "facts": dict(deed.facts)}
            rows.append({"branch_id": branch_id, "audit_seq": audit_seq, "at": at, "mac": mac, **row})
        if rows:
            self.db.execute(_ADD_AUDIT, rows)
        moved = {"seq": head.seq + len(events), "last_at": at, "audit_seq": head.audit_seq + len(rows)}
        self.db.execute(_MOVE_CLOCK, {"branch": branch_id, **moved, "audit_mac": mac})


@dataclass
class Works:
    """Runs actions. One for a process, built at the roof."""

    database: Database
    clock: Clock
    ids: Ids
    keys: Keyring
    reactions: Reactions = field(default_factory=dict)
    wake: Wake = lambda branch_id: None

    def run(self, action: Callable[[Work, R], T], request: R, actor: Actor) -> T:
        """Run an action in a transaction; return its answer after the commit, then wake the delivery.

        Raises what the action raises, with nothing changed but, for an audited refusal, one audit row.
        """
        try:
            answer, heard = self.database.run(lambda db: self._unit(db, action, request, actor))
        except Refusal as refusal:
            if refusal.audited and actor.branch_id:
                self._note(refusal, action, actor)
            raise
        for branch_id in heard:
            self.wake(branch_id)
        return answer

    def note_refusal(self, refusal: Refusal, deed: str, actor: Actor) -> None:
        """Leave an audit row about an attempt that was refused before any action ran."""
        self.database.run(lambda db: self._unit(db, _write_refusal, (deed, refusal), actor))

    def _note(self, refusal: Refusal, action: Callable[..., Any], actor: Actor) -> None:
        try:
            self.note_refusal(refusal, getattr(action, "__name__", "action"), actor)
        except Refusal:
            # The refusal itself must still reach the caller when even the audit has no room.
            log.error("refusal_not_audited", extra={"facts": {"code": refusal.code}})

    def _unit(
        self, db: sa.Connection, action: Callable[[Work, R], T], request: R, actor: Actor
    ) -> tuple[T, frozenset[str]]:
        work = Work(db, self.clock.now(), self.ids, self.keys, actor, self.reactions)
        answer = action(work, request)
        return answer, work.flush()


def _write_refusal(work: Work, about: tuple[str, Refusal]) -> None:
    deed, refusal = about
    work.audit("refused_" + deed, refusal.code)


def together(*rooms: Reactions) -> Reactions:
    """What several rooms do when the same thing happened, in the order of the rooms."""
    joined: dict[type[Event], tuple[Reaction, ...]] = {}
    for reactions in rooms:
        for happened, each in reactions.items():
            joined[happened] = (*joined.get(happened, ()), *each)
    return joined


def start_branch_clock(work: Work, branch_id: str) -> None:
    """Give a new branch its history, at number 0 of a fresh epoch."""
    work.db.execute(
        branch_clock.insert().values(
            branch_id=branch_id, epoch=work.ids.new_id(), seq=0, audit_seq=0, audit_mac=bytes(32)
        )
    )
