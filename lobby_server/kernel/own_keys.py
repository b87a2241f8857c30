"""A key of their own for each person whose data is kept, in a file that no backup of the database contains.

What names somebody is sealed with the branch's key and theirs together. Destroying theirs makes it unreadable
wherever it was copied to: in backups, in the database's log, on a disk that was replaced.

The file is a row of 32-byte records. A key's number is its place; record 0 says what the file is; 32 zeros are a key
that was destroyed. Numbers are never given twice. Copies of the file must be few and young: each of them keeps alive
what is destroyed here (docs/recipes/erase-a-customer.md).
"""

from __future__ import annotations

import fcntl
import os
import threading
import weakref
from collections.abc import Iterable
from pathlib import Path

OWN_KEYS_FILE = "own_keys"
KEY_BYTES = 32
# One synchronised write for so many keys. A process that ends leaves at most as many unused: 16 KiB.
TAKEN_AT_ONCE = 512
KEY_NO_MAX = 2**32 - 1
_BEGINS = b"branch-lobby own keys 1\n".ljust(KEY_BYTES, b"\0")
_NOTHING = bytes(KEY_BYTES)
_READ_AT_ONCE = 32_768 * KEY_BYTES


class NoOwnKey(Exception):
    """There is no key of this number: the file is older than the database, or not its own."""


class KeyDestroyed(Exception):
    """The key was destroyed, so that nobody reads what it sealed."""


class OwnKeys:
    """The keys of one branch server. Several processes may take and destroy keys at the same time."""

    def __init__(self, path: Path) -> None:
        """Raises ValueError for a file that holds something else, FileNotFoundError where there is none."""
        self._path = path
        self._opened = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._opened)
        if os.pread(self._opened, KEY_BYTES, 0) != _BEGINS:
            raise ValueError(f"{path} is no file of people's own keys")
        self._spare: list[int] = []
        self._taking = threading.Lock()

    def take(self) -> int:
        """The number of a new key, which is on the disk already: 1 or more."""
        with self._taking:
            if not self._spare:
                self._spare = self._make(TAKEN_AT_ONCE)
            return self._spare.pop()

    def key(self, key_no: int) -> bytes:
        """32 bytes. Raises KeyDestroyed, NoOwnKey."""
        found = os.pread(self._opened, KEY_BYTES, key_no * KEY_BYTES) if key_no > 0 else b""
        if len(found) < KEY_BYTES:
            raise NoOwnKey(key_no)
        if found == _NOTHING:
            raise KeyDestroyed(key_no)
        return found

    def destroy(self, key_nos: Iterable[int]) -> None:
        """Overwrite these keys where they stand, and see it to the disk. Done again it changes nothing."""
        for key_no in key_nos:
            assert 0 < key_no < self.count()
            os.pwrite(self._opened, _NOTHING, key_no * KEY_BYTES)
        os.fsync(self._opened)

    def destroyed(self) -> frozenset[int]:
        """The numbers of all keys that were destroyed, or were never used because a machine stopped."""
        found, at = [], 0
        while portion := os.pread(self._opened, _READ_AT_ONCE, at * KEY_BYTES):
            records = range(0, len(portion) - KEY_BYTES + 1, KEY_BYTES)
            found += [at + here // KEY_BYTES for here in records if portion[here : here + KEY_BYTES] == _NOTHING]
            at += _READ_AT_ONCE // KEY_BYTES
        return frozenset(found)

    def count(self) -> int:
        """One more than the greatest number that was ever given."""
        return os.fstat(self._opened).st_size // KEY_BYTES

    def _make(self, count: int) -> list[int]:
        # The lock belongs to an opening of its own: processes that were forked share the other one, and its locks.
        alone = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(alone, fcntl.LOCK_EX)
            # A record that was cut off by a crash was never given to anybody.
            first = self.count()
            if first + count > KEY_NO_MAX:
                raise OverflowError(f"{self._path} holds as many keys as can be numbered")
            os.pwrite(alone, os.urandom(count * KEY_BYTES), first * KEY_BYTES)
            os.fsync(alone)
        finally:
            os.close(alone)
        return list(range(first + count - 1, first - 1, -1))


def make_own_keys(path: Path) -> None:
    """A file without keys, for its owner only. Raises FileExistsError: what is there is never overwritten."""
    made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(made, _BEGINS)
        os.fsync(made)
    finally:
        os.close(made)


def passing_own_keys() -> OwnKeys:
    """Keys that live as long as this process: for keyrings that came from no file."""
    opened = os.memfd_create("own keys")
    os.write(opened, _BEGINS)
    keys = OwnKeys(Path(f"/proc/self/fd/{opened}"))
    weakref.finalize(keys, os.close, opened)
    return keys
