"""What colleagues do about themselves: join, sign in, sign out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from lobby_server.doors.who import HEAD, STAFF_ROLES
from lobby_server.kernel import event_log, feeds
from lobby_server.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Throttled, Unproven
from lobby_server.kernel.feeds import Difference, Outcome, TakeFeed
from lobby_server.kernel.work import Work
from lobby_server.staff import store
from lobby_server.staff.events import SignedOut
from lobby_server.staff.rules import (
    PIN_TRIES_MAX,
    SIGN_IN_LIVES,
    Employed,
    SignIn,
    Staff,
    employed,
    pin_pause_left,
)

COOKIE_PURPOSE = "sign_in"
# No password matches it, and looking takes as long as with any other: the first one is made by `staff reset`.
_NO_PASSWORD = ""

Number = tuple[str, str]  # branch and staff number


@dataclass(frozen=True)
class AddStaff:
    """A new colleague and the hash of the first password."""

    branch_id: str
    staff_no: str
    name: str
    roles: tuple[str, ...]
    password_hash: str
    licences: tuple[str, ...] = ()


def add_staff(work: Work, request: AddStaff) -> Staff:
    """Enter a colleague. Raises Invalid("unknown_role") with the known ones, Conflict("staff_no_taken")."""
    _check_roles(request.roles)
    if store.is_taken(work.db, request.branch_id, request.staff_no):
        raise Conflict("staff_no_taken", staff_no=request.staff_no)
    new = Staff(work.ids.new_id(), request.branch_id, request.staff_no, request.name, request.roles, request.licences)
    store.add(work.db, work.keys, new, request.password_hash)
    work.audit("add_staff", new.id, branch_id=new.branch_id, roles=list(new.roles))
    return new


def _check_roles(roles: tuple[str, ...]) -> None:
    if not roles or not set(roles) <= STAFF_ROLES:
        raise Invalid("unknown_role", known=sorted(STAFF_ROLES))


def sign_in(work: Work, who: Staff) -> tuple[SignIn, str]:
    """Sign a person in whose password was found right; returns the sign-in and the cookie's secret.

    From now on, and for as long as this lives, their PIN counts on the branch's tablets.
    """
    token = work.ids.secret(32)
    signed_in = SignIn(work.ids.new_id(), who, work.ids.secret(), work.now + SIGN_IN_LIVES)
    store.forget_old_sign_ins(work.db, work.now)
    store.add_sign_in(work.db, signed_in, work.keys.index(token, COOKIE_PURPOSE), work.now)
    store.open_shift(work.db, who.id, signed_in.expires_at)
    if work.actor.kind == "device":
        store.forget_tries_at(work.db, work.actor.id)
    work.audit("sign_in", who.id, branch_id=who.branch_id)
    return signed_in, token


def note_failed_sign_in(work: Work, branch_id: str) -> None:
    """Somebody tried a password in vain. Whose number it was is not kept: people type passwords into that field."""
    if branch_id in event_log.branches(work.db):
        work.audit("fail_sign_in", "", branch_id=branch_id)


# ---- PIN ----------------------------------------------------------------------------------------------------------


def set_pin(work: Work, pin_hash: str) -> None:
    """Somebody chooses their PIN, having proved their password."""
    store.set_pin(work.db, work.actor.id, pin_hash)
    work.audit("set_pin", work.actor.id)


def try_pin(work: Work, staff_no: str) -> str | None:
    """Count one try of a PIN at this tablet before it is looked at; the hash to hold it against, None for nobody.

    Nobody: an unknown number, one without a PIN, without a sign-in by password this shift, tried too often or, at
    another tablet, a moment ago. Raises Forbidden("full_sign_in_needed") when this tablet has seen too many,
    Throttled("too_many_requests") when the last one here was a moment ago: each makes the next wait twice as long.
    """
    tries, tried_at = store.pin_tries_at(work.db, work.actor.id)
    if tries >= PIN_TRIES_MAX:
        raise Forbidden("full_sign_in_needed", audited=True)
    if pause := pin_pause_left(tries, tried_at, work.now):
        raise Throttled("too_many_requests", retry_after_s=math.ceil(pause.total_seconds()))
    store.count_pin_try_at(work.db, work.actor.id, work.now)
    found = store.pin_of(work.db, work.actor.branch_id, staff_no)
    if found is None:
        return None
    # Not refused, which would tell that there is such a colleague: the PIN is held against nothing.
    if pin_pause_left(found.pin_tries, found.pin_tried_at, work.now):
        return None
    store.count_pin_try(work.db, found.id, work.now)
    is_on_shift = found.full_until is not None and found.full_until > work.now
    pin_hash: str | None = found.pin_hash
    return pin_hash if is_on_shift and found.pin_tries < PIN_TRIES_MAX else None


def switch(work: Work, staff_no: str) -> tuple[SignIn, str]:
    """Somebody whose PIN was found right takes this tablet over; whoever had it with a PIN is signed out."""
    # The tablet before the person, as when the try was counted.
    store.take_back_try_at(work.db, work.actor.id)
    who = store.lock(work.db, work.keys, work.actor.branch_id, staff_no)
    found = store.pin_of(work.db, work.actor.branch_id, staff_no)
    if who is None or found is None or found.full_until is None or found.full_until <= work.now:
        raise Unproven("pin_failed")
    store.open_shift(work.db, who.id, found.full_until)
    for ended in store.remove_sign_ins(work.db, device_id=work.actor.id):
        work.record(SignedOut(who.branch_id, ended))
    token = work.ids.secret(32)
    made = SignIn(work.ids.new_id(), who, work.ids.secret(), found.full_until, work.actor.id, work.now)
    store.add_sign_in(work.db, made, work.keys.index(token, COOKIE_PURPOSE), work.now)
    work.audit("switch_by_pin", who.id)
    return made, token


def note_use(work: Work, sign_in_id: str) -> None:
    """Somebody does something at a tablet that they took over with a PIN: it is not idle."""
    store.note_use(work.db, sign_in_id, work.now)


# ---- Administration -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ChangeStaff:
    """What is to be different about a colleague; None stays as it is."""

    staff_no: str
    name: str | None = None
    roles: tuple[str, ...] | None = None
    licences: tuple[str, ...] | None = None
    is_disabled: bool | None = None


def change_staff(work: Work, request: ChangeStaff) -> Staff:
    """Change a colleague of this branch; one who loses a role or the right to sign in is signed out everywhere.

    Raises NotFound("staff"), Invalid("unknown_role"), Conflict("yourself") for one's own roles and right.
    """
    known = _colleague(work, request.staff_no)
    if known.id == work.actor.id and (request.roles is not None or request.is_disabled is not None):
        raise Conflict("yourself")
    changed = known
    if request.name is not None:
        changed = replace(changed, name=request.name)
    if request.roles is not None:
        _check_roles(request.roles)
        changed = replace(changed, roles=request.roles)
    if request.licences is not None:
        changed = replace(changed, licences=request.licences)
    if request.is_disabled is not None:
        changed = replace(changed, disabled_at=(known.disabled_at or work.now) if request.is_disabled else None)
    store.save(work.db, work.keys, changed)
    if (changed.roles, changed.disabled_at) != (known.roles, known.disabled_at):
        _shut_out(work, changed)
    _audit_change(work, changed)
    return changed


def _audit_change(work: Work, changed: Staff) -> None:
    facts = {"roles": list(changed.roles), "licences": list(changed.licences)}
    is_disabled = changed.disabled_at is not None
    work.audit("change_staff", changed.id, branch_id=changed.branch_id, **facts, is_disabled=is_disabled)


@dataclass(frozen=True)
class Reset:
    """A colleague forgot the password: the hash of the next one."""

    staff_no: str
    password_hash: str


def reset_staff(work: Work, request: Reset) -> Staff:
    """Give a colleague another password; the PIN and every sign-in end. Raises NotFound("staff")."""
    known = _colleague(work, request.staff_no)
    store.set_password(work.db, known.id, request.password_hash)
    _shut_out(work, known)
    work.audit("reset_staff", known.id)
    return known


# ---- Head office --------------------------------------------------------------------------------------------------


def take_staff(work: Work, request: TakeFeed[tuple[Number, Employed]]) -> Outcome:
    """Who works where. In a full file whoever is missing is disabled; who comes back keeps number and password.

    Somebody new cannot sign in before `staff reset`; who loses or gets a role is signed out. Raises
    NotFound("branch"), Conflict("no_head_left") when a branch that has a head would have none, and what
    `feeds.take` raises; a dry run raises the same.
    """
    told, here = dict(request.file.lines), event_log.branches(work.db)
    unknown = sorted({branch_id for branch_id, _number in told} - set(here))
    if unknown:
        raise NotFound("branch", branch=unknown[0])
    everybody = {(each.branch_id, each.staff_no): each for at in here for each in store.all_of(work.db, work.keys, at)}
    known = {number: employed(each) for number, each in everybody.items() if each.disabled_at is None}
    if not feeds.is_taken(work.db, request.file.mark):
        _check_heads(known, known | told if not request.file.mark.is_full else told)

    def enter(difference: Difference[Number, Employed]) -> None:
        for number, says in {**difference.added, **difference.changed}.items():
            _employ(work, everybody.get(number), number, says)
        for number in difference.gone:
            _let_go(work, everybody[number])

    return feeds.take(work, request, known, told, enter)


def _check_heads(before: Mapping[Number, Employed], after: Mapping[Number, Employed]) -> None:
    headless = _branches_with_head(before) - _branches_with_head(after)
    if headless:
        raise Conflict("no_head_left", branch=min(headless))


def _branches_with_head(of: Mapping[Number, Employed]) -> set[str]:
    return {branch_id for (branch_id, _number), each in of.items() if HEAD in each.roles}


def _employ(work: Work, before: Staff | None, number: Number, says: Employed) -> None:
    roles, licences = tuple(sorted(says.roles)), tuple(sorted(says.licences))
    if before is None:
        branch_id, staff_no = number
        new = Staff(work.ids.new_id(), branch_id, staff_no, says.name, roles, licences)
        store.add(work.db, work.keys, new, _NO_PASSWORD)
        work.audit("add_staff", new.id, branch_id=branch_id, roles=list(roles))
        return
    changed = replace(before, name=says.name, roles=roles, licences=licences, disabled_at=None)
    store.save(work.db, work.keys, changed)
    if set(before.roles) != says.roles:
        _shut_out(work, before)
    _audit_change(work, changed)


def _let_go(work: Work, who: Staff) -> None:
    gone = replace(who, disabled_at=work.now)
    store.save(work.db, work.keys, gone)
    _shut_out(work, who)
    _audit_change(work, gone)


def _colleague(work: Work, staff_no: str) -> Staff:
    found = store.lock(work.db, work.keys, work.actor.branch_id, staff_no)
    if found is None:
        raise NotFound("staff")
    return found


def _shut_out(work: Work, who: Staff) -> None:
    store.set_pin(work.db, who.id, None)
    store.open_shift(work.db, who.id, None)
    for ended in store.remove_sign_ins(work.db, staff_id=who.id):
        work.record(SignedOut(who.branch_id, ended))


def sign_out(work: Work, sign_in_id: str) -> None:
    """End a sign-in; its connections are closed by what this records."""
    store.remove_sign_in(work.db, sign_in_id)
    work.audit("sign_out", work.actor.id)
    work.record(SignedOut(work.actor.branch_id, sign_in_id))
