"""What operators read: one line of JSON a happening, with ids and without people."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lobby_server.kernel.clock import SystemClock, to_wire
from lobby_server.kernel.ids import RandomIds
from lobby_server.kernel.logs import JsonLines, blank_long_digits

FORGED = '\n{"at":"2026-11-23T02:00:00.000+00:00","level":"critical","name":"forged"}\r\n\u2028\u2029\x85\x0b\x1e'


def line(name: str, facts: dict[str, Any] | None = None, error: BaseException | None = None) -> str:
    """The line of one happening."""
    exc_info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("lobby_server.queue", logging.ERROR, __file__, 1, name, None, exc_info)
    if facts is not None:
        record.facts = facts
    return JsonLines().format(record)


@pytest.mark.parametrize(
    "secret",
    [
        "6225880137001234",
        "6225 8801 3700 1234",
        "6225-8801-3700-1234",
        "11010519491231002X",
        "11010519491231002x",
        "110105194912310021",
        "13800138000",
        "138 0013 8000",
        "+86-138-0013-8000",
        "６２２５８８０１３７００１２３４",
        "card=6225880137001234;",
        "C6225880137001234X",
    ],
)
def test_what_could_be_a_card_an_id_or_a_telephone_number_is_blanked(secret: str) -> None:
    blanked = blank_long_digits(f"seen {secret} there")
    assert "[digits]" in blanked
    assert not any(part in blanked for part in ("8801", "0013", "1949", "３７００"))
    assert blanked.startswith("seen ") and blanked.endswith(" there")


@pytest.mark.parametrize("fact", ["A037", "0001", "C1001", "20261123", "2026-11-23", "300", "5 of 10", "1234567890"])
def test_what_is_short_stays(fact: str) -> None:
    assert blank_long_digits(f"seen {fact} there") == f"seen {fact} there"


def test_a_moment_stays() -> None:
    moment = to_wire(SystemClock().now())
    assert blank_long_digits(moment) == moment


def test_an_id_stays_for_it_is_all_that_an_operator_can_look_for() -> None:
    ids = [RandomIds().new_id() for _ in range(2000)]
    ids += ["00000000-0000-7000-8000-000000000001", "01234567-8901-7234-8567-890123456789"]
    assert [each for each in ids if blank_long_digits(f"staff:{each} failed") != f"staff:{each} failed"] == []


def test_a_line_says_when_where_what_and_the_facts() -> None:
    said = json.loads(line("due_deed_failed", {"id": "01a2", "attempts": 3}))
    assert said.keys() == {"at", "level", "logger", "name", "facts"}
    assert (said["level"], said["logger"], said["name"]) == ("error", "lobby_server.queue", "due_deed_failed")
    assert said["facts"] == {"id": "01a2", "attempts": "3"}


def test_nothing_from_outside_can_forge_a_second_line() -> None:
    written = line(f"seen {FORGED}", {"fact": FORGED, FORGED: "x"}, ValueError(FORGED))
    assert len(written.splitlines()) == 1
    assert json.loads(written)["level"] == "error"


@given(st.text(), st.text())
def test_any_text_is_one_line_of_json(name: str, fact: str) -> None:
    written = line(name.replace("%", "%%"), {"fact": fact})
    assert "\n" not in written and "\r" not in written
    assert isinstance(json.loads(written), dict)


def test_an_error_is_told_without_its_numbers() -> None:
    try:
        raise ValueError("card 6225880137001234")
    except ValueError as error:
        written = line("request_failed", error=error)
    assert "6225880137001234" not in written and "ValueError" in json.loads(written)["error"]


def test_facts_of_any_kind_are_blanked() -> None:
    written = line("x", {"number": 6225880137001234, "list": ["13800138000"], "map": {"id": "11010519491231002X"}})
    assert "11010519491231002X" not in written
    assert "6225880137001234" not in written and "13800138000" not in written


def test_standard_error_takes_any_line() -> None:
    """Half a character must not end the log; Python writes it as an escape there."""
    assert sys.__stderr__ is not None
    assert sys.__stderr__.errors == "backslashreplace"
