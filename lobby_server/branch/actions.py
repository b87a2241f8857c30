"""What people and devices do with the branch itself: furnish it, let devices in, shut them out."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, TypeVar

from lobby_server.branch import store
from lobby_server.branch.events import (
    DeviceEnrolled,
    DeviceEvent,
    DeviceFound,
    DeviceLost,
    DevicePaperChanged,
    DeviceRevoked,
    ServicePointChanged,
)
from lobby_server.branch.rules import (
    CHALLENGE_LIVES,
    ENROLMENT_CODE_LIVES,
    ENROLMENT_TRIES_MAX,
    LOST_AFTER,
    MACHINE_POINT,
    POINTS_MAX,
    SERVICE_TYPES_FILE,
    TOKEN_LIVES,
    Branch,
    Device,
    Hours,
    Names,
    Planned,
    ServicePoint,
    check_change,
    check_hours,
    check_point,
    is_alive,
    offered_codes,
    read_service_types,
    series_for_new,
)
from lobby_server.branch.store import letting_in
from lobby_server.doors.who import KIOSK, MACHINE
from lobby_server.kernel import feeds
from lobby_server.kernel.errors import Conflict, Gone, Invalid, NotFound, Unproven
from lobby_server.kernel.feeds import Difference, Outcome, TakeFeed
from lobby_server.kernel.work import Work, start_branch_clock

# Crockford's letters without those that look alike: 8 of them carry 40 bits.
CODE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_LENGTH = 8

CODE_PURPOSE = "enrolment_code"
NONCE_PURPOSE = "device_challenge"
TOKEN_PURPOSE = "device_token"
DEVICE_SILENT = "device.silent"

E = TypeVar("E", bound=DeviceEvent)


@dataclass(frozen=True)
class OpenBranch:
    """A branch with its service points."""

    branch: Branch
    service_points: tuple[ServicePoint, ...]


def open_branch(work: Work, request: OpenBranch) -> None:
    """Found a branch: its history begins at number 0.

    Raises Conflict("branch_exists"), Invalid for hours or a service point that cannot be.
    """
    if store.find_branch(work.db, request.branch.id) is not None:
        raise Conflict("branch_exists")
    check_hours(request.branch.hours)
    check_hours(request.branch.plan)
    for point in request.service_points:
        check_point(point, request.branch.zones)
    store.add_branch(work.db, request.branch)
    start_branch_clock(work, request.branch.id)
    for point in request.service_points:
        store.add_service_point(work.db, point)
    work.audit("open_branch", request.branch.id, branch_id=request.branch.id)


@dataclass(frozen=True)
class MakeCode:
    """Which kind of device may come into which branch, and which service point it stands at or is."""

    branch_id: str
    kind: str
    service_point: str | None = None


def make_enrolment_code(work: Work, request: MakeCode) -> str:
    """A code for one device, good for ten minutes.

    Raises NotFound("branch"), NotFound("service_point"), Invalid("machine_point") unless a machine, and only a
    machine, is let in as one.
    """
    if store.find_branch(work.db, request.branch_id) is None:
        raise NotFound("branch")
    _check_place(work, request)
    code = "".join(secrets.choice(CODE_LETTERS) for _ in range(_CODE_LENGTH))
    code_index = work.keys.index(code, CODE_PURPOSE)
    letting_in.add_enrolment_code(
        work.db, code_index, request.branch_id, request.kind, request.service_point, work.now + ENROLMENT_CODE_LIVES
    )
    work.audit("make_enrolment_code", request.kind, branch_id=request.branch_id, at=request.service_point)
    return code


def _check_place(work: Work, request: MakeCode) -> None:
    is_machine_point = False
    if request.service_point is not None:
        point = store.find_service_point(work.db, request.branch_id, request.service_point)
        if point is None:
            raise NotFound("service_point")
        is_machine_point = point.kind == MACHINE_POINT
    if (request.kind == MACHINE) != is_machine_point:
        raise Invalid("machine_point")


@dataclass(frozen=True)
class Enrol:
    """A device at the door: its code, what it says it is, and its public key (JWK, P-256)."""

    code: str
    kind: str
    name: str
    public_key: Mapping[str, str]


def enrol(work: Work, request: Enrol) -> Device:
    """Let a device in, once per code. Raises Unproven("code_unknown") or Gone("code_used")."""
    code_index = work.keys.index(request.code.strip().upper(), CODE_PURPOSE)
    code = letting_in.find_enrolment_code(work.db, code_index)
    if code is None or code.kind != request.kind:
        raise Unproven("code_unknown")
    if code.used_at is not None or code.expires_at <= work.now or code.tries >= ENROLMENT_TRIES_MAX:
        raise Gone("code_used")
    if not letting_in.use_enrolment_code(work.db, code_index, work.now):
        raise Gone("code_used")
    coming = Device(
        work.ids.new_id(),
        code.branch_id,
        code.kind,
        request.name,
        work.now,
        None,
        service_point=code.service_point,
        series=_take_series(work, code.branch_id) if code.kind == KIOSK else None,
    )
    store.add_device(work.db, coming, request.public_key, work.now)
    device = store.lock_device(work.db, coming.id)
    assert device is not None
    work.due(device.branch_id, work.now + LOST_AFTER, DEVICE_SILENT, device.id)
    work.audit("enrol_device", device.id, branch_id=device.branch_id, kind=device.kind)
    work.record(_told(DeviceEnrolled, device, work.now))
    return device


def _take_series(work: Work, branch_id: str) -> int | None:
    """The series of a kiosk that comes in, taken from whoever had it."""
    store.lock_branch(work.db, branch_id)
    kiosks = [each for each in store.all_devices(work.db, branch_id) if each.kind == KIOSK]
    series = series_for_new(kiosks, work.now)
    if series is not None:
        store.free_series(work.db, branch_id, series)
    return series


def count_try(work: Work, code: str) -> None:
    """Somebody tried a code in vain; after five times it lets nobody in. An unknown code is nobody's."""
    letting_in.count_try(work.db, work.keys.index(code.strip().upper(), CODE_PURPOSE))


