"""An answer as one file for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pydantic import BaseModel

CSV_TYPE = "text/csv; charset=utf-8"
# A cell that begins so is a formula to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(told: BaseModel) -> str:
    """The same answer as one file: a line for each row of each list, with the list's name in the first column.

    Begins with a byte order mark, without which spreadsheets misread Chinese.
    """
    rows = list(_rows("", told.model_dump()))
    heads = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, heads, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return "\ufeff" + text.getvalue()


def _rows(part: str, told: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """The plain figures of a thing as one row, then each list of things as rows of their own."""
    yield {"part": part or "summary", **_flat(told)}
    for name, value in told.items():
        if isinstance(value, list) and value and isinstance(value[0], Mapping):
            yield from ({"part": name, **_flat(each)} for each in value)


def _flat(told: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in told.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{name}_")
        elif isinstance(value, list):
            if not value or not isinstance(value[0], Mapping):
                found[prefix + name] = " ".join(str(each) for each in value)
            elif name == "staff":
                found[prefix + name] = " ".join(_person(value))
        else:
            found[prefix + name] = value
    return found


def _person(people: Collection[Mapping[str, Any]]) -> list[str]:
    return [each["staff_no"] for each in people]


def _cell(value: object) -> object:
    return "'" + value if isinstance(value, str) and value.startswith(_FORMULA) else value
