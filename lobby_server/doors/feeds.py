"""Reading a file of head office: a header, one thing a line, a trailer that proves that nothing is missing.

    {"feed": "products", "as_of": "2026-11-22", "source": "hq-core", "kind": "full"}
    {"code": "fund-07", …}
    {"count": 1, "sha256": "…of all lines before this one, each with its line feed…"}

Nothing of a file is taken when anything in it is wrong; the refusal names each wrong line, never what stands in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field, StringConstraints

from lobby_server.doors.reading import Code, Wire, read_json, read_model
from lobby_server.kernel.errors import Invalid, Refusal
from lobby_server.kernel.feeds import FeedFile, Mark, Seal

FILE_BYTES_MAX = 256 * 1024 * 1024  # a million customers; more would not fit into a small branch server's memory
LINE_BYTES_MAX = 16 * 1024  # the longest honest line is a customer with everything: about 8 KiB
ROWS_MAX = 1_000_000
KID_MAX = 65_535  # two bytes, as the keys of the customers' codes
LINES_NAMED_MAX = 1000  # more than anybody mends by hand; the count tells of the others

W = TypeVar("W", bound=Wire)
L = TypeVar("L")
Once = Callable[[Any], Iterable[tuple[str, Hashable]]]
Wrong = dict[str, Any]


def _day(text: Any) -> Any:
    return date.fromisoformat(text) if isinstance(text, str) else text


Day = Annotated[date, BeforeValidator(_day)]


class Header(Wire):
    """The first line. In a `full` file whoever is missing is gone; a `delta` says nothing of the others."""

    feed: Code
    as_of: Day
    source: Code
    kind: Literal["full", "delta"] = "delta"
    encoding: Literal["UTF-8", "GB18030"] = "UTF-8"


class Trailer(Wire):
    """The last line."""

    count: int
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    kid: Annotated[int, Field(ge=0, le=KID_MAX)] | None = None
    signature: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{128}$")] | None = None

    def seal(self) -> Seal | None:
        """Number of the key and signature, where both are told."""
        if self.kid is None or self.signature is None:
            return None
        return Seal(self.kid, bytes.fromhex(self.signature))


def read_bytes(path: Path) -> bytes:
    """A file's bytes, never more than one byte above what may be read."""
    with path.open("rb") as file:
        return file.read(FILE_BYTES_MAX + 1)


def read_feed(
    raw: bytes, feed: str, model: type[W], word: Callable[[W, Mark], L], once: Once = lambda line: ()
) -> FeedFile[L]:
    """Read a whole file of one feed; `word` puts a line into the words of its room.

    `once` gives what may stand only once in a file, as (field, value). Raises Invalid: "file_too_long", "file_cut"
    (no header or trailer, or of another feed), "file_altered" (count or sum), "file_lines" with `lines`: up to
    1000 of {line, code, errors}, and `count`, how many there are.
    """
    if len(raw) > FILE_BYTES_MAX:
        raise Invalid("file_too_long", bytes_max=FILE_BYTES_MAX)
    rows = raw.split(b"\n")
    if rows[-1] == b"":
        rows.pop()
    if len(rows) < 2 or len(rows) > ROWS_MAX + 2:
        raise Invalid("file_cut")
    header, trailer = _frame(Header, rows[0]), _frame(Trailer, rows[-1])
    if header.feed != feed:
        raise Invalid("file_cut")
    content = raw[: len(raw) - len(rows[-1]) - raw.endswith(b"\n")]
    if trailer.count != len(rows) - 2 or trailer.sha256 != hashlib.sha256(content).hexdigest():
        raise Invalid("file_altered", lines_found=len(rows) - 2)
    mark = Mark(feed, header.as_of, header.source, trailer.sha256, is_full=header.kind == "full")
    lines: list[L] = []
    wrong: list[Wrong] = []
    seen: set[tuple[str, Hashable]] = set()
    for number, row in enumerate(rows[1:-1], 2):
        try:
            line = read_model(model, read_json(_as_utf8(row, header.encoding)))
        except Refusal as refusal:
            wrong.append({"line": number, "code": refusal.code, "errors": refusal.facts.get("errors", [])})
            continue
        # In the words of the room at once: a hundred thousand wire models would not fit beside them.
        lines.append(word(line, mark))
        for each in once(line):
            if each in seen:
                wrong.append({"line": number, "code": f"{each[0]}_twice", "errors": []})
            seen.add(each)
    if wrong:
        raise Invalid("file_lines", count=len(wrong), lines=wrong[:LINES_NAMED_MAX])
    return FeedFile(mark, tuple(lines), trailer.seal())


def _frame(model: type[W], row: bytes) -> W:
    try:
        return read_model(model, read_json(row))
    except Refusal:
        raise Invalid("file_cut") from None


def _as_utf8(row: bytes, encoding: str) -> bytes:
    """No byte of a GB18030 letter is a line feed, so a file may be cut into lines before it is decoded."""
    if len(row) > LINE_BYTES_MAX:
        raise Invalid("line_too_long")
    if encoding == "UTF-8":
        return row
    try:
        return row.decode("gb18030").encode()
    except UnicodeError:
        raise Invalid("bad_encoding") from None
