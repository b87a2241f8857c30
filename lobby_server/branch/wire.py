"""Devices and service points on the wire."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pydantic import AfterValidator, Field, StringConstraints

from lobby_server.branch.rules import Device, device_token_text
from lobby_server.doors.reading import Text, Wire

_COORDINATE_BYTES = 32


def from_base64url(text: str) -> bytes:
    """Bytes of unpadded base64url. Raises ValueError for anything else."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error


def _coordinate(text: str) -> str:
    if len(from_base64url(text)) != _COORDINATE_BYTES:
        raise ValueError("not 32 bytes")
    return text


Coordinate = Annotated[str, StringConstraints(max_length=44), AfterValidator(_coordinate)]


class PublicKey(Wire):
    """An ECDSA P-256 key as JWK (RFC 7517)."""

    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: Coordinate
    y: Coordinate
    ext: bool | None = None
    key_ops: list[str] | None = None
    alg: str | None = None
    kid: str | None = None
    use: str | None = None

    def point(self) -> dict[str, str]:
        """What is kept of it. Raises ValueError when it is not on the curve."""
        load_key({"x": self.x, "y": self.y})
        return {"x": self.x, "y": self.y}


class Enrolment(Wire):
    """A device at the door."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=32)]
    kind: Literal["kiosk", "wall", "tablet"]
    name: Text
    public_key: PublicKey


class Enrolled(Wire):
    """It may come in."""

    device_id: str
    branch: str


class Challenge(Wire):
    """Sign this within `expires_in_s`."""

    nonce: str
    expires_in_s: int


class Signed(Wire):
    """The nonce and the signature over it: raw r then s, base64url."""

    nonce: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    signature: Annotated[str, StringConstraints(min_length=1, max_length=128)]


class Token(Wire):
    """Opens the doors as `Authorization: Bearer` for `expires_in_s`."""

    access_token: str
    expires_in_s: int


FACTS_MAX = 32
Fact = Annotated[str, StringConstraints(max_length=200)] | int | float | bool | None


class Heartbeat(Wire):
    """How a device feels: up to 32 plain facts (`paper`, `camera`, `clock_offset_ms`)."""

    health: Annotated[
        dict[Annotated[str, StringConstraints(min_length=1, max_length=64)], Fact], Field(max_length=FACTS_MAX)
    ]
    busy: bool | None = None
    visit_id: str | None = None


def load_key(point: dict[str, str]) -> ec.EllipticCurvePublicKey:
    """The key of its two coordinates. Raises ValueError when it is not on the curve."""
    x, y = (int.from_bytes(from_base64url(point[axis]), "big") for axis in ("x", "y"))
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()


def is_signed_by(point: dict[str, str], device_id: str, signed: Signed) -> bool:
    """Whether the signature over the device's text is right (ECDSA P-256 with SHA-256)."""
    try:
        raw, key = from_base64url(signed.signature), load_key(point)
    except (KeyError, ValueError):
        return False
    if len(raw) != 2 * _COORDINATE_BYTES:
        return False
    r, s = (int.from_bytes(raw[at : at + _COORDINATE_BYTES], "big") for at in (0, _COORDINATE_BYTES))
    try:
        key.verify(encode_dss_signature(r, s), device_token_text(device_id, signed.nonce), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def enrolled(device: Device) -> Enrolled:
    """A device that was let in."""
    return Enrolled(device_id=device.id, branch=device.branch_id)
