"""The witness: Flask and Socket.IO with one commit and one emit for each request, and nothing else.

    python benchmarks/bare_server.py --port 8001 --database /tmp/bare.sqlite3

It has the addresses and the answers' shapes of the real server, so that the same load drives both, and the same tuned
ground: gevent's pywsgi without Nagle's delay, WebSocket only, a yield after each request, SQLite in WAL with
synchronous=FULL (or PostgreSQL, with a `postgresql://` address). It knows no devices, rights, audit, idempotency, event
log, replay or strict reading: what the real server costs above it is the price of those. It commits on the hub, as a
first version would; where the real server is faster than this, that is what group commit off the hub gains.
"""

from __future__ import annotations

# Before anything else is imported: from here on waiting for a socket lets others run.
from gevent import monkey

monkey.patch_all()

import argparse  # noqa: E402
import socket  # noqa: E402
import sqlite3  # noqa: E402
import sys  # noqa: E402
from collections.abc import Callable, Iterator  # noqa: E402
from contextlib import contextmanager  # noqa: E402
from datetime import UTC, datetime  # noqa: E402
from typing import Any, Protocol  # noqa: E402

import gevent  # noqa: E402
import psycopg  # noqa: E402
from flask import Flask, request  # noqa: E402
from flask_socketio import SocketIO, join_room  # noqa: E402
from gevent.pywsgi import WSGIServer  # noqa: E402
from gevent.queue import Queue  # noqa: E402

ROOM, NAMESPACE = "0001/lobby", "/live"
CONNECTIONS = 8  # of PostgreSQL: what saturated two cores in the measurements of docs/decisions/
SERIES = {"cash": "A", "account": "B", "corporate": "C", "wealth": "D"}

_TABLES = (
    "CREATE TABLE clock (seq BIGINT NOT NULL)",
    "INSERT INTO clock VALUES (0)",
    "CREATE TABLE counter (series TEXT PRIMARY KEY, last INTEGER NOT NULL)",
    "CREATE TABLE visit (id TEXT PRIMARY KEY, arrived_at TEXT NOT NULL, state TEXT NOT NULL, number TEXT)",
)
_NEXT_SEQ = "UPDATE clock SET seq = seq + 1 RETURNING seq"
_NEXT_NUMBER = (
    "INSERT INTO counter VALUES ({0}, 1) ON CONFLICT (series) DO UPDATE SET last = counter.last + 1 RETURNING last"
)
_ARRIVE = "INSERT INTO visit VALUES ({0}, {0}, 'arrived', NULL)"
_ROUTE = "UPDATE visit SET state = 'routed', number = {0} WHERE id = {0}"

Ask = Callable[..., Any]


class Store(Protocol):
    """One transaction at a time for each caller; `mark` is how the engine writes a parameter."""

    mark: str

    def transaction(self) -> Any:
        """A context that commits at its end and gives `ask(sql, *values)` for the first row's first value."""


class Sqlite:
    """One file, one connection, committed where the request runs: the disk holds up everybody."""

    mark = "?"

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL").fetchone()
        self._connection.execute("PRAGMA synchronous=FULL")
        for statement in _TABLES:
            self._connection.execute(statement)

    @contextmanager
    def transaction(self) -> Iterator[Ask]:
        """Nothing in it waits for a socket, so no other request can come between."""
        self._connection.execute("BEGIN IMMEDIATE")
        yield lambda sql, *values: (self._connection.execute(sql, values).fetchone() or (None,))[0]
        self._connection.execute("COMMIT")


class Postgresql:
    """A few connections that take turns."""

    mark = "%s"

    def __init__(self, address: str) -> None:
        self._free: Any = Queue()
        for _ in range(CONNECTIONS):
            self._free.put(psycopg.connect(address))
        with self.transaction() as ask:
            for statement in _TABLES:
                ask(statement)

    @contextmanager
    def transaction(self) -> Iterator[Ask]:
        """A connection of one's own until the commit."""
        connection = self._free.get()
        try:
            with connection.transaction():
                yield lambda sql, *values: _first(connection.execute(sql, values))
        finally:
            self._free.put(connection)


def _first(cursor: Any) -> Any:
    row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None


def build(store: Store) -> Flask:
    """The whole application."""
    app = Flask(__name__, static_folder=None)
    socketio = SocketIO(app, async_mode="gevent", transports=["websocket"])
    next_number, arrive, route = (sql.format(store.mark) for sql in (_NEXT_NUMBER, _ARRIVE, _ROUTE))

    def tell(seq: int, event: str, content: dict[str, Any]) -> None:
        news = {"seq": seq, "type": event, "at": _now(), "data": content, "prev_seq": seq - 1}
        socketio.emit("news", {"epoch": "bare", "events": [news]}, to=ROOM, namespace=NAMESPACE)

    @app.post("/api/v1/visits")
    def post_visit() -> tuple[dict[str, Any], int]:
        """Somebody arrives."""
        visit_id = request.get_json()["visit_id"]
        with store.transaction() as ask:
            ask(arrive, visit_id, _now())
            seq = ask(_NEXT_SEQ)
        tell(seq, "visit.arrived", _card(visit_id, "arrived"))
        return {"visit_id": visit_id, "customer": None, "services": [], "suggested": None}, 201

    @app.post("/api/v1/visits/<visit_id>/route")
    def post_route(visit_id: str) -> dict[str, Any]:
        """They take a ticket."""
        series = SERIES[request.get_json()["service_type"]]
        with store.transaction() as ask:
            number = f"{series}{ask(next_number, series):03d}"
            ask(route, number, visit_id)
            seq = ask(_NEXT_SEQ)
        tell(seq, "ticket.issued", {**_card(visit_id, "routed"), "number": number})
        return {"route": "ticket", "ticket": {"number": number, "ahead": 0}}

    @app.get("/livez")
    def get_livez() -> dict[str, bool]:
        """The process answers."""
        return {"alive": True}

    def welcome(_auth: object = None) -> None:
        join_room(ROOM)
        # The load waits for a first word before it begins; the real server replays here.
        connection: str = request.sid  # type: ignore[attr-defined]
        socketio.start_background_task(socketio.emit, "welcome", {}, to=connection, namespace=NAMESPACE)

    socketio.on_event("connect", welcome, namespace=NAMESPACE)

    @app.after_request
    def _breathe(answer: Any) -> Any:
        gevent.sleep(0)
        return answer

    return app


def _card(visit_id: str, state: str) -> dict[str, Any]:
    """As many bytes as a real card has."""
    return {
        "visit_id": visit_id,
        "state": state,
        "arrived_at": _now(),
        "masked_name": None,
        "tier": None,
        "service_level": "ordinary",
        "need": None,
        "greeting": {"code": "good_morning"},
        "service_type": None,
        "route": None,
        "ticket_id": None,
        "claimed_by": None,
        "claimed_until": None,
        "language": "zh-CN",
        "party_size": 1,
        "promise_s": 900,
    }


def _now() -> str:
    return datetime.now(UTC).isoformat()


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--database", required=True, help="a new file, or postgresql:// of an empty database")
    given = parser.parse_args()
    store: Store = Postgresql(given.database) if given.database.startswith("postgresql") else Sqlite(given.database)
    server = WSGIServer(("127.0.0.1", given.port), build(store), log=None, error_log=sys.stderr)
    server.init_socket()
    # pywsgi writes an answer's head and body apart; without this the body waits 40 ms for the client's delayed
    # acknowledgement (Nagle). Accepted sockets inherit it.
    server.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    server.serve_forever()


if __name__ == "__main__":
    main()
