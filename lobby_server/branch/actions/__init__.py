"""What people and devices do with the branch itself: furnish it, let devices in, shut them out.

How it is set up afterwards stands beside, in `settings`.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from lobby_server.branch import store
from lobby_server.branch.events import (
    DeviceEnrolled,
    DeviceEvent,
    DeviceFound,
    DeviceLost,
    DevicePaperChanged,
    DeviceRevoked,
)
from lobby_server.branch.rules import (
    CHALLENGE_LIVES,
    ENROLMENT_CODE_LIVES,
    ENROLMENT_TRIES_MAX,
    LOST_AFTER,
    MACHINE_POINT,
    TOKEN_LIVES,
    Branch,
    Device,
    ServicePoint,
    check_hours,
    check_point,
    is_alive,
    series_for_new,
)
from lobby_server.branch.store import letting_in
from lobby_server.doors.who import KIOSK, MACHINE
from lobby_server.kernel.errors import Conflict, Gone, Invalid, NotFound, Unproven
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
