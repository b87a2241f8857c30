"""Names for things that nobody has to agree on beforehand."""

from __future__ import annotations

import re
import secrets
from typing import Protocol

import uuid_utils

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
SECRET_BYTES = 16  # 128 bits: a ticket key or a token cannot be guessed


class Ids(Protocol):
    """Makes ids and secrets. Passed in, so that tests can foresee them."""

    def new_id(self) -> str:
        """A UUIDv7 as 36 lower-case characters. Its time part is neither trusted nor used for order."""

    def secret(self, size: int = SECRET_BYTES) -> str:
        """Random bytes as URL-safe text, without padding."""


class RandomIds:
    """Ids from the operating system's randomness."""

    def new_id(self) -> str:
        """A UUIDv7."""
        return str(uuid_utils.uuid7())

    def secret(self, size: int = SECRET_BYTES) -> str:
        """`size` random bytes as URL-safe text."""
        return secrets.token_urlsafe(size)


def is_id(text: str) -> bool:
    """Whether `text` has the shape of a UUID in lower case."""
    return _UUID.fullmatch(text) is not None