def _told(kind: type[E], device: Device, now: datetime) -> E:
    """What an event of this kind says of a device."""
    return kind(
        branch_id=device.branch_id,
        device_id=device.id,
        kind=device.kind,
        name=device.name,
        service_point=device.service_point,
        zone=device.zone,
        seen_at=device.seen_at,
        is_alive=device.revoked_at is None and is_alive(device.seen_at, now),
    )


def challenge(work: Work, device_id: str) -> str:
    """A number for a device to sign. An unknown device gets one too: it learns nothing from that."""
    nonce = work.ids.secret()
    if store.public_key_of(work.db, device_id) is not None:
        nonce_index = work.keys.index(nonce, NONCE_PURPOSE)
        letting_in.add_challenge(work.db, nonce_index, device_id, work.now + CHALLENGE_LIVES)
    return nonce


@dataclass(frozen=True)
class TakeToken:
    """A device whose signature over the nonce was found right."""

    device_id: str
    nonce: str


def take_token(work: Work, request: TakeToken) -> tuple[str, datetime]:
    """An access token and its end, for a nonce that is used up by this. Raises Unproven("challenge")."""
    if not letting_in.use_challenge(
        work.db, work.keys.index(request.nonce, NONCE_PURPOSE), request.device_id, work.now
    ):
        raise Unproven("challenge")
    letting_in.forget_old_tokens(work.db, work.now)
    token = work.ids.secret(32)
    expires_at = work.now + TOKEN_LIVES
    letting_in.add_token(work.db, work.keys.index(token, TOKEN_PURPOSE), request.device_id, expires_at)
    return token, expires_at


@dataclass(frozen=True)
class SignOfLife:
    """What a device says of itself."""

    device_id: str
    health: Mapping[str, Any]
    is_busy: bool = False


def note_heartbeat(work: Work, request: SignOfLife) -> None:
    """Remember when the device was last alive and what it says of itself; a lost one is found again."""
    # The later deed before the device, in the order in which the worker takes them.
    work.due(work.actor.branch_id, work.now + LOST_AFTER, DEVICE_SILENT, request.device_id)
    device = store.lock_device(work.db, request.device_id)
    if device is None or device.revoked_at is not None:
        work.no_longer_due(DEVICE_SILENT, request.device_id)
        return
    if device.seen_at is not None and not is_alive(device.seen_at, work.now):
        store.note_silence(work.db, device.id, device.seen_at, work.now)
    store.note_sign_of_life(work.db, device.id, request.health, request.is_busy, work.now)
    paper = request.health.get("paper", "ok")
    if paper != device.health.get("paper", "ok"):
        changed = _told(DevicePaperChanged, replace(device, seen_at=work.now), work.now)
        work.record(replace(changed, paper=paper))
    if device.lost_at is not None:
        work.audit("find_device", device.id)
        work.record(_told(DeviceFound, replace(device, seen_at=work.now), work.now))


def lose_device(work: Work, device_id: str) -> None:
    """Half a minute of silence: the branch is told that this device is lost."""
    device = store.lock_device(work.db, device_id)
    if device is None or device.revoked_at or device.lost_at or is_alive(device.seen_at, work.now):
        return
    store.lose_device(work.db, device.id, work.now)
    work.audit("lose_device", device.id)
    work.record(_told(DeviceLost, device, work.now))


