"""What every answer gets on its way out: headers that keep browsers careful, and compression."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Mapping

import brotli
from flask import Flask, Response, g, request

PACKED_FROM_BYTES, PACKED_LEVEL = 2048, 5  # below it time is lost and no packet saved
_PACKED = frozenset({"text/html", "application/json", "image/svg+xml"})
# The better one first; browsers take `br` over TLS and on loopback only.
_PACKERS: Mapping[str, Callable[[bytes], bytes]] = {
    "br": lambda body: brotli.compress(body, quality=PACKED_LEVEL),
    "gzip": lambda body: gzip.compress(body, PACKED_LEVEL, mtime=0),
}
_SAFE_FILE = {"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"}
_SAFE = {
    **_SAFE_FILE,
    # An answer that is not one of our pages is never shown as one.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def finish_answers(app: Flask) -> None:
    """Finish every answer of the application, refusals and errors among them."""
    app.after_request(_with_safe_headers)
    app.after_request(_packed)


def observe_answers(app: Flask, observe: Callable[[str, str, int, float], None]) -> None:
    """Tell of every answer: method, route as the policy table writes it ("" for none of ours), code and seconds."""

    @app.before_request
    def _begin() -> None:
        g.begun_s = time.perf_counter()

    @app.after_request
    def _end(answer: Response) -> Response:
        route = (request.endpoint or "").partition(" ")[2]
        observe(request.method if route else "", route, answer.status_code, time.perf_counter() - g.begun_s)
        return answer


def _with_safe_headers(answer: Response) -> Response:
    """A file that is cached for ever is no page and needs less."""
    is_file = "immutable" in answer.headers.get("Cache-Control", "")
    for name, value in (_SAFE_FILE if is_file else _SAFE).items():
        answer.headers.setdefault(name, value)
    return answer


def _packed(answer: Response) -> Response:
    """Pages, pictures and long JSON travel compressed.

    None of them repeats what a stranger sent beside a secret, so their length betrays nothing (BREACH).
    """
    accepts = request.accept_encodings.quality
    encoding = next((each for each in _PACKERS if accepts(each) > 0), None) if answer.mimetype in _PACKED else None
    is_long = (answer.content_length or 0) >= PACKED_FROM_BYTES
    if encoding is None or "Content-Encoding" in answer.headers or not is_long:
        return answer
    packed = _PACKERS[encoding](answer.get_data())
    answer.set_data(packed)
    answer.headers["Content-Encoding"] = encoding
    answer.headers.add("Vary", "Accept-Encoding")
    return answer
