"""The doors of devices."""

from __future__ import annotations

from lobby_server.branch import actions, store, wire
from lobby_server.branch.rules import CHALLENGE_LIVES
from lobby_server.doors.routes import Answer, Call, Door
from lobby_server.doors.who import ANYONE, DEVICE_KINDS
from lobby_server.kernel.errors import Invalid, NotFound, Unproven

door = Door("devices")


@door.command("/devices/enrol", may={ANYONE}, takes=wire.Enrolment, gives=wire.Enrolled, http_code=201, keyed=False)
def post_enrol(call: Call) -> Answer:
    """Let a device in with its one-time code."""
    sent: wire.Enrolment = call.body
    try:
        point = sent.public_key.point()
    except ValueError:
        raise Invalid("invalid_fields", errors=[{"field": "public_key", "code": "not_on_curve"}]) from None
    try:
        device = call.run_plain(actions.enrol, actions.Enrol(sent.code, sent.kind, sent.name, point))
    except Unproven:
        # In a transaction of its own: the refusal takes back everything that the deed itself wrote.
        call.run_plain(actions.count_try, sent.code)
        raise
    return Answer(201, wire.enrolled(device).model_dump_json())


@door.command("/devices/{device_id}/challenge", may={ANYONE}, gives=wire.Challenge, keyed=False)
def post_challenge(call: Call) -> wire.Challenge:
    """A number for the device to sign."""
    nonce = call.run_plain(actions.challenge, call.path["device_id"])
    return wire.Challenge(nonce=nonce, expires_in_s=int(CHALLENGE_LIVES.total_seconds()))


@door.command("/devices/{device_id}/token", may={ANYONE}, takes=wire.Signed, gives=wire.Token, keyed=False)
def post_token(call: Call) -> wire.Token:
    """An access token for a right signature."""
    device_id = call.path["device_id"]
    with call.house.database.read() as db:
        point = store.public_key_of(db, device_id)
    if point is None or not wire.is_signed_by(dict(point), device_id, call.body):
        raise Unproven("challenge")
    token, expires_at = call.run_plain(actions.take_token, actions.TakeToken(device_id, call.body.nonce))
    left = expires_at - call.house.clock.now()
    return wire.Token(access_token=token, expires_in_s=max(0, round(left.total_seconds())))


@door.command("/devices/{device_id}/heartbeat", may=DEVICE_KINDS, takes=wire.Heartbeat, http_code=204, keyed=False)
def post_heartbeat(call: Call) -> Answer:
    """The device is alive; a silence of half a minute is told to the branch."""
    if call.path["device_id"] != call.actor.id:
        raise NotFound("device")
    sent: wire.Heartbeat = call.body
    health = sent.health.model_dump(exclude_none=True)
    call.run_plain(actions.note_heartbeat, actions.SignOfLife(call.actor.id, health, sent.is_busy))
    return Answer(204)
