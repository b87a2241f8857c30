"""Which files head office may send, how each is read, and who takes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lobby_server.customers.actions.feed import take_customer_file
from lobby_server.customers.wire import read_customer_file
from lobby_server.kernel.actor import Actor
from lobby_server.kernel.feeds import FeedFile, Outcome, TakeFeed
from lobby_server.kernel.house import House


@dataclass(frozen=True)
class Kind:
    """One kind of file: what it says, in a sentence, and the two things done with it."""

    says: str
    read: Callable[[bytes], FeedFile[Any]]
    take: Callable[[House, TakeFeed[Any], Actor], Outcome]


KINDS: Mapping[str, Kind] = {
    "customers": Kind("who they are, tiers, tags, bands, ratings, consents", read_customer_file, take_customer_file),
}


@dataclass(frozen=True)
class Import:
    """A file as it lies there, and what its bringer says about it."""

    kind: str
    raw: bytes
    is_dry: bool = False
    may_shrink: bool = False


def take(house: House, request: Import, actor: Actor) -> Outcome:
    """Take a file, all or nothing. Raises what its reader and its room raise."""
    kind = KINDS[request.kind]
    return kind.take(house, TakeFeed(kind.read(request.raw), request.is_dry, request.may_shrink), actor)
