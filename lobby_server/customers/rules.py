"""What the branch knows of a customer. Tier and tags are head-office facts; the branch computes neither."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

# Weight of standing, lowest first; names on screens come from the words.
TIERS = ("ordinary", "gold", "platinum", "diamond", "private")

VULNERABLE = "vulnerable"


@dataclass(frozen=True)
class Tag:
    """Something head office said about a customer on a day: `value` depends on the tag's name."""

    name: str
    value: Mapping[str, Any]
    source: str
    as_of: date


@dataclass(frozen=True)
class Described:
    """A customer as head office describes them: everything but our own id."""

    customer_no: str
    ref: bytes
    name: str
    tier: str
    tags: tuple[Tag, ...]


@dataclass(frozen=True)
class CustomerFile:
    """A file of head office that is whole and right in itself."""

    as_of: date
    source: str
    sha256: str
    customers: tuple[Described, ...]


@dataclass(frozen=True)
class Customer:
    """One customer. `ref` is the random 8-byte handle by which a code names them.

    `name` is the full name: it leaves the server masked, except for the claimant who asks for it.
    """

    id: str
    customer_no: str
    ref: bytes
    name: str
    tier: str
    tier_as_of: date
    tags: tuple[Tag, ...] = ()

    def tag(self, name: str) -> Tag | None:
        """The tag of that name, if head office has said it."""
        return next((each for each in self.tags if each.name == name), None)
