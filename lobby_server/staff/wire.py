"""Sign-in on the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from lobby_server.doors.reading import Code, Text, Wire
from lobby_server.kernel.actor import Actor
from lobby_server.staff.rules import SignIn


class Credentials(Wire):
    """Who says they are who, and their password."""

    branch: Code
    staff_no: Code
    password: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class NewColleague(Wire):
    """Somebody who joins."""

    branch: Code
    staff_no: Code
    name: Text


class Colleague(Wire):
    """A person as their own screens show them."""

    staff_no: str
    name: str
    roles: list[str]
    branch: str


class SignedIn(Wire):
    """The person, and the token that commands must carry."""

    staff: Colleague
    csrf: str


def signed_in(given: SignIn) -> SignedIn:
    """After signing in."""
    who = given.staff
    colleague = Colleague(staff_no=who.staff_no, name=who.name, roles=sorted(who.roles), branch=who.branch_id)
    return SignedIn(staff=colleague, csrf=given.csrf)


def me(actor: Actor) -> SignedIn:
    """Who this cookie is."""
    colleague = Colleague(staff_no=actor.number, name=actor.name, roles=sorted(actor.roles), branch=actor.branch_id)
    return SignedIn(staff=colleague, csrf=actor.csrf)
