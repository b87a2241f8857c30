"""The doors of signing in and out."""

from __future__ import annotations

from lobby_server.doors.limits import Limiter
from lobby_server.doors.routes import Answer, Call, Door
from lobby_server.doors.who import ANYONE, STAFF
from lobby_server.kernel.clock import Clock
from lobby_server.kernel.errors import Unproven
from lobby_server.kernel.passwords import Passwords
from lobby_server.staff import actions, store, wire

TRIES_BURST, TRIES_PER_S = 10, 1 / 60  # ten wrong ones at once, then one a minute, for each person


def staff_door(passwords: Passwords, clock: Clock) -> Door:
    """The doors; `passwords` is built at the roof because hashing takes turns in the whole process."""
    door = Door("staff")
    tries = Limiter(clock, per_s=TRIES_PER_S, burst=TRIES_BURST)

    @door.command("/sign-in", may={ANYONE}, takes=wire.Credentials, gives=wire.SignedIn, keyed=False)
    def post_sign_in(call: Call) -> Answer:
        """Sign in with staff number and password."""
        sent: wire.Credentials = call.body
        tries.check(f"{sent.branch}/{sent.staff_no}")
        with call.house.database.read() as db:
            found = store.find(db, call.house.keys, sent.branch, sent.staff_no)
        if not passwords.is_right(sent.password, found[1] if found else None) or found is None:
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

    return door
