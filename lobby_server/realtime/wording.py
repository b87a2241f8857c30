"""Who hears which event, and in which words. The app collects the rows from every room's `live.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, get_type_hints

import sqlalchemy as sa
from pydantic import BaseModel

from lobby_server.kernel.events import Recorded, to_json
from lobby_server.kernel.privacy import Keyring


@dataclass(frozen=True)
class Reader:
    """What a worder may look at: one consistent view, and the keys that open names."""

    db: sa.Connection
    keys: Keyring
    _memory: dict[tuple[str, int, Worder], Mapping[str, Any]] = field(default_factory=dict)

    def worded(self, worder: Worder, happened: Recorded) -> Mapping[str, Any]:
        """An event in a worder's words, put only once however many audiences share the worder."""
        key = (happened.branch_id, happened.seq, worder)
        if key not in self._memory:
            self._memory[key] = worder(self, happened).model_dump()
        return self._memory[key]


# What it says it returns is the shape that the contract promises.
Worder = Callable[[Reader, Recorded], BaseModel]
Wording = Mapping[str, Mapping[str, Worder]]


class Vocabulary:
    """All rows together: event type to audience to worder."""

    def __init__(self, rows: Iterable[Wording]) -> None:
        self._by_type: dict[str, Mapping[str, Worder]] = {}
        for wording in rows:
            doubled = self._by_type.keys() & wording.keys()
            assert not doubled, f"event types worded twice: {sorted(doubled)}"
            self._by_type.update(wording)
        self.audiences = sorted({name for heard in self._by_type.values() for name in heard})
        self.types = {
            audience: frozenset(name for name, heard in self._by_type.items() if audience in heard)
            for audience in self.audiences
        }

    def shapes(self, audience: str) -> dict[str, type[BaseModel]]:
        """The shape of each event type's `data` for an audience."""
        heard = ((name, who[audience]) for name, who in sorted(self._by_type.items()) if audience in who)
        return {name: get_type_hints(worder)["return"] for name, worder in heard}

    def put(self, reader: Reader, audience: str, events: Iterable[Recorded]) -> list[dict[str, Any]]:
        """What of these events an audience hears, in its words, not yet linked."""
        worded = []
        for happened in events:
            worder = self._by_type.get(happened.type, {}).get(audience)
            if worder is not None:
                data = reader.worded(worder, happened)
                worded.append({"seq": happened.seq, "type": happened.type, "at": to_json(happened.at), "data": data})
        return worded


def link(events: Iterable[dict[str, Any]], previous: int) -> tuple[list[dict[str, Any]], int]:
    """Give each event of one audience the number of the one before; returns them and the last number."""
    linked = []
    for each in events:
        linked.append({**each, "prev_seq": previous})
        previous = each["seq"]
    return linked, previous
