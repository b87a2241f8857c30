"""The doors of devices and of a branch's settings."""

from __future__ import annotations

from lobby_server.branch import actions, store, wire
from lobby_server.branch.actions import settings
from lobby_server.branch.rules import (
    CHALLENGE_LIVES,
    ENROLMENT_CODE_LIVES,
    SERVICE_TYPES_FILE,
    Branch,
    Device,
    ServicePoint,
    read_service_types,
)
from lobby_server.branch.wire import seen
from lobby_server.doors.routes import Answer, Call, Door
from lobby_server.doors.who import ADMIN, ANYONE, DEVICE_KINDS, HEAD
from lobby_server.kernel.errors import Invalid, NotFound, Unproven
from lobby_server.kernel.work import Work

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
        point, series = store.public_key_of(db, device_id), store.series_of(db, device_id)
    if point is None or not wire.is_signed_by(dict(point), device_id, call.body):
        raise Unproven("challenge")
    token, expires_at = call.run_plain(actions.take_token, actions.TakeToken(device_id, call.body.nonce))
    left = expires_at - call.house.clock.now()
    return wire.Token(access_token=token, expires_in_s=max(0, round(left.total_seconds())), series=series)


@door.command("/devices/{device_id}/heartbeat", may=DEVICE_KINDS, takes=wire.Heartbeat, http_code=204, keyed=False)
def post_heartbeat(call: Call) -> Answer:
    """The device is alive; a silence of half a minute is told to the branch."""
    if call.path["device_id"] != call.actor.id:
        raise NotFound("device")
    sent: wire.Heartbeat = call.body
    health = sent.health.model_dump(exclude_none=True)
    call.run_plain(actions.note_heartbeat, actions.SignOfLife(call.actor.id, health, sent.is_busy))
    return Answer(204)


# ---- Administration -----------------------------------------------------------------------------------------------


@door.question("/devices", may={ADMIN, HEAD}, gives=seen.DevicesSeen)
def get_devices(call: Call) -> seen.DevicesSeen:
    """The devices of this branch that may come in."""
    with call.house.database.read() as db:
        found = store.devices(db, call.actor.branch_id)
    return seen.DevicesSeen(devices=[seen.device_seen(each, call.house.clock.now()) for each in found])


@door.command("/devices/codes", may={ADMIN}, takes=seen.CodeWanted, gives=seen.CodeMade, http_code=201)
def post_code(call: Call) -> Answer:
    """A set-up code that lets one device in, for ten minutes."""
    request = actions.MakeCode(call.actor.branch_id, call.body.kind, call.body.service_point)
    lives_s = int(ENROLMENT_CODE_LIVES.total_seconds())

    def present(_work: Work, code: str) -> seen.CodeMade:
        return seen.CodeMade(code=code, expires_in_s=lives_s)

    return call.run(actions.make_enrolment_code, request, present)


@door.command("/devices/{device_id}/revoke", may={ADMIN}, gives=seen.DeviceAnswer)
def post_revoke(call: Call) -> Answer:
    """Shut a device out at once."""

    def present(work: Work, gone: Device) -> seen.DeviceAnswer:
        return seen.DeviceAnswer(device=seen.device_seen(gone, work.now))

    return call.run(actions.revoke, call.path["device_id"], present)


def _own_branch(call: Call) -> Branch:
    """The branch of whoever asks."""
    with call.house.database.read() as db:
        branch = store.find_branch(db, call.actor.branch_id)
    assert branch is not None
    return branch


def _versioned(answer: seen.PointSettings | seen.CalendarSeen | seen.ZonesSeen | seen.PromisesSeen) -> Answer:
    """The answer with the version that a change of it names in `If-Match`."""
    return Answer(200, answer.model_dump_json(), {"ETag": f'"{answer.version}"'})


