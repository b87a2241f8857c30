"""What the roof hands to every door: the things that exist once in a process."""

from __future__ import annotations

from dataclasses import dataclass

from lobby_server.kernel.clock import Clock
from lobby_server.kernel.database import Database, Offload
from lobby_server.kernel.ids import Ids
from lobby_server.kernel.privacy import Keyring
from lobby_server.kernel.settings import Settings
from lobby_server.kernel.work import Works


@dataclass(frozen=True)
class House:
    """Settings, clock, ids, keys, database and works of this process.

    `offload` runs heavy computing (hashing a password) where it does not stop the sockets.
    """

    settings: Settings
    clock: Clock
    ids: Ids
    keys: Keyring
    database: Database
    works: Works
    offload: Offload
