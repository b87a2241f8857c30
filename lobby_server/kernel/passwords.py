"""Passwords and PINs: argon2id over the secret peppered with a key that is not in the database.

A password costs m = 64 MiB, t = 3, p = 1: about 0.4 s on the branch box. A PIN costs what OWASP ASVS 11.4 asks at
least, 19 MiB and t = 2: about 0.1 s, for it is typed at a tablet by somebody who walks, and few tries of it count.
Either runs off the hub and only a few at once.
"""

from __future__ import annotations

import hashlib
import hmac
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from lobby_server.kernel.database import Offload
from lobby_server.kernel.errors import Unavailable

HASHES_AT_ONCE = 1  # the other core serves customers
HASHES_WAITING_S = 10.0

PASSWORD_COST = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)
PIN_COST = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class Passwords:
    """Hashes and checks, a few at a time, off the hub."""

    def __init__(self, pepper: bytes, offload: Offload, cost: PasswordHasher = PASSWORD_COST) -> None:
        self._pepper = pepper
        self._offload = offload
        self._cost = cost
        self._turn = threading.BoundedSemaphore(HASHES_AT_ONCE)

    def hash(self, password: str) -> str:
        """The text to store."""
        peppered = self._peppered(password)
        hashed: str = self._offload(lambda: self._cost.hash(peppered))
        return hashed

    def is_right(self, password: str, stored: str | None) -> bool:
        """Whether it matches; as slow for somebody unknown (`stored` None) as for somebody known.

        Raises Unavailable("busy") when too many are waiting.
        """
        if not self._turn.acquire(timeout=HASHES_WAITING_S):
            raise Unavailable("busy", retry_after_s=2)
        try:
            peppered = self._peppered(password)
            right: bool = self._offload(lambda: _matches(self._cost, stored or self._nobody(), peppered))
            return right and stored is not None
        finally:
            self._turn.release()

    def _nobody(self) -> str:
        """A well-formed hash of the same cost that no secret matches."""
        cost = f"m={self._cost.memory_cost},t={self._cost.time_cost},p={self._cost.parallelism}"
        return f"$argon2id$v=19${cost}$bm9ib2R5bm9ib2R5$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

    def _peppered(self, password: str) -> bytes:
        return hmac.new(self._pepper, password.encode(), hashlib.sha256).digest()


def _matches(cost: PasswordHasher, stored: str, peppered: bytes) -> bool:
    try:
        return cost.verify(stored, peppered)
    except (VerificationError, InvalidHashError):
        return False
