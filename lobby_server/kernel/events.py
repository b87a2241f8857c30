"""What happened, as plain values: the events that rooms record, and as the log gives them back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from typing import Any, ClassVar

from lobby_server.kernel.clock import to_wire


@dataclass(frozen=True)
class Event:
    """Something that happened in a branch. Subclasses are named in the past tense and hold ids, no names."""

    type: ClassVar[str]
    branch_id: str

    def data(self) -> dict[str, Any]:
        """Everything but the branch, as JSON values; complete, so that nobody has to fetch more."""
        return {each.name: to_json(getattr(self, each.name)) for each in fields(self) if each.name != "branch_id"}


@dataclass(frozen=True)
class Recorded:
    """An event as the log holds it."""

    branch_id: str
    seq: int
    type: str
    at: datetime
    data: Mapping[str, Any]


def to_json(value: Any) -> Any:
    """Dataclasses, moments and collections as JSON values."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: to_json(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, datetime):
        return to_wire(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(to_json(item) for item in value)
    return value
