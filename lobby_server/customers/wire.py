"""Head office's customer file: NDJSON with a header, one customer a line, and a trailer.

    {"feed": "customers", "as_of": "2026-11-22", "source": "hq-crm"}
    {"customer_no": "C1001", "ref": "a1b2c3d4e5f60718", "name": "王建明", "tier": "private", "tags": [...]}
    {"count": 1, "sha256": "…of all lines before this one, each with its line feed…"}

Nothing of a file is taken when anything in it is wrong; the refusal names lines, never their values.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field, StringConstraints, field_validator

from lobby_server.customers.rules import TIERS, CustomerFile, Described, Tag
from lobby_server.doors.reading import Code, Text, Wire, read_json, read_model
from lobby_server.kernel.errors import Invalid, Refusal

FILE_BYTES_MAX = 256 * 1024 * 1024
LINES_NAMED_MAX = 50
ROWS_MAX = 1_000_000


def _tier(text: Any) -> Any:
    if text not in TIERS:
        raise ValueError("unknown tier")
    return text


def _day(text: Any) -> Any:
    return date.fromisoformat(text) if isinstance(text, str) else text


W = TypeVar("W", bound=Wire)
Day = Annotated[date, BeforeValidator(_day)]


class Header(Wire):
    """The first line."""

    feed: Literal["customers"]
    as_of: Day
    source: Code


class TagLine(Wire):
    """One tag of a customer."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,32}$")]
    value: dict[str, str | int | bool] = Field(default_factory=dict, max_length=8)
    as_of: Day


class CustomerLine(Wire):
    """One customer."""

    customer_no: Code
    ref: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
    name: Text
    tier: Annotated[str, BeforeValidator(_tier)]
    tags: list[TagLine] = Field(default_factory=list, max_length=32)

    @field_validator("tags")
    @classmethod
    def _each_once(cls, tags: list[TagLine]) -> list[TagLine]:
        if len({tag.name for tag in tags}) != len(tags):
            raise ValueError("a tag twice")
        return tags


class Trailer(Wire):
    """The last line."""

    count: int
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


def read_customer_file(raw: bytes) -> CustomerFile:
    """Read a whole file.

    Raises Invalid: "file_too_long", "file_cut" (no header or trailer), "file_altered" (count or sum),
    "file_lines" with `lines`: up to 50 of {line, code}.
    """
    if len(raw) > FILE_BYTES_MAX:
        raise Invalid("file_too_long", bytes_max=FILE_BYTES_MAX)
    rows = raw.split(b"\n")
    if rows[-1] == b"":
        rows.pop()
    if len(rows) < 2 or len(rows) > ROWS_MAX + 2:
        raise Invalid("file_cut")
    header, trailer = _line(Header, rows[0], "file_cut"), _line(Trailer, rows[-1], "file_cut")
    content = raw[: raw.rindex(rows[-1])]
    if trailer.count != len(rows) - 2 or trailer.sha256 != hashlib.sha256(content).hexdigest():
        raise Invalid("file_altered", lines_found=len(rows) - 2)
    wrong: list[dict[str, object]] = []
    lines: dict[int, CustomerLine] = {}
    for number, row in enumerate(rows[1:-1], 2):
        try:
            lines[number] = read_model(CustomerLine, read_json(row))
        except Refusal as refusal:
            wrong.append({"line": number, "code": refusal.code, "errors": refusal.facts.get("errors", [])})
    wrong += _doubled(lines)
    if wrong:
        raise Invalid("file_lines", count=len(wrong), lines=wrong[:LINES_NAMED_MAX])
    described = tuple(_described(line, header.source) for line in lines.values())
    return CustomerFile(header.as_of, header.source, trailer.sha256, described)


def _described(line: CustomerLine, source: str) -> Described:
    tags = tuple(Tag(tag.name, tag.value, source, tag.as_of) for tag in line.tags)
    return Described(line.customer_no, bytes.fromhex(line.ref), line.name, line.tier, tags)


def _line(model: type[W], row: bytes, code: str) -> W:
    try:
        return read_model(model, read_json(row))
    except Refusal:
        raise Invalid(code) from None


def _doubled(lines: Mapping[int, CustomerLine]) -> list[dict[str, object]]:
    """Lines that repeat a customer's number or handle."""
    wrong: list[dict[str, object]] = []
    for field in ("customer_no", "ref"):
        seen: set[str] = set()
        for number, line in lines.items():
            value = getattr(line, field)
            if value in seen:
                wrong.append({"line": number, "code": f"{field}_twice", "errors": []})
            seen.add(value)
    return wrong