@door.question("/settings/service-points", may={ADMIN, HEAD}, gives=seen.PointSettings)
def get_point_settings(call: Call) -> Answer:
    """How this branch's service points are set up; the `ETag` is the version of the branch's settings."""
    with call.house.database.read() as db:
        branch = store.find_branch(db, call.actor.branch_id)
        points = store.service_points(db, call.actor.branch_id)
    assert branch is not None
    shown = [seen.point_setting(each) for each in points]
    return _versioned(seen.PointSettings(service_points=shown, **seen.zones_seen(branch).model_dump()))


@door.command(
    "/settings/service-points/{code}",
    may={ADMIN},
    takes=wire.PointSet,
    gives=seen.PointSettingAnswer,
    method="PUT",
)
def put_point_setting(call: Call) -> Answer:
    """Set a service point up, or anew; `If-Match` names the version of the settings that it replaces."""
    code = call.path["code"]
    if not wire.is_short_code(code):
        raise Invalid("invalid_fields", errors=[{"field": "code", "code": "string_pattern_mismatch"}])

    def present(_work: Work, point: ServicePoint) -> seen.PointSettingAnswer:
        return seen.PointSettingAnswer(service_point=seen.point_setting(point))

    wanted = wire.point_of(call.actor.branch_id, code, call.body)
    return call.run(settings.set_point, settings.SetPoint(wanted, call.version_to_replace()), present)


@door.question("/settings/zones", may={ADMIN, HEAD}, gives=seen.ZonesSeen)
def get_zones(call: Call) -> Answer:
    """The parts of this branch's hall; the `ETag` is the version of the branch's settings."""
    return _versioned(seen.zones_seen(_own_branch(call)))


@door.command("/settings/zones", may={ADMIN}, takes=wire.ZonesSet, gives=seen.ZonesSeen, method="PUT")
def put_zones(call: Call) -> Answer:
    """Replace the zones; `If-Match` names the version of the settings that this replaces."""
    request = settings.SetZones(call.body.zones, call.version_to_replace())
    return call.run(settings.set_zones, request, lambda _work, branch: seen.zones_seen(branch))


@door.question("/settings/service-types", may={ADMIN, HEAD}, gives=seen.TypeSettings)
def get_type_settings(call: Call) -> seen.TypeSettings:
    """All service types, and which of them this branch offers."""
    with call.house.database.read() as db:
        offered = store.service_codes(db, call.actor.branch_id)
    types = read_service_types(SERVICE_TYPES_FILE).values()
    return seen.TypeSettings(service_types=[seen.type_setting(each, is_offered=each.code in offered) for each in types])


@door.question("/settings/calendar", may={ADMIN, HEAD}, gives=seen.CalendarSeen)
def get_calendar(call: Call) -> Answer:
    """When this branch is open, and how many windows should be; the `ETag` is the version of its settings."""
    return _versioned(seen.calendar_seen(_own_branch(call)))


@door.command("/settings/calendar", may={ADMIN}, takes=wire.CalendarSet, gives=seen.CalendarSeen, method="PUT")
def put_calendar(call: Call) -> Answer:
    """Replace the hours, the closed days and the plan; `If-Match` names the version of the settings."""
    sent: wire.CalendarSet = call.body
    request = settings.SetCalendar(
        hours=wire.hours_of(sent.hours),
        closed_on=frozenset(sent.closed_on),
        plan=wire.plan_of(sent.plan),
        version=call.version_to_replace(),
    )
    return call.run(settings.set_calendar, request, lambda _work, branch: seen.calendar_seen(branch))


@door.question("/settings/promises", may={ADMIN, HEAD}, gives=seen.PromisesSeen)
def get_promises(call: Call) -> Answer:
    """How long each service level may wait here, and how soon alerts are answered; with the version as `ETag`."""
    return _versioned(seen.promises_seen(_own_branch(call)))


@door.command("/settings/promises", may={ADMIN}, takes=wire.PromisesSet, gives=seen.PromisesSeen, method="PUT")
def put_promises(call: Call) -> Answer:
    """Replace the promises; `If-Match` names the version of the settings that this replaces."""
    request = settings.SetPromises(wire.promises_of(call.body), call.version_to_replace())
    return call.run(settings.set_promises, request, lambda _work, branch: seen.promises_seen(branch))
