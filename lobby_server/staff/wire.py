"""Sign-in on the wire."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from lobby_server.doors.feeds import read_feed
from lobby_server.doors.reading import Code, Text, Wire
from lobby_server.kernel.actor import Actor
from lobby_server.kernel.feeds import FeedFile
from lobby_server.staff.rules import LICENCES_MAX, Employed, SignIn, Staff, may_be_pin

Roles = Annotated[list[Literal["admin", "head", "lobby_manager", "rm", "teller"]], Field(min_length=1, max_length=5)]
Licences = Annotated[list[Code], Field(max_length=LICENCES_MAX)]


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
    licences: Licences = Field(default_factory=list)


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


def _a_pin(text: str) -> str:
    if not may_be_pin(text):
        raise ValueError("too easy")
    return text


class PinTried(Wire):
    """Who takes this tablet over."""

    staff_no: Code
    pin: Annotated[str, StringConstraints(min_length=1, max_length=16)]


class PinChosen(Wire):
    """One's own PIN: six digits, none of the first that anybody tries."""

    password: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    pin: Annotated[str, AfterValidator(_a_pin)]


class StaffMade(Wire):
    """Somebody who joins; the first password is made here and told once."""

    staff_no: Code
    name: Text
    roles: Roles
    licences: Licences = Field(default_factory=list)


class StaffChanged(Wire):
    """What is to be different; what is missing stays as it is."""

    name: Text | None = None
    roles: Roles | None = None
    licences: Licences | None = None
    is_disabled: bool | None = None


class StaffListed(Wire):
    """A colleague on the administrator's screen."""

    staff_no: str
    name: str
    roles: list[str]
    licences: list[str]
    is_disabled: bool


class StaffList(Wire):
    """Everybody of a branch, by number."""

    staff: list[StaffListed]


class StaffAnswer(Wire):
    """The colleague as they are now."""

    staff: StaffListed


class PasswordMade(Wire):
    """The colleague, and a password that is told only now."""

    staff: StaffListed
    password: str


class StaffLine(Wire):
    """One line of head office's file of staff."""

    branch: Code
    staff_no: Code
    name: Text
    roles: Roles
    licences: Licences = Field(default_factory=list)


def read_staff_file(raw: bytes) -> FeedFile[tuple[tuple[str, str], Employed]]:
    """Read a whole file; raises what `read_feed` raises. A number stands once in a branch."""
    return read_feed(
        raw,
        "staff",
        StaffLine,
        lambda line, _mark: (
            (line.branch, line.staff_no),
            Employed(line.name, frozenset(line.roles), frozenset(line.licences)),
        ),
        lambda line: [("staff_no", (line.branch, line.staff_no))],
    )


def listed(who: Staff) -> StaffListed:
    """A colleague on the administrator's screen."""
    return StaffListed(
        staff_no=who.staff_no,
        name=who.name,
        roles=sorted(who.roles),
        licences=sorted(who.licences),
        is_disabled=who.disabled_at is not None,
    )
