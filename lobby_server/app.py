"""The roof of a web process: puts the rooms, doors and wires together; decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask, request
from flask_socketio import SocketIO
from werkzeug.middleware.proxy_fix import ProxyFix

import kiosk
from lobby_server.admin import http as admin_http
from lobby_server.admin.asking import head_office_of
from lobby_server.admin.metrics import Metrics, metrics_door
from lobby_server.appointments import http as appointments_http
from lobby_server.branch import http as branch_http
from lobby_server.branch import live as branch_live
from lobby_server.branch import store as branches
from lobby_server.branch.actions import TOKEN_PURPOSE
from lobby_server.branch.events import DeviceRevoked
from lobby_server.branch.rules import SERVICE_TYPES_FILE, ServiceType, read_service_types
from lobby_server.clients import store as clients
from lobby_server.clients.rules import TOKEN_BEGINS
from lobby_server.customers import http as customers_http
from lobby_server.customers.store.erasing import greatest_key_no
from lobby_server.doors import openapi
from lobby_server.doors.answering import observe_answers
from lobby_server.doors.mount import cookie_name, mount, refuse_without_policy
from lobby_server.doors.problems import answer_refusals
from lobby_server.doors.routes import Answer, Call, Door, Route
from lobby_server.doors.who import ANYONE
from lobby_server.kernel.actor import NOBODY, Actor, system
from lobby_server.kernel.clock import Clock, SystemClock
from lobby_server.kernel.database import Database, Offload, canonical, directly
from lobby_server.kernel.errors import Unproven
from lobby_server.kernel.house import House
from lobby_server.kernel.ids import RandomIds
from lobby_server.kernel.own_keys import OWN_KEYS_FILE
from lobby_server.kernel.passwords import PIN_COST, Passwords
from lobby_server.kernel.privacy import Keyring, load_keyring
from lobby_server.kernel.settings import BadSettings, Settings
from lobby_server.kernel.work import Works, together
from lobby_server.migrations import is_at_head
from lobby_server.queue import live as queue_live
from lobby_server.queue.http import queue_door
from lobby_server.realtime import asyncapi
from lobby_server.realtime.delivery import Delivery
from lobby_server.realtime.hints import Hints
from lobby_server.realtime.sockets import FRAME_BYTES_MAX, NAMESPACE, Hearing, Sockets
from lobby_server.realtime.wording import Vocabulary
from lobby_server.recommend import http as recommend_http
from lobby_server.staff import store as staff
from lobby_server.staff.actions import COOKIE_PURPOSE, note_use
from lobby_server.staff.events import SignedOut
from lobby_server.staff.http import staff_door
from lobby_server.visits import live as visits_live
from lobby_server.visits import reactions as visits_reactions
from lobby_server.visits.http import visits_door
from lobby_server.webhooks import http as webhooks_http
from referral.crm_sync import http as crm_http
from referral.crm_sync import reactions as crm_reactions
from referral.incentives import live as ledger_live
from referral.incentives import reactions as incentives_reactions
from referral.incentives.http import incentives_door
from referral.lifecycle import live as referrals_live
from referral.lifecycle import reactions as referrals_reactions
from referral.lifecycle.http import bookings_door, referrals_door
from referral.review import http as review_http
from referral.statistics.http import statistics_door
from staff_tablet.screens import customer_card, referral_form
from staff_tablet.screens.demo import demo_door
from staff_tablet.screens.head_office import events_door
from staff_tablet.screens.lobby import audience_of as audience_of_actor
from staff_tablet.screens.lobby import lobby_door
from staff_tablet.screens.pages import chosen_language, load_pages, page_door
from staff_tablet.screens.ticket import AUDIENCE, ticket_door, ticket_of_key, ticket_pages
from staff_tablet.screens.ticket_forms import ticket_forms

VERSION = "0.1.0"
PING_INTERVAL_S, PING_TIMEOUT_S = 20, 15
KIOSK_WEB = Path(kiosk.__file__).parent / "web"
# Events that end a connection, and the field that holds whose.
_ENDS = {DeviceRevoked.type: "device_id", SignedOut.type: "sign_in_id"}

# What each floor does when something happened below.
REACTIONS = together(
    visits_reactions.REACTIONS,
    referrals_reactions.REACTIONS,
    incentives_reactions.REACTIONS,
    crm_reactions.REACTIONS,
)

# How each room words its news.
WORDINGS = [each.WORDING for each in (branch_live, queue_live, visits_live, referrals_live, ledger_live)]


@dataclass(frozen=True)
class Lobby:
    """One web process, put together."""

    house: House
    types: Mapping[str, ServiceType]
    flask: Flask
    socketio: SocketIO
    sockets: Sockets
    delivery: Delivery
    hints: Hints | None
    table: list[Route]
    vocabulary: Vocabulary
    metrics: Metrics


def build_house(
    settings: Settings, *, offload: Offload = directly, commit_offload: Offload = directly, clock: Clock | None = None
) -> House:
    """What exists once in a process. Opens the database; starts nothing.

    Raises BadSettings for a database of another shape, FileNotFoundError where there are no keys.
    """
    clock, ids = clock or SystemClock(), RandomIds()
    keys = load_keyring(settings.secrets, make=False)
    database = Database(settings.database, offload=commit_offload)
    with database.read() as db:
        wrong = _wrong_shape(db, settings, keys)
    if wrong:
        database.close()
        raise BadSettings(wrong)
    works = Works(database, clock, ids, keys, REACTIONS)
    return House(settings, clock, ids, keys, database, works, offload)


def _wrong_shape(db: sa.Connection, settings: Settings, keys: Keyring) -> str:
    """What keeps this server from using this database; empty where nothing does."""
    if not is_at_head(db):
        return "the database has not the newest shape; run `branch-lobby migrate`"
    if greatest_key_no(db) >= keys.own.count():
        return f"{settings.secrets / OWN_KEYS_FILE} is older than the database: put the newest there"
    return ""


def build_lobby(house: House, async_mode: str, breathe: Callable[[], None] | None = None) -> Lobby:
    """The whole web process. Raises NoPolicy when an address is open by oversight.

    `breathe` lets others run after each request: under gevent one busy keep-alive connection would
    otherwise starve the sockets (docs/decisions/).
    """
    types, metrics = read_service_types(SERVICE_TYPES_FILE), Metrics()
    vocabulary = Vocabulary(WORDINGS)
    app = Flask(__name__, static_folder=None)
    answer_refusals(app)
    doors = _doors(house, types, vocabulary, metrics)
    described: list[Route] = []
    doors.append(_contract_door(described, vocabulary))
    described += mount(app, house, doors, _who_is_it)
    refuse_without_policy(app, described)
    observe_answers(app, metrics.answered)
    if breathe is not None:
        app.after_request(lambda answer: (breathe(), answer)[1])
    socketio = SocketIO(
        app,
        async_mode=async_mode,
        transports=["websocket"],
        namespaces=[NAMESPACE],
        cors_allowed_origins=list(house.settings.origins) or None,
        max_http_buffer_size=FRAME_BYTES_MAX,
        ping_interval=PING_INTERVAL_S,
        ping_timeout=PING_TIMEOUT_S,
        manage_session=False,
    )
    # Around Socket.IO's layer too, so that a connection's cookie and origin are judged by the same address. With no
    # proxy these headers come from strangers and mean nothing.
    if n := house.settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]
    sockets = Sockets(house, socketio, _audience_of, _ENDS)
    delivery = Delivery(house, vocabulary, sockets, sockets.heard)
    sockets.delivery = delivery
    metrics.watch_branches(house, sockets.by_audience, delivery.positions)
    sockets.listen()
    hints = Hints(house.settings.redis_url, delivery.wake) if house.settings.redis_url else None
    house.works.wake = _wake_all(delivery, hints)
    return Lobby(house, types, app, socketio, sockets, delivery, hints, described, vocabulary, metrics)


def _doors(house: House, types: Mapping[str, ServiceType], vocabulary: Vocabulary, metrics: Metrics) -> list[Door]:
    """Every door but that of the contract, which describes the others."""
    pages = load_pages(KIOSK_WEB, house.settings.recordings_dir)
    doors: list[Door] = [
        admin_http.door,
        branch_http.door,
        appointments_http.door,
        customers_http.door,
        staff_door(
            Passwords(house.keys.pepper, house.offload),
            Passwords(house.keys.pepper, house.offload, PIN_COST),
            house.clock,
        ),
        visits_door(types, head_office_of(house)),
        recommend_http.door,
        queue_door(types),
        referrals_door(),
        bookings_door(),
        incentives_door(),
        crm_http.door,
        review_http.door,
        webhooks_http.door,
        statistics_door(types),
        lobby_door(types, vocabulary),
        events_door(vocabulary),
        customer_card.door,
        referral_form.door,
        ticket_door(types, vocabulary),
        ticket_pages(pages, types, vocabulary, chosen_language),
        ticket_forms(chosen_language, types),
        page_door(pages),
        _health_door(),
        metrics_door(metrics),
    ]
    if house.settings.demo:
        doors.append(demo_door(pages))
    return doors


def _wake_all(delivery: Delivery, hints: Hints | None) -> Any:
    def wake(branch_id: str) -> None:
        delivery.wake(branch_id)
        if hints is not None:
            hints.say(branch_id)

    return wake


def _who_is_it(house: House) -> Actor:
    """The device or the program of a bearer token, else the person of the cookie, else nobody."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme:
        if scheme.lower() != "bearer":
            raise Unproven("token")
        return _client(house, token) if token.startswith(TOKEN_BEGINS) else _device(house, token)
    cookie = request.cookies.get(cookie_name(request.is_secure))
    return _person(house, cookie) if cookie else NOBODY