def revoke(work: Work, device_id: str) -> Device:
    """Shut a device out at once. Raises NotFound("device")."""
    device = store.lock_device(work.db, device_id)
    if device is None or device.branch_id != work.actor.branch_id:
        raise NotFound("device")
    gone = replace(device, revoked_at=work.now)
    store.revoke_device(work.db, device_id, work.now)
    work.no_longer_due(DEVICE_SILENT, device_id)
    work.audit("revoke_device", device_id)
    work.record(_told(DeviceRevoked, gone, work.now))
    return gone


def _next_version(work: Work, seen: int) -> Branch:
    """This branch as the next version of its settings, for whoever saw the one in force.

    Raises Conflict("changed") with the version that somebody else has made meanwhile.
    """
    branch = store.lock_branch(work.db, work.actor.branch_id)
    if branch.version != seen:
        raise Conflict("changed", version=branch.version)
    following = replace(branch, version=seen + 1)
    store.save_settings(work.db, following)
    return following


@dataclass(frozen=True)
class SetPoint:
    """How a service point should be; `version` is that of the settings in which somebody changed it."""

    point: ServicePoint
    version: int


def set_point(work: Work, request: SetPoint) -> ServicePoint:
    """Set a service point up, or anew, at this branch; whoever works there goes on.

    Raises Invalid for a point that cannot be, Conflict("in_use") for another kind of point while it is used,
    Invalid("too_many_points"), Conflict("changed") as every setting.
    """
    branch, wanted = _next_version(work, request.version), request.point
    check_point(wanted, branch.zones)
    known = store.lock_service_point(work.db, wanted.branch_id, wanted.code)
    if known is None:
        if len(store.service_points(work.db, branch.id)) >= POINTS_MAX:
            raise Invalid("too_many_points", most=POINTS_MAX)
        store.add_service_point(work.db, wanted)
        changed = wanted
    else:
        check_change(known, wanted)
        changed = replace(wanted, staff_id=known.staff_id, opened_at=known.opened_at, visit_id=known.visit_id)
        store.save_service_point(work.db, changed)
    work.audit("set_service_point", changed.code, kind=changed.kind, serves=list(changed.serves), zone=changed.zone)
    work.record(ServicePointChanged(changed.branch_id, changed))
    return changed


@dataclass(frozen=True)
class SetCalendar:
    """When this branch is open, and how many windows should be; `version` is what somebody changed."""

    hours: tuple[Hours, ...]
    closed_on: frozenset[date]
    plan: tuple[Planned, ...]
    version: int


def set_calendar(work: Work, request: SetCalendar) -> Branch:
    """Replace this branch's calendar and plan.

    Raises Invalid("hours_backward"), Invalid("hours_overlap"), Conflict("changed") as every setting.
    """
    check_hours(request.hours)
    check_hours(request.plan)
    branch = _next_version(work, request.version)
    changed = replace(branch, hours=request.hours, closed_on=request.closed_on, plan=request.plan)
    store.save_settings(work.db, changed)
    work.audit("set_calendar", branch.id, closed_days=len(request.closed_on))
    return changed


@dataclass(frozen=True)
class SetZones:
    """The parts of this branch's hall, by code, with their names; `version` is what somebody changed."""

    zones: Mapping[str, Names]
    version: int


def set_zones(work: Work, request: SetZones) -> Branch:
    """Replace the zones of this branch's hall.

    Raises Conflict("in_use") naming the points that stand in one which would be gone, Conflict("changed") as every
    setting.
    """
    branch = _next_version(work, request.version)
    points = store.service_points(work.db, branch.id)
    left = sorted(each.code for each in points if each.zone is not None and each.zone not in request.zones)
    if left:
        raise Conflict("in_use", service_points=left)
    changed = replace(branch, zones=dict(request.zones))
    store.save_settings(work.db, changed)
    work.audit("set_zones", branch.id, zones=sorted(request.zones))
    return changed


def take_services(work: Work, request: TakeFeed[tuple[str, frozenset[str]]]) -> Outcome:
    """Which service types each branch offers: what its kind may serve and is not named is withheld.

    A branch that is not in the file stays as it is, even in a full one. Raises NotFound("branch"),
    Invalid("unknown_service_type") for one that a branch of this kind may not serve, and what `feeds.take` raises.
    """
    told = dict(request.file.lines)
    may = {}
    for branch_id, codes in told.items():
        found = store.find_branch(work.db, branch_id)
        if found is None:
            raise NotFound("branch", branch=branch_id)
        may[branch_id] = offered_codes(read_service_types(SERVICE_TYPES_FILE), found.kind, ())
        if not codes <= may[branch_id]:
            raise Invalid("unknown_service_type", branch=branch_id, unknown=sorted(codes - may[branch_id]))

    def enter(difference: Difference[str, frozenset[str]]) -> None:
        for branch_id, codes in difference.changed.items():
            store.set_withheld(work.db, branch_id, may[branch_id] - codes)

    known = {branch_id: store.service_codes(work.db, branch_id) for branch_id in told}
    return feeds.take(work, request, known, told, enter)
