"""The doors of signing in and out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from lobby_server.doors.limits import Limiter
from lobby_server.doors.routes import Answer, Call, Door
from lobby_server.doors.who import ADMIN, ANYONE, HEAD, STAFF, TABLET
from lobby_server.kernel.clock import Clock
from lobby_server.kernel.errors import Forbidden, Unproven
from lobby_server.kernel.passwords import Passwords
from lobby_server.kernel.work import Work
from lobby_server.staff import actions, store, wire
from lobby_server.staff.rules import Staff

R = TypeVar("R")

TRIES_BURST, TRIES_PER_S = 10, 1 / 60  # ten wrong ones at once, then one a minute, for each person
PASSWORD_BYTES = 12  # 96 random bits, sixteen letters: nobody guesses it before its owner changes it


def staff_door(passwords: Passwords, pins: Passwords, clock: Clock) -> Door:
    """The doors; `passwords` and `pins` are built at the roof because hashing takes turns in the whole process."""
    door = Door("staff")
    _signing_in(door, passwords, clock)
    _pins(door, passwords, pins, clock)
    _administration(door, passwords)
    return door


def _signing_in(door: Door, passwords: Passwords, clock: Clock) -> None:
    tries = Limiter(clock, per_s=TRIES_PER_S, burst=TRIES_BURST)

    @door.command("/sign-in", may={ANYONE}, takes=wire.Credentials, gives=wire.SignedIn, keyed=False)
    def post_sign_in(call: Call) -> Answer:
        """Sign in with staff number and password."""
        sent: wire.Credentials = call.body
        tries.check(f"{sent.branch}/{sent.staff_no}")
        with call.house.database.read() as db:
            found = store.find(db, call.house.keys, sent.branch, sent.staff_no)
        if not passwords.is_right(sent.password, found[1] if found else None) or found is None:
            call.run_plain(actions.note_failed_sign_in, sent.branch)
            raise Unproven("sign_in_failed")
        signed_in, token = call.run_plain(actions.sign_in, found[0])
        return Answer(200, wire.signed_in(signed_in).model_dump_json(), cookie=token)

    @door.command("/sign-out", may={STAFF}, http_code=204, keyed=False)
    def post_sign_out(call: Call) -> Answer:
        """End this sign-in."""
        call.run_plain(actions.sign_out, call.actor.proof)
        return Answer(204, cookie="")

    @door.question("/me", may={STAFF}, gives=wire.SignedIn)
    def get_me(call: Call) -> wire.SignedIn:
        """Who I am."""
        return wire.me(call.actor)


def _pins(door: Door, passwords: Passwords, pins: Passwords, clock: Clock) -> None:
    tries = Limiter(clock, per_s=TRIES_PER_S, burst=TRIES_BURST)

    @door.command("/me/pin", may={STAFF}, takes=wire.PinChosen, http_code=204, keyed=False)
    def post_pin(call: Call) -> Answer:
        """Choose one's own PIN. Not kept for repeating: even the trace of a password would be too much."""
        tries.check(call.actor.id)
        with call.house.database.read() as db:
            found = store.find(db, call.house.keys, call.actor.branch_id, call.actor.number)
        if found is None or not passwords.is_right(call.body.password, found[1]):
            raise Forbidden("sign_in_failed", audited=True)
        call.run_plain(actions.set_pin, pins.hash(call.body.pin))
        return Answer(204)

    @door.command("/pin-switch", may={TABLET}, takes=wire.PinTried, gives=wire.SignedIn, keyed=False)
    def post_pin_switch(call: Call) -> Answer:
        """Take a tablet over with one's PIN."""
        # Counted before it is looked at: of many at the same moment only one is.
        pin_hash = call.run_plain(actions.try_pin, call.body.staff_no)
        if not pins.is_right(call.body.pin, pin_hash):
            raise Unproven("pin_failed")
        signed_in, token = call.run_plain(actions.switch, call.body.staff_no)
        return Answer(200, wire.signed_in(signed_in).model_dump_json(), cookie=token)


def _administration(door: Door, passwords: Passwords) -> None:
    @door.question("/staff", may={ADMIN, HEAD}, gives=wire.StaffList)
    def get_staff(call: Call) -> wire.StaffList:
        """Everybody of this branch."""
        with call.house.database.read() as db:
            people = store.all_of(db, call.house.keys, call.actor.branch_id)
        return wire.StaffList(staff=[wire.listed(each) for each in people])

    @door.command("/staff", may={ADMIN}, takes=wire.StaffMade, gives=wire.PasswordMade, http_code=201)
    def post_staff(call: Call) -> Answer:
        """Enter a colleague; the first password is made here and told once."""
        sent: wire.StaffMade = call.body

        def with_password(password_hash: str) -> actions.AddStaff:
            return actions.AddStaff(
                call.actor.branch_id,
                sent.staff_no,
                sent.name,
                tuple(sent.roles),
                password_hash,
                tuple(sent.licences),
            )

        return _with_new_password(call, passwords, actions.add_staff, with_password)

    @door.command("/staff/{staff_no}", may={ADMIN}, takes=wire.StaffChanged, gives=wire.StaffAnswer, method="PATCH")
    def patch_staff(call: Call) -> Answer:
        """Change a colleague; whoever loses a role is signed out everywhere."""
        sent: wire.StaffChanged = call.body
        request = actions.ChangeStaff(
            staff_no=call.path["staff_no"],
            name=sent.name,
            roles=tuple(sent.roles) if sent.roles is not None else None,
            licences=tuple(sent.licences) if sent.licences is not None else None,
            is_disabled=sent.is_disabled,
        )

        def present(_work: Work, who: Staff) -> wire.StaffAnswer:
            return wire.StaffAnswer(staff=wire.listed(who))

        return call.run(actions.change_staff, request, present)

    @door.command("/staff/{staff_no}/reset", may={ADMIN}, gives=wire.PasswordMade)
    def post_reset(call: Call) -> Answer:
        """Give a colleague another password, told once; every sign-in of theirs ends."""

        def with_password(password_hash: str) -> actions.Reset:
            return actions.Reset(call.path["staff_no"], password_hash)

        return _with_new_password(call, passwords, actions.reset_staff, with_password)


def _with_new_password(
    call: Call, passwords: Passwords, action: Callable[[Work, R], Staff], with_password: Callable[[str], R]
) -> Answer:
    """Run an action with a fresh password, hashed before the transaction, and tell it in the sealed answer."""
    if (before := call.answered_before()) is not None:
        return before
    password = call.house.ids.secret(PASSWORD_BYTES)
    request = with_password(passwords.hash(password))

    def present(_work: Work, who: Staff) -> wire.PasswordMade:
        return wire.PasswordMade(staff=wire.listed(who), password=password)

    return call.run(action, request, present)
