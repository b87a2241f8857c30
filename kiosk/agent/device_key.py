"""The kiosk's own key (ECDSA P-256), which proves to the branch server that it is this kiosk.

Made on the kiosk, kept in a file that only the agent's user may read, never shown to the page.
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_FILE = "device-key.pem"
NAME_FILE = "device.json"
_WORD_BYTES = 32
_OTHERS = 0o077


class KeyExposed(Exception):
    """The key's file may be read by others on this machine: the message says which."""


@dataclass(frozen=True)
class Enrolled:
    """What the branch calls this kiosk, and the series by which it numbers the tickets that it gives alone."""

    device_id: str
    branch: str
    series: int | None = None


class DeviceKey:
    """The private key; it signs and seals, and is never given away."""

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        self._private = private

    def jwk(self) -> dict[str, str]:
        """The public half (RFC 7517)."""
        point = self._private.public_key().public_numbers()
        return {"kty": "EC", "crv": "P-256", "x": _base64url(_word(point.x)), "y": _base64url(_word(point.y))}

    def sign(self, device_id: str, nonce: str) -> str:
        """The proof for an access token: r then s, over the device's text."""
        text = f"branch-lobby device-token v1\n{device_id}\n{nonce}".encode()
        r, s = decode_dss_signature(self._private.sign(text, ec.ECDSA(hashes.SHA256())))
        return _base64url(_word(r) + _word(s))

    def derive(self, purpose: str) -> bytes:
        """A 256-bit key for one purpose (RFC 5869), the same after every start."""
        secret = self._private.private_numbers().private_value.to_bytes(_WORD_BYTES, "big")
        return HKDF(hashes.SHA256(), 32, salt=None, info=f"branch-lobby kiosk {purpose}".encode()).derive(secret)


def load_key(folder: Path) -> DeviceKey:
    """The kiosk's key, made when there is none. Raises KeyExposed when others may read its file."""
    path = folder / KEY_FILE
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        private = ec.generate_private_key(ec.SECP256R1())
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_whole(path, pem)
    if path.stat().st_mode & _OTHERS:
        raise KeyExposed(f"{path} has mode {path.stat().st_mode & 0o777:o}, expected 600")
    loaded = serialization.load_pem_private_key(path.read_bytes(), password=None)
    assert isinstance(loaded, ec.EllipticCurvePrivateKey), "the file holds a key that we did not make"
    return DeviceKey(loaded)


def load_enrolled(folder: Path) -> Enrolled | None:
    """What the branch called this kiosk; None before it was let in."""
    path = folder / NAME_FILE
    return Enrolled(**json.loads(path.read_text("utf-8"))) if path.exists() else None


def keep_enrolled(folder: Path, enrolled: Enrolled) -> None:
    """Remember it over restarts."""
    write_whole(folder / NAME_FILE, json.dumps(asdict(enrolled)).encode())


def write_whole(path: Path, content: bytes) -> None:
    """Write all or nothing, readable by us alone, on disk before we go on."""
    draft = path.with_name(path.name + ".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _word(number: int) -> bytes:
    return number.to_bytes(_WORD_BYTES, "big")


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
