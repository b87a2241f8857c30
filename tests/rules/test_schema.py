"""The checker that holds every answer against our contract bites."""

from __future__ import annotations

from typing import Any

import pytest

from tests.doors.schema import faults


def test_the_checker_itself_bites() -> None:
    number = {"type": "integer", "maximum": 3}
    schema = {"type": "object", "required": ["n"], "additionalProperties": False, "properties": {"n": number}}
    fits: list[Any] = [{"n": 3}]
    wrong: list[Any] = [{"n": True}, {"n": 4}, {"n": "3"}, {}, {"n": 1, "m": 1}, [], None]
    assert [each for each in fits + wrong if list(faults(each, schema, {})) == []] == fits


def test_a_keyword_that_the_checker_does_not_know_is_no_free_pass() -> None:
    with pytest.raises(AssertionError, match="uniqueItems"):
        list(faults([1, 1], {"type": "array", "uniqueItems": True}, {}))


def test_an_alternative_that_fits_is_enough_and_a_reference_is_followed() -> None:
    document = {"components": {"schemas": {"Wait": {"type": "string", "pattern": "^[0-9]+ min$"}}}}
    schema = {"anyOf": [{"$ref": "#/components/schemas/Wait"}, {"type": "null"}]}
    assert [list(faults(each, schema, document)) == [] for each in ("5 min", None, "soon", 5)] == [
        True,
        True,
        False,
        False,
    ]
