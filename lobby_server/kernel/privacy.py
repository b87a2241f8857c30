"""Keeping people's data to those who need it: sealed columns, blind indexes, masked names.

Sealing is AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce and the key's id in front, so that
keys can be changed while old rows stay readable. A blind index is HMAC-SHA256 under a key of its own:
equal values can be found, never read.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEYRING_FILE = "keyring.json"
_NONCE_BYTES = 12
_COMPOUND_SURNAMES = frozenset(
    "欧阳 上官 司马 诸葛 东方 皇甫 尉迟 公孙 令狐 慕容 宇文 司徒 夏侯 独孤 南宫 万俟 闻人 端木 轩辕 长孙".split()
)


# No more digits on either side: part of a longer number (an id, a checksum) is none.
_CARD = re.compile(r"(?<![0-9A-Za-z])[0-9]{13,19}(?![0-9A-Za-z])", re.ASCII)
_ID = re.compile(r"(?<![0-9A-Za-z])[1-9][0-9]{16}[0-9Xx](?![0-9A-Za-z])", re.ASCII)
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])[ -](?=[0-9Xx])")


class CannotOpen(Exception):
    """A sealed value was altered, or its key is not here."""


@dataclass(frozen=True)
class Keyring:
    """The branch server's secrets. `seal_keys` by id; new values are sealed under `current`."""

    current: int
    seal_keys: dict[int, bytes]
    index_key: bytes
    audit_key: bytes
    pepper: bytes

    def __repr__(self) -> str:
        return f"Keyring(current={self.current}, ids={sorted(self.seal_keys)})"

    def seal(self, text: str, purpose: str) -> bytes:
        """Encrypt `text` for one `purpose` (`customer.name`): it opens only for the same purpose."""
        nonce = os.urandom(_NONCE_BYTES)
        body = AESGCM(self.seal_keys[self.current]).encrypt(nonce, text.encode(), purpose.encode())
        return self.current.to_bytes(2, "big") + nonce + body

    def open(self, sealed: bytes, purpose: str) -> str:
        """The reverse of `seal`. Raises CannotOpen when altered, for another purpose or without its key."""
        key = self.seal_keys.get(int.from_bytes(sealed[:2], "big"))
        if key is None:
            raise CannotOpen(purpose)
        nonce, body = sealed[2 : 2 + _NONCE_BYTES], sealed[2 + _NONCE_BYTES :]
        try:
            return AESGCM(key).decrypt(nonce, body, purpose.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise CannotOpen(purpose) from error

    def index(self, value: str | bytes, purpose: str) -> bytes:
        """32 bytes that are equal for equal values of one purpose and tell nothing else."""
        raw = value.encode() if isinstance(value, str) else value
        return hmac.new(self.index_key, purpose.encode() + b"\0" + raw, hashlib.sha256).digest()


def new_keyring() -> Keyring:
    """Fresh random keys."""
    return Keyring(1, {1: os.urandom(32)}, os.urandom(32), os.urandom(32), os.urandom(32))


def load_keyring(folder: Path, *, make: bool) -> Keyring:
    """Read the keys from `folder`; with `make`, write fresh ones (mode 0600) where there are none.

    Raises FileNotFoundError when they are missing and must not be made: a server that made new keys
    over an old database could read nothing in it.
    """
    path = folder / KEYRING_FILE
    if not path.exists():
        if not make:
            raise FileNotFoundError(f"no keys at {path}; `branch-lobby migrate` makes them for a new branch")
        _write_keyring(path, new_keyring())
    kept = json.loads(path.read_text())
    return Keyring(
        current=kept["current"],
        seal_keys={int(key_id): base64.b64decode(key) for key_id, key in kept["seal_keys"].items()},
        index_key=base64.b64decode(kept["index_key"]),
        audit_key=base64.b64decode(kept["audit_key"]),
        pepper=base64.b64decode(kept["pepper"]),
    )


def _write_keyring(path: Path, keys: Keyring) -> None:
    """Write all or nothing: a half-written keyring would lock a branch out of its own data."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept = {
        "current": keys.current,
        "seal_keys": {str(key_id): base64.b64encode(key).decode() for key_id, key in keys.seal_keys.items()},
        **{name: base64.b64encode(getattr(keys, name)).decode() for name in ("index_key", "audit_key", "pepper")},
    }
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(kept, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def is_forbidden_number(text: str) -> bool:
    """Whether a text holds a card number (13 to 19 digits, Luhn, ISO/IEC 7812-1) or a Chinese ID (GB 11643-1999).

    Spaces and hyphens between digits hide nothing. Neither may be stored or leave, whatever field it stands in.
    """
    joined = _BETWEEN_DIGITS.sub("", text)
    return any(_is_luhn(each) for each in _CARD.findall(joined)) or any(
        _is_gb11643(each) for each in _ID.findall(joined)
    )


def _is_luhn(digits: str) -> bool:
    doubled = [int(digit) * (1 + ordinal % 2) for ordinal, digit in enumerate(reversed(digits))]
    return sum(each // 10 + each % 10 for each in doubled) % 10 == 0


def _is_gb11643(text: str) -> bool:
    weighted = sum(int(digit) * weight for digit, weight in zip(text[:17], _ID_WEIGHTS, strict=True))
    return "10X98765432"[weighted % 11] == text[17].upper()


def mask_name(name: str) -> str:
    """A name as colleagues may see it from afar: 张* · 陈*丽 · 欧阳*娜 · A*** B****.

    Han names keep the surname (two characters for a compound one) and, from three characters on, the
    last; other scripts keep each word's first letter. An empty name stays empty.
    """
    name = name.strip()
    if not name:
        return ""
    if not _is_han(name[0]):
        return " ".join(word[0] + "*" * (len(word) - 1) for word in name.split())
    surname = name[:2] if name[:2] in _COMPOUND_SURNAMES and len(name) > 2 else name[:1]
    if len(name) == 1:
        return "*"
    if len(name) - len(surname) <= 1:
        return surname + "*"
    return surname + "*" * (len(name) - len(surname) - 1) + name[-1]


def _is_han(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff" or "\U00020000" <= character <= "\U0003ffff"
