"""Refusals as answers: `application/problem+json` (RFC 9457), in one place for all doors."""

from __future__ import annotations

import json
import logging
from http import HTTPStatus

from flask import Flask, Response, g
from werkzeug.exceptions import HTTPException

from lobby_server.kernel import errors
from lobby_server.kernel.errors import Refusal

log = logging.getLogger(__name__)

_HTTP_CODES: dict[type[Refusal], int] = {
    errors.Unreadable: 400,
    errors.Unproven: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Gone: 410,
    errors.Invalid: 422,
    errors.Throttled: 429,
    errors.Unavailable: 503,
}
_SPECIAL = {"too_long": 413, "not_json": 415, "no_room": 507}


def http_code_of(refusal: Refusal) -> int:
    """The HTTP code of a refusal: by its code where HTTP has a finer word, else by its kind."""
    return _SPECIAL.get(refusal.code) or _HTTP_CODES[type(refusal)]


def problem(http_code: int, code: str, **facts: object) -> Response:
    """One problem document. `facts` never repeat what was sent."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(http_code).phrase,
        "status": http_code,
        "code": code,
        "request_id": g.get("request_id", ""),
        **facts,
    }
    answer = Response(json.dumps(body, ensure_ascii=False), http_code, content_type="application/problem+json")
    if "retry_after_s" in facts:
        answer.headers["Retry-After"] = str(facts["retry_after_s"])
    return answer


def answer_refusals(app: Flask) -> None:
    """Turn every refusal and every HTTP error of the framework into a problem document."""

    @app.errorhandler(Refusal)
    def _refused(refusal: Refusal) -> Response:
        return problem(http_code_of(refusal), refusal.code, **refusal.facts)

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        code = {413: "too_long", 404: "not_found", 405: "method_not_allowed"}.get(error.code or 500, "bad_request")
        answer = problem(error.code or 500, code)
        for name, value in error.get_headers():
            if name == "Allow":
                answer.headers[name] = value
        return answer

    @app.errorhandler(Exception)
    def _unforeseen(error: Exception) -> Response:
        log.error("request_failed", exc_info=error, extra={"facts": {"request_id": g.get("request_id", "")}})
        return problem(500, "internal")
