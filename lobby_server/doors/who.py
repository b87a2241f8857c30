"""The names that a policy row may use. Nobody may do what no row allows."""

from __future__ import annotations

from lobby_server.kernel.actor import NOBODY, Actor
from lobby_server.kernel.errors import Forbidden, Unproven

ANYONE = "anyone"
STAFF = "staff"

LOBBY_MANAGER = "lobby_manager"
TELLER = "teller"
RM = "rm"
HEAD = "head"
ADMIN = "admin"
STAFF_ROLES = frozenset({LOBBY_MANAGER, TELLER, RM, HEAD, ADMIN})

KIOSK = "kiosk"
WALL = "wall"
TABLET = "tablet"
MACHINE = "machine"
DEVICE_KINDS = frozenset({KIOSK, WALL, TABLET, MACHINE})

# What a program of head office may do; each has those that it was given.
FEEDS = "feeds"
BOOKINGS = "bookings"
EVENTS = "events"
CLIENT_SCOPES = frozenset({FEEDS, BOOKINGS, EVENTS})

EVERY_NAME = frozenset({ANYONE, STAFF}) | STAFF_ROLES | DEVICE_KINDS | CLIENT_SCOPES


def check_may(actor: Actor, may: frozenset[str]) -> None:
    """Let through or refuse: Unproven for a stranger, Forbidden (audited) for somebody known."""
    if ANYONE in may or actor.roles & may or (actor.kind == "staff" and STAFF in may):
        return
    if actor == NOBODY:
        raise Unproven("sign_in_needed")
    raise Forbidden("not_allowed", audited=True)
