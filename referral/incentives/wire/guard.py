"""The rule guard as head office sends it: the whole of it in one line, for it is read as one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from lobby_server.doors.feeds import Day, read_feed
from lobby_server.doors.reading import Code, Text, Wire
from lobby_server.kernel.events import to_json
from lobby_server.kernel.feeds import FeedFile
from lobby_server.kernel.money import WHOLE_PPM

RULINGS_MAX = 100  # a bank has a dozen product lines, and each law on them changes every few years
MONTHS_MAX = 120  # the longest hold-back that any rule asks for is far below ten years


class RulingTold(Wire):
    """Whether cash may be paid for a product line from a day on, and until before another."""

    product_line: Code
    cash: bool
    requires: Annotated[list[Code], Field(default_factory=list, max_length=RULINGS_MAX)]
    from_day: Day
    until: Day | None = None
    legal_basis: Text


class PostTold(Wire):
    """How much of what somebody with a role earns is held back at least, and for how many months."""

    role: Code
    hold_back_ppm: Annotated[int, Field(ge=0, le=WHOLE_PPM)]
    months: Annotated[list[Annotated[int, Field(ge=1, le=MONTHS_MAX)]], Field(min_length=1, max_length=MONTHS_MAX)]
    from_day: Day
    legal_basis: Text


class GuardLine(Wire):
    """A version of the guard."""

    version: Code
    ruling: Annotated[list[RulingTold], Field(min_length=1, max_length=RULINGS_MAX)]
    post: Annotated[list[PostTold], Field(max_length=RULINGS_MAX)]
    clawback_reasons: Annotated[list[Code], Field(min_length=1, max_length=RULINGS_MAX)]


def read_guard_file(raw: bytes) -> FeedFile[Mapping[str, Any]]:
    """Read a whole file; raises what `read_feed` raises. A version stands once in it."""
    return read_feed(
        raw, "guard", GuardLine, lambda line, _mark: _document(line), lambda line: [("version", line.version)]
    )


def _document(told: GuardLine) -> Mapping[str, Any]:
    """A guard as it is stored and hashed."""
    document: Mapping[str, Any] = to_json(told.model_dump())
    return document