def _client(house: House, token: str) -> Actor:
    with house.database.read() as db:
        found = clients.of_token(db, house.keys, token)
    if found is None:
        raise Unproven("token")
    return Actor("client", found.id, found.branch_id, found.scopes, name=found.name)


def _device(house: House, token: str) -> Actor:
    with house.database.read() as db:
        found = branches.device_of_token(db, house.keys.index(token, TOKEN_PURPOSE), house.clock.now())
    if found is None:
        raise Unproven("token")
    device, _until = found
    return Actor("device", device.id, device.branch_id, frozenset({device.kind}), name=device.name)


def _person(house: House, cookie: str) -> Actor:
    with house.database.read() as db:
        found = staff.sign_in_of(db, house.keys, house.keys.index(cookie, COOKIE_PURPOSE), house.clock.now())
    if found is None:
        return NOBODY
    if found.device_id is not None and request.method != "GET":
        # Only what somebody does counts as use; a page that asks by itself may lie on a table.
        house.works.run(note_use, found.id, system(found.staff.branch_id))
    who = found.staff
    return Actor(
        kind="staff",
        id=who.id,
        branch_id=who.branch_id,
        roles=frozenset(who.roles),
        number=who.staff_no,
        name=who.name,
        proof=found.id,
        csrf=found.csrf,
        until=found.ends_at,
    )


