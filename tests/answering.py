"""Another machine that answers HTTP, for a test: on a free port of this machine, in a thread."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Desk(BaseHTTPRequestHandler):
    """What every such machine has; a test adds `do_GET` and its like."""

    disable_nagle_algorithm = True

    def body(self) -> bytes:
        """What was sent."""
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, http_code: int, body: bytes = b"", **headers: str) -> None:
        """One answer; an underscore in a header's name is a hyphen."""
        self.send_response(http_code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        """Says nothing."""


@contextlib.contextmanager
def answering(desk: type[Desk]) -> Iterator[int]:
    """The port at which this desk answers."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), desk)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
