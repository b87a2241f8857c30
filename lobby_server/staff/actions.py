"""What colleagues do about themselves: join, sign in, sign out."""

from __future__ import annotations

from dataclasses import dataclass

from lobby_server.doors.who import STAFF_ROLES
from lobby_server.kernel.errors import Conflict, Invalid
from lobby_server.kernel.work import Work
from lobby_server.staff import store
from lobby_server.staff.events import SignedOut
from lobby_server.staff.rules import SIGN_IN_LIVES, SignIn, Staff

COOKIE_PURPOSE = "sign_in"


@dataclass(frozen=True)
class AddStaff:
    """A new colleague and the hash of the first password."""

    branch_id: str
    staff_no: str
    name: str
    roles: tuple[str, ...]
    password_hash: str


def add_staff(work: Work, request: AddStaff) -> Staff:
    """Enter a colleague. Raises Invalid("unknown_role") with the known ones, Conflict("staff_no_taken")."""
    if not request.roles or not set(request.roles) <= STAFF_ROLES:
        raise Invalid("unknown_role", known=sorted(STAFF_ROLES))
    if store.is_taken(work.db, request.branch_id, request.staff_no):
        raise Conflict("staff_no_taken", staff_no=request.staff_no)
    new = Staff(work.ids.new_id(), request.branch_id, request.staff_no, request.name, request.roles)
    store.add(work.db, work.keys, new, request.password_hash)
    work.audit("add_staff", new.id, branch_id=new.branch_id, roles=list(new.roles))
    return new


def sign_in(work: Work, who: Staff) -> tuple[SignIn, str]:
    """Sign a person in whose password was found right; returns the sign-in and the cookie's secret."""
    token = work.ids.secret(32)
    signed_in = SignIn(work.ids.new_id(), who, work.ids.secret(), work.now + SIGN_IN_LIVES)
    store.forget_old_sign_ins(work.db, work.now)
    store.add_sign_in(work.db, signed_in, work.keys.index(token, COOKIE_PURPOSE), work.now)
    work.audit("sign_in", who.id, branch_id=who.branch_id)
    return signed_in, token


def sign_out(work: Work, sign_in_id: str) -> None:
    """End a sign-in; its connections are closed by what this records."""
    store.remove_sign_in(work.db, sign_in_id)
    work.audit("sign_out", work.actor.id)
    work.record(SignedOut(work.actor.branch_id, sign_in_id))