def _audience_of(house: House, told: Mapping[str, Any]) -> Hearing:
    """What a connection may hear, from its token, its ticket's key or its cookie."""
    access_token, ticket_key = told.get("access_token"), told.get("ticket_key")
    if isinstance(ticket_key, str):
        with house.database.read() as db:
            ticket = ticket_of_key(house, db, ticket_key)
        return Hearing(ticket.branch_id, AUDIENCE, f"ticket:{ticket.id}", frozenset({ticket.id}))
    actor = _device(house, access_token) if isinstance(access_token, str) else _who_is_it(house)
    if actor == NOBODY:
        raise Unproven("sign_in_needed")
    holder = actor.proof or actor.id
    rights = frozenset({holder, actor.id})
    return Hearing(actor.branch_id, audience_of_actor(actor), holder, rights, actor.until)


def _health_door() -> Door:
    door = Door("health", prefix="")

    @door.question("/livez", may={ANYONE})
    def get_livez(_call: Call) -> Answer:
        """The process answers."""
        return Answer(200, '{"alive":true}')

    @door.question("/readyz", may={ANYONE})
    def get_readyz(call: Call) -> Answer:
        """The database answers and has the shape that this code expects."""
        with call.house.database.read() as db:
            ready = is_at_head(db)
        return Answer(200 if ready else 503, canonical({"ready": ready}))

    return door


def _contract_door(described: list[Route], vocabulary: Vocabulary) -> Door:
    door = Door("contract", prefix="")

    @door.question("/openapi.json", may={ANYONE})
    def get_openapi(_call: Call) -> Answer:
        """This document."""
        return Answer(200, canonical(openapi.document(described, VERSION)))

    @door.question("/asyncapi.json", may={ANYONE})
    def get_asyncapi(_call: Call) -> Answer:
        """What is told over the socket, to whom, and in which shapes."""
        return Answer(200, canonical(asyncapi.document(vocabulary, VERSION)))

    return door
