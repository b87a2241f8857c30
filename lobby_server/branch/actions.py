"""What people and devices do with the branch itself: furnish it, let devices in, shut them out."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lobby_server.branch import store
from lobby_server.branch.events import DeviceEnrolled, DeviceRevoked
from lobby_server.branch.rules import (
    CHALLENGE_LIVES,
    ENROLMENT_CODE_LIVES,
    TOKEN_LIVES,
    Branch,
    Device,
    ServicePoint,
    check_hours,
    check_point,
)
from lobby_server.kernel.errors import Conflict, Gone, NotFound, Unproven
from lobby_server.kernel.work import Work, start_branch_clock

# Crockford's letters without those that look alike: 8 of them carry 40 bits.
_CODE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_LENGTH = 8

CODE_PURPOSE = "enrolment_code"
NONCE_PURPOSE = "device_challenge"
TOKEN_PURPOSE = "device_token"


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
    """Which kind of device may come into which branch."""

    branch_id: str
    kind: str


def make_enrolment_code(work: Work, request: MakeCode) -> str:
    """A code for one device, good for ten minutes. Raises NotFound("branch") for an unknown branch."""
    if store.find_branch(work.db, request.branch_id) is None:
        raise NotFound("branch")
    code = "".join(secrets.choice(_CODE_LETTERS) for _ in range(_CODE_LENGTH))
    code_index = work.keys.index(code, CODE_PURPOSE)
    store.add_enrolment_code(work.db, code_index, request.branch_id, request.kind, work.now + ENROLMENT_CODE_LIVES)
    work.audit("make_enrolment_code", request.kind, branch_id=request.branch_id)
    return code


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
    code = store.find_enrolment_code(work.db, code_index)
    if code is None or code.kind != request.kind:
        raise Unproven("code_unknown")
    if code.used_at is not None or code.expires_at <= work.now:
        raise Gone("code_used")
    if not store.use_enrolment_code(work.db, code_index, work.now):
        raise Gone("code_used")
    device = Device(work.ids.new_id(), code.branch_id, code.kind, request.name, work.now, None)
    store.add_device(work.db, device, request.public_key, work.now)
    work.audit("enrol_device", device.id, branch_id=device.branch_id, kind=device.kind)
    work.record(DeviceEnrolled(device.branch_id, device.id, device.kind, device.name))
    return device


def challenge(work: Work, device_id: str) -> str:
    """A number for a device to sign. An unknown device gets one too: it learns nothing from that."""
    nonce = work.ids.secret()
    if store.public_key_of(work.db, device_id) is not None:
        nonce_index = work.keys.index(nonce, NONCE_PURPOSE)
        store.add_challenge(work.db, nonce_index, device_id, work.now + CHALLENGE_LIVES)
    return nonce


@dataclass(frozen=True)
class TakeToken:
    """A device whose signature over the nonce was found right."""

    device_id: str
    nonce: str


def take_token(work: Work, request: TakeToken) -> tuple[str, datetime]:
    """An access token and its end, for a nonce that is used up by this. Raises Unproven("challenge")."""
    if not store.use_challenge(work.db, work.keys.index(request.nonce, NONCE_PURPOSE), request.device_id, work.now):
        raise Unproven("challenge")
    store.forget_old_tokens(work.db, work.now)
    token = work.ids.secret(32)
    expires_at = work.now + TOKEN_LIVES
    store.add_token(work.db, work.keys.index(token, TOKEN_PURPOSE), request.device_id, expires_at)
    return token, expires_at


@dataclass(frozen=True)
class SignOfLife:
    """What a device says of itself."""

    device_id: str
    health: Mapping[str, Any]


def note_heartbeat(work: Work, request: SignOfLife) -> None:
    """Remember when the device was last alive."""
    store.note_sign_of_life(work.db, request.device_id, request.health, work.now)


def revoke(work: Work, device_id: str) -> None:
    """Shut a device out at once. Raises NotFound("device")."""
    device = store.find_device(work.db, device_id)
    if device is None or device.branch_id != work.actor.branch_id:
        raise NotFound("device")
    store.revoke_device(work.db, device_id, work.now)
    work.audit("revoke_device", device_id)
    work.record(DeviceRevoked(device.branch_id, device.id, device.kind, device.name))
