"""Hanging the doors into Flask: the same steps for each request, in the same order.

Who is it? Within the limits? May they? Is it our own page that asks (CSRF)? Is it readable? Then the
handler, then the answer.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, g, request
from pydantic import BaseModel

from lobby_server.doors.answering import finish_answers
from lobby_server.doors.limits import Limiter
from lobby_server.doors.reading import BODY_BYTES_MAX, read_json, read_model
from lobby_server.doors.routes import FILE_TYPE, Answer, Call, Door, Route, sha256
from lobby_server.doors.who import ANYONE, check_may
from lobby_server.kernel.actor import NOBODY, Actor
from lobby_server.kernel.errors import Forbidden, Invalid, NotFound, Refusal, Unproven, Unreadable
from lobby_server.kernel.house import House
from lobby_server.kernel.ids import is_id

WhoIsIt = Callable[[House], Actor]

COOKIE, COOKIE_TLS = "lobby", "__Host-lobby"
REQUESTS_PER_S, REQUESTS_BURST = 60.0, 240  # one device or person; a hurried teller makes 2 a second

# Whatever an address may hold: ids, codes, file names. Nothing else reaches a query.
_NAME = re.compile(r"[A-Za-z0-9_.@/+-]{1,200}")

# A request's id is letters: of many thousand ids with digits some hold what looks like a card's number.
_LETTERS = str.maketrans("0123456789", "ghijklmnop")


class NoPolicy(Exception):
    """An address has no policy row: the server refuses to start."""


def mount(app: Flask, house: House, doors: Iterable[Door], who_is_it: WhoIsIt) -> list[Route]:
    """Hang all doors; returns the policy table. Raises NoPolicy when an address stands twice."""
    # An address that is only like one of ours leads nowhere, rather than to ours.
    app.url_map.merge_slashes = False
    limiter = Limiter(house.clock, per_s=REQUESTS_PER_S, burst=REQUESTS_BURST)
    table: dict[tuple[str, str], Route] = {}
    for route in (route for door in doors for route in door.routes):
        if (route.method, route.path) in table:
            raise NoPolicy(f"{route.method} {route.path} is declared twice")
        table[route.method, route.path] = route
        rule = re.sub(r"\{(\w+)\}", r"<\1>", route.path).replace("<file>", "<path:file>")
        app.add_url_rule(
            rule,
            endpoint=f"{route.method} {route.path}",
            view_func=_view(house, route, who_is_it, limiter),
            methods=[route.method],
            provide_automatic_options=False,
        )

    @app.before_request
    def _name_request() -> None:
        g.request_id = secrets.token_hex(8).translate(_LETTERS)

    finish_answers(app)
    return list(table.values())


def refuse_without_policy(app: Flask, table: Iterable[Route]) -> None:
    """Default deny at start-up: every address of the application has a policy row, or nothing runs."""
    known = {f"{route.method} {route.path}" for route in table}
    strangers = sorted(rule.rule for rule in app.url_map.iter_rules() if rule.endpoint not in known)
    if strangers:
        raise NoPolicy(f"no policy row for {', '.join(strangers)}")


def _view(house: House, route: Route, who_is_it: WhoIsIt, limiter: Limiter) -> Callable[..., Response]:
    def view(**path: str) -> Response:
        actor = _proven(house, who_is_it, limiter)
        try:
            if route.metered:
                limiter.check(actor.label if actor != NOBODY else f"address:{request.remote_addr}")
            check_may(actor, route.may)
            if route.method != "GET":
                _check_own_page(house, route, actor)
        except Refusal as refusal:
            if refusal.audited and actor.branch_id:
                house.works.note_refusal(refusal, f"{route.method} {route.path}", actor)
            raise
        return _respond(route.handler(_read(house, route, actor, path)))

    return view


def _proven(house: House, who_is_it: WhoIsIt, limiter: Limiter) -> Actor:
    """Who asks. Guessing tokens is slowed by the address that guesses."""
    try:
        return who_is_it(house)
    except Unproven:
        limiter.check(f"address:{request.remote_addr}")
        raise


def _check_own_page(house: House, route: Route, actor: Actor) -> None:
    """A browser sends the cookie with any page's request; only our own pages know the token.

    Where anyone may pass (signing in), the cookie gives no right, so no token is asked for.
    """
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise Forbidden("foreign_origin")
    origin = request.headers.get("Origin")
    if origin is not None and not is_own_origin(origin, request.host, house.settings.origins):
        raise Forbidden("foreign_origin")
    sent = request.headers.get("X-CSRF-Token", "")
    if ANYONE not in route.may and actor.csrf and not secrets.compare_digest(sent.encode(), actor.csrf.encode()):
        raise Forbidden("csrf")


def is_own_origin(origin: str, host: str, listed: tuple[str, ...]) -> bool:
    """Whether a browser's Origin is this server's own address or one that the settings list."""
    try:
        return urlsplit(origin).netloc == host or origin in listed
    except ValueError:
        return False


def _read(house: House, route: Route, actor: Actor, path: dict[str, str]) -> Call:
    if not all(_NAME.fullmatch(part) for part in path.values()):
        raise NotFound("not_found")
    most = route.takes_file or BODY_BYTES_MAX
    # One byte more than allowed: a body without a stated length is cut there, and told from one that fits.
    request.max_content_length = most + 1
    raw = request.get_data(cache=False) if route.method != "GET" else b""
    if len(raw) > most:
        raise Unreadable("too_long")
    body: Any = None
    if route.takes_file is not None:
        if request.mimetype != FILE_TYPE:
            raise Unreadable("not_json")
        body = raw
    elif route.takes is not None:
        if request.mimetype != "application/json":
            raise Unreadable("not_json")
        body = read_model(route.takes, read_json(raw))
    elif raw and read_json(raw) != {}:
        raise Invalid("invalid_fields", errors=[{"field": "", "code": "extra_forbidden"}])
    key = request.headers.get("Idempotency-Key", "")
    if route.keyed and not is_id(key):
        raise Invalid("key_missing" if not key else "key_malformed")
    return Call(
        house=house,
        route=route,
        actor=actor,
        path=path,
        query=request.args.to_dict(),
        body=body,
        key=key,
        body_sha256=sha256(raw),
        address=request.remote_addr or "",
        is_secure=request.is_secure,
        if_match=request.headers.get("If-Match", ""),
        accept=request.headers.get("Accept", ""),
    )


def _respond(given: Answer | BaseModel) -> Response:
    if isinstance(given, BaseModel):
        return Response(given.model_dump_json(), 200, content_type="application/json")
    response = Response(given.body, given.http_code, content_type=given.content_type)
    response.headers.update(given.headers)
    if given.cookie == "":
        response.delete_cookie(cookie_name(request.is_secure), path="/", secure=request.is_secure, samesite="Strict")
    elif given.cookie is not None:
        response.set_cookie(
            cookie_name(request.is_secure),
            given.cookie,
            path="/",
            secure=request.is_secure,
            httponly=True,
            samesite="Strict",
        )
    return response


def cookie_name(is_secure: bool) -> str:
    """`__Host-lobby` over TLS; plain `lobby` on loopback, where a Host cookie cannot be set."""
    return COOKIE_TLS if is_secure else COOKIE
