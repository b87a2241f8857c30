"""Keeping people's data to those who need it: sealed columns, blind indexes, masked names.

Sealing is AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce and the key's id in front, so that
keys can be changed while old rows stay readable. What belongs to one person is sealed with a key that is
made of the branch's and of theirs (HKDF-Expand, RFC 5869): whoever lacks one of them reads nothing.
A blind index is HMAC-SHA256 under a key of its own: equal values can be found, never read.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from lobby_server.kernel.own_keys import (
    OWN_KEYS_FILE,
    KeyDestroyed,
    NoOwnKey,
    OwnKeys,
    make_own_keys,
    passing_own_keys,
)

KEYRING_FILE = "keyring.json"
KEY_ID_BYTES = 2
# Set in the id of a key: the number of a person's own key follows it.
_IS_OWN = 1 << 15
_KEY_NO_BYTES = 4
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


class Erased(CannotOpen):
    """The person to whom it belonged was erased: nobody can read it any more."""


@dataclass
class Keyring:
    """The branch server's secrets. `seal_keys` by id; new values are sealed under `current`.

    Those two follow the file at `path`, so that every process takes up a new key without a new start. `own` are the
    keys of single persons.
    """

    current: int
    seal_keys: dict[int, bytes]
    index_key: bytes
    audit_key: bytes
    pepper: bytes
    path: Path | None = field(default=None, compare=False)
    own: OwnKeys = field(default_factory=passing_own_keys, compare=False)
    _read_as: tuple[int, int] | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        return f"Keyring(current={self.current}, ids={sorted(self.seal_keys)})"

    def seal(self, text: str, purpose: str, key_no: int | None = None) -> bytes:
        """Encrypt `text` for one `purpose` (`customer.name`): it opens only for the same purpose.

        With `key_no`, the number of a person's own key, it opens as long as that one is there.
        """
        self._follow()
        current, nonce = self.current, os.urandom(_NONCE_BYTES)
        key, begins = self.seal_keys[current], current.to_bytes(KEY_ID_BYTES, "big")
        if key_no is not None:
            key = _joined(key, self.own.key(key_no))
            begins = (current | _IS_OWN).to_bytes(KEY_ID_BYTES, "big") + key_no.to_bytes(_KEY_NO_BYTES, "big")
        return begins + nonce + AESGCM(key).encrypt(nonce, text.encode(), purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> str:
        """The reverse of `seal`.

        Raises CannotOpen when altered, for another purpose or without its key, Erased when its owner's was destroyed.
        """
        key_id, key_no, rest = _begins(sealed)
        if key_id not in self.seal_keys:
            self._follow()
        key = self.seal_keys.get(key_id)
        if key is None:
            raise CannotOpen(purpose)
        nonce, body = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
        try:
            if key_no is not None:
                key = _joined(key, self.own.key(key_no))
            return AESGCM(key).decrypt(nonce, body, purpose.encode()).decode()
        except KeyDestroyed as error:
            raise Erased(purpose) from error
        except (InvalidTag, ValueError, NoOwnKey) as error:
            raise CannotOpen(purpose) from error

    def current_begins(self) -> tuple[bytes, bytes]:
        """How values begin that are sealed with the newest of the branch's keys: without and with an owner's."""
        return self.current.to_bytes(KEY_ID_BYTES, "big"), (self.current | _IS_OWN).to_bytes(KEY_ID_BYTES, "big")

    def seal_anew(self, sealed: bytes, purpose: str) -> bytes:
        """The same value under the newest of the branch's keys, and its owner's as before. Raises what `open` does."""
        return self.seal(self.open(sealed, purpose), purpose, _begins(sealed)[1])

    def index(self, value: str | bytes, purpose: str) -> bytes:
        """32 bytes that are equal for equal values of one purpose and tell nothing else."""
        raw = value.encode() if isinstance(value, str) else value
        return hmac.new(self.index_key, purpose.encode() + b"\0" + raw, hashlib.sha256).digest()

    def rotate(self) -> None:
        """Make a new key to seal with, written down before it is used; the others still open what they sealed.

        Raises FileNotFoundError for keys that came from no file.
        """
        self._follow()
        new = max(self.seal_keys) + 1
        if new >= _IS_OWN:
            raise OverflowError("the keys were changed as often as they can be numbered")
        self._rewrite(new, {**self.seal_keys, new: os.urandom(32)})

    def forget(self) -> None:
        """Drop every key but the current one. The caller knows that nothing is sealed with them any more."""
        self._follow()
        self._rewrite(self.current, {self.current: self.seal_keys[self.current]})

    def written_at(self) -> float:
        """When the file was written, in seconds since 1970; 0 for keys that came from no file."""
        return self.path.stat().st_mtime if self.path is not None else 0.0

    def _rewrite(self, current: int, seal_keys: dict[int, bytes]) -> None:
        if self.path is None:
            raise FileNotFoundError("these keys came from no file")
        _write_keyring(self.path, replace(self, current=current, seal_keys=seal_keys))
        self._follow()

    def _follow(self) -> None:
        """Take up what another process wrote. A file that is not there just now changes nothing."""
        if self.path is None or (read_as := _as_read(self.path)) in (None, self._read_as):
            return
        kept = load_keyring(self.path.parent, make=False)
        # The keys first: whoever reads in between finds the key of either id.
        self.seal_keys = kept.seal_keys
        self.current, self._read_as = kept.current, read_as


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
    own_path = folder / OWN_KEYS_FILE
    if not own_path.exists():
        if not make:
            raise FileNotFoundError(f"no keys of customers at {own_path}; put the copy of that file in its place")
        make_own_keys(own_path)
    read_as, kept = _as_read(path), json.loads(path.read_text())
    return Keyring(
        current=kept["current"],
        seal_keys={int(key_id): base64.b64decode(key) for key_id, key in kept["seal_keys"].items()},
        index_key=base64.b64decode(kept["index_key"]),
        audit_key=base64.b64decode(kept["audit_key"]),
        pepper=base64.b64decode(kept["pepper"]),
        path=path,
        own=OwnKeys(own_path),
        _read_as=read_as,
    )


def _begins(sealed: bytes) -> tuple[int, int | None, bytes]:
    """The id of the branch's key, the number of the owner's if there is one, and what follows."""
    key_id, rest = int.from_bytes(sealed[:KEY_ID_BYTES], "big"), sealed[KEY_ID_BYTES:]
    if not key_id & _IS_OWN:
        return key_id, None, rest
    return key_id ^ _IS_OWN, int.from_bytes(rest[:_KEY_NO_BYTES], "big"), rest[_KEY_NO_BYTES:]


def _joined(branch_key: bytes, own_key: bytes) -> bytes:
    """HKDF-Expand with one block: the branch's key, for what belongs to the holder of the other."""
    return hmac.digest(branch_key, own_key + b"\x01", "sha256")


def _as_read(path: Path) -> tuple[int, int] | None:
    """What changes when the file is written anew."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns


def _write_keyring(path: Path, keys: Keyring) -> None:
    """Write all or nothing: a half-written keyring would lock a branch out of its own data."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept = {
        "current": keys.current,
        "seal_keys": {str(key_id): base64.b64encode(key).decode() for key_id, key in keys.seal_keys.items()},
        **{name: base64.b64encode(getattr(keys, name)).decode() for name in ("index_key", "audit_key", "pepper")},
    }
    draft = path.with_suffix(".new")
    write_secret(draft, json.dumps(kept))
    draft.replace(path)


def write_secret(path: Path, text: str) -> None:
    """Put a secret into a file that only its owner may read, and see it to the disk."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


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
