"""Socket.IO connections: who may listen is decided here, rooms are joined by the server, nothing is commanded.

News goes out; commands come in over HTTP only. A connection that talks, reads too slowly or outlives its
right is closed; it comes back and resumes by its number.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import flask
from flask_socketio import ConnectionRefusedError as Refused
from flask_socketio import SocketIO

from lobby_server.doors.mount import is_own_origin
from lobby_server.kernel.errors import Refusal
from lobby_server.kernel.events import Recorded
from lobby_server.kernel.house import House
from lobby_server.realtime.delivery import Delivery

log = logging.getLogger(__name__)

NAMESPACE = "/live"
FRAME_BYTES_MAX = 64 * 1024
CONNECTIONS_MAX = 3  # of one device, ticket or sign-in: two screens and one that is just dying
STRIKES_MAX = 3  # words from a client before it is closed: it has nothing to say here
PACKETS_WAITING_MAX = 256  # about 256 KiB of news: the reader is gone or asleep and will resume
DRAIN_MS = 500


@dataclass(frozen=True)
class Hearing:
    """What a connection may hear: one audience of one branch, until its right ends.

    `rights` are ids (device, sign-in, ticket) whose end closes the connection.
    """

    branch_id: str
    audience: str
    holder: str
    rights: frozenset[str]
    until: datetime | None = None


AudienceOf = Callable[[House, Mapping[str, Any]], Hearing]


@dataclass
class _Connection:
    hearing: Hearing
    strikes: int = 0


@dataclass
class Sockets:
    """The connections of this process; the delivery's wires."""

    house: House
    socketio: SocketIO
    audience_of: AudienceOf
    ends: Mapping[str, str]
    delivery: Delivery | None = None
    _open: dict[str, _Connection] = field(default_factory=dict)

    def listen(self) -> None:
        """Hang the three handlers: connect, disconnect, and a refusal for everything else."""
        self.socketio.on_event("connect", self._connect, namespace=NAMESPACE)
        self.socketio.on_event("disconnect", self._disconnect, namespace=NAMESPACE)
        self.socketio.on_event("*", self._refuse_words, namespace=NAMESPACE)

    def by_audience(self) -> dict[str, int]:
        """How many connections are open, by who listens."""
        return Counter(each.hearing.audience for each in list(self._open.values()))

    def send(self, room: str, name: str, payload: Mapping[str, Any]) -> None:
        """To a room, or to one connection by its id."""
        self.socketio.emit(name, payload, to=room, namespace=NAMESPACE)

    def join(self, connection: str, room: str) -> None:
        """Put a connection into a room, unless it is gone already."""
        try:
            self.socketio.server.enter_room(connection, room, namespace=NAMESPACE)
        except (KeyError, ValueError):
            # Already gone when its turn came: Socket.IO knows the connection no more.
            self._open.pop(connection, None)

    def _connect(self, auth: Any = None, *_said: Any) -> Any:
        request = flask.request
        if request.sid in self._open:  # type: ignore[attr-defined]
            return self._refuse_words("connect")
        origin = request.headers.get("Origin")
        if origin and not is_own_origin(origin, request.host, self.house.settings.origins):
            raise Refused("foreign_origin")
        told = auth if isinstance(auth, dict) else {}
        try:
            hearing = self.audience_of(self.house, told)
        except Refusal as refusal:
            raise Refused(refusal.code) from None
        if sum(each.hearing.holder == hearing.holder for each in self._open.values()) >= CONNECTIONS_MAX:
            raise Refused("too_many_connections")
        connection: str = request.sid  # type: ignore[attr-defined]
        self._open[connection] = _Connection(hearing)
        if not self._still_may(told):
            self._open.pop(connection)
            raise Refused("no_longer")
        epoch, after = told.get("epoch"), told.get("after")
        after = after if isinstance(after, int) and not isinstance(after, bool) else None
        assert self.delivery is not None
        # After this handler: only then has the client seen that it is connected.
        self.socketio.start_background_task(
            self.delivery.welcome, connection, hearing.branch_id, hearing.audience, epoch, after
        )
        return None

    def _still_may(self, told: Mapping[str, Any]) -> bool:
        """Asked again once we listen for what ends a right: it may have ended between the look and the listening."""
        try:
            self.audience_of(self.house, told)
        except Refusal:
            return False
        return True

    def _disconnect(self, *_reason: object) -> Any:
        connection: str = flask.request.sid  # type: ignore[attr-defined]
        if self._is_connected(connection):
            # A client may send an event of this name and stay: believed, nothing could close it any more.
            return self._refuse_words("disconnect")
        self._open.pop(connection, None)
        return None

    def _is_connected(self, connection: str) -> bool:
        connected: bool = self.socketio.server.manager.is_connected(connection, NAMESPACE)
        return connected

    def _refuse_words(self, _event: str, *_said: Any) -> dict[str, str]:
        connection: str = flask.request.sid  # type: ignore[attr-defined]
        open_one = self._open.get(connection)
        if open_one is not None:
            open_one.strikes += 1
            if open_one.strikes >= STRIKES_MAX:
                self._close(connection)
        return {"code": "commands_are_http_only"}

    def heard(self, happened: Recorded) -> None:
        """Close the connections whose right this event ends (a revoked device, a sign-out)."""
        ended = happened.data.get(self.ends[happened.type]) if happened.type in self.ends else None
        if ended is not None:
            for connection in [sid for sid, each in self._open.items() if ended in each.hearing.rights]:
                self._close(connection)

    def sweep(self) -> None:
        """Close what outlived its right or reads too slowly; called about once a second."""
        now = self.house.clock.now()
        for connection, each in list(self._open.items()):
            late = each.hearing.until is not None and each.hearing.until <= now
            if late or self._packets_waiting(connection) > PACKETS_WAITING_MAX:
                self._close(connection)

    def drain(self) -> None:
        """Say that this process goes away; screens come back a little apart from each other."""
        self.socketio.emit("draining", {"reconnect_in_ms": DRAIN_MS}, namespace=NAMESPACE)

    def count(self) -> int:
        """How many are listening."""
        return len(self._open)

    def _packets_waiting(self, connection: str) -> int:
        server = self.socketio.server
        eio_sid = server.manager.eio_sid_from_sid(connection, NAMESPACE)
        socket = server.eio.sockets.get(eio_sid) if eio_sid else None
        return socket.queue.qsize() if socket else 0

    def _close(self, connection: str) -> None:
        self._open.pop(connection, None)
        self.socketio.server.disconnect(connection, namespace=NAMESPACE)
