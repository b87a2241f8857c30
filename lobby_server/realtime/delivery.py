"""Carrying committed events to the rooms of this process.

The database is read, never a message trusted: a hint (our own commit, Redis) only makes us look sooner
than the next poll. Each (branch, audience) has one room; every event in it links to the one before, so a
screen notices a gap by itself.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from lobby_server.kernel import event_log
from lobby_server.kernel.event_log import Position
from lobby_server.kernel.events import Recorded
from lobby_server.kernel.house import House
from lobby_server.realtime.wording import Reader, Vocabulary, link

log = logging.getLogger(__name__)

EVENTS_A_READ = 200
AFTER_A_FAILURE_S = 1.0


class Wires(Protocol):
    """How frames leave: Socket.IO in the server, a list in tests."""

    def send(self, room: str, name: str, payload: Mapping[str, Any]) -> None:
        """Send to everybody in a room (or to one connection, by its id)."""

    def join(self, connection: str, room: str) -> None:
        """Put a connection into a room."""


Listener = Callable[[Recorded], None]


@dataclass
class _Branch:
    """What this process has sent of one branch."""

    at: Position
    last: dict[str, int]
    said_at: dict[str, float]
    lock: threading.Lock = field(default_factory=threading.Lock)


def room_of(branch_id: str, audience: str) -> str:
    """The room's name. Only the server ever forms one."""
    return f"{branch_id}/{audience}"


class Delivery:
    """One for a process. `run` is its loop; `wake` may be called from anywhere."""

    def __init__(self, house: House, vocabulary: Vocabulary, wires: Wires, listener: Listener) -> None:
        self._house = house
        self._vocabulary = vocabulary
        self._wires = wires
        self._listener = listener
        self._branches: dict[str, _Branch] = {}
        self._woken = threading.Event()
        self._stopped = False

    def wake(self, _branch_id: str) -> None:
        """There may be news."""
        self._woken.set()

    def stop(self) -> None:
        """Let the loop end."""
        self._stopped = True
        self._woken.set()

    def positions(self) -> dict[str, int]:
        """The number of the last event of each branch that this process has sent."""
        return {branch_id: each.at.seq for branch_id, each in self._branches.items()}

    def run(self) -> None:
        """Deliver until stopped: at once when woken, else every `poll_ms`."""
        while not self._stopped:
            self._woken.wait(self._house.settings.poll_ms / 1000)
            self._woken.clear()
            try:
                self.deliver()
            except Exception:
                # The events stay in the log and are sent by the next round; the loop must survive.
                log.exception("delivery_failed")
                self._woken.wait(AFTER_A_FAILURE_S)

    def deliver(self) -> None:
        """One round over all branches: what is new, then a beat where it was silent."""
        with self._house.database.read() as db:
            for branch_id in event_log.branches(db):
                self._deliver_branch(Reader(db, self._house.keys), branch_id)

    def _deliver_branch(self, reader: Reader, branch_id: str) -> None:
        now = event_log.position(reader.db, branch_id)
        branch = self._branches.get(branch_id) or self._start(reader, branch_id, now)
        with branch.lock:
            if now.epoch != branch.at.epoch:
                self._start_anew(reader, branch_id, branch, now)
            while branch.at.seq < now.seq:
                fresh = event_log.read_after(reader.db, branch_id, branch.at.seq, EVENTS_A_READ)
                if not fresh:
                    break
                self._send(reader, branch_id, branch, fresh)
            self._beat(branch_id, branch)

    def _start(self, reader: Reader, branch_id: str, now: Position) -> _Branch:
        """First sight of a branch: nothing to send, only to know where each audience stands."""
        types = self._vocabulary.types
        last = {name: event_log.last_of(reader.db, branch_id, types[name], now.seq) for name in types}
        branch = _Branch(now, last, dict.fromkeys(last, self._house.clock.elapsed_s()))
        self._branches[branch_id] = branch
        return branch

    def _start_anew(self, reader: Reader, branch_id: str, branch: _Branch, now: Position) -> None:
        """Another epoch: the database was restored; every screen fetches a fresh picture."""
        fresh = self._start(reader, branch_id, now)
        branch.at, branch.last = fresh.at, fresh.last
        self._branches[branch_id] = branch
        for audience, seq in branch.last.items():
            self._say(branch_id, branch, audience, "reset", {"epoch": now.epoch, "seq": seq})

    def _send(self, reader: Reader, branch_id: str, branch: _Branch, fresh: list[Recorded]) -> None:
        for audience in self._vocabulary.audiences:
            heard, last = link(self._vocabulary.put(reader, audience, fresh), branch.last[audience])
            if heard:
                self._say(branch_id, branch, audience, "news", {"epoch": branch.at.epoch, "events": heard})
                branch.last[audience] = last
        branch.at = Position(branch.at.epoch, fresh[-1].seq)
        for each in fresh:
            self._listener(each)

    def _beat(self, branch_id: str, branch: _Branch) -> None:
        """After silence, tell the newest number, so that a lost last event is noticed."""
        silent_since = self._house.clock.elapsed_s() - self._house.settings.beat_s
        for audience, said_at in branch.said_at.items():
            if said_at <= silent_since:
                payload = {"epoch": branch.at.epoch, "seq": branch.last[audience]}
                self._say(branch_id, branch, audience, "beat", payload)

    def _say(self, branch_id: str, branch: _Branch, audience: str, name: str, payload: Mapping[str, Any]) -> None:
        self._wires.send(room_of(branch_id, audience), name, payload)
        branch.said_at[audience] = self._house.clock.elapsed_s()

    def welcome(self, connection: str, branch_id: str, audience: str, epoch: str | None, after: int | None) -> None:
        """Join a connection to its room and send what it missed after its number, without a gap.

        The branch's lock is held, so nothing is sent to the room between the replay and the first live
        event. A number from another epoch, ahead of ours or too far behind gets `reset`.
        """
        with self._house.database.read() as db:
            reader = Reader(db, self._house.keys)
            # First catch up: a picture that was fetched a moment ago may be ahead of our last round.
            self._deliver_branch(reader, branch_id)
            branch = self._branches[branch_id]
            with branch.lock:
                self._wires.join(connection, room_of(branch_id, audience))
                name, payload = self._missed(reader, branch_id, branch, audience, epoch, after)
        self._wires.send(connection, name, payload)

    def _missed(
        self, reader: Reader, branch_id: str, branch: _Branch, audience: str, epoch: str | None, after: int | None
    ) -> tuple[str, dict[str, Any]]:
        start_anew = ("reset", {"epoch": branch.at.epoch, "seq": branch.last[audience]})
        most = self._house.settings.replay_events_max
        if epoch != branch.at.epoch or after is None or not 0 <= after <= branch.last[audience]:
            return start_anew
        fresh = event_log.read_after(reader.db, branch_id, after, most + 1)
        fresh = [each for each in fresh if each.seq <= branch.at.seq]
        if len(fresh) > most:
            return start_anew
        heard, last = link(self._vocabulary.put(reader, audience, fresh), after)
        if not heard:
            return "beat", {"epoch": branch.at.epoch, "seq": last}
        return "news", {"epoch": branch.at.epoch, "events": heard}
