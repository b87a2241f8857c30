"""Reading what a stranger sent: exactly JSON, then exactly the declared shape; what is wrong is never repeated."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lobby_server.doors.reading import (
    DEPTH_MAX,
    ERRORS_SHOWN_MAX,
    Code,
    Id,
    Language,
    Text,
    Wire,
    read_json,
    read_model,
)
from lobby_server.kernel.errors import Invalid, Unreadable


class Letter(Wire):
    """Something to read."""

    text: Text
    code: Code = "A1"
    id: Id = "00000000-0000-7000-8000-000000000001"
    language: Language = "zh-CN"
    count: int = 0


def read(**fields: Any) -> Letter:
    return read_model(Letter, {"text": "字", **fields})


def refused(**fields: Any) -> list[dict[str, str]]:
    with pytest.raises(Invalid, match="invalid_fields") as refusal:
        read(**fields)
    errors: Any = refusal.value.facts["errors"]
    assert all(each.keys() == {"field", "code"} for each in errors)
    found: list[dict[str, str]] = errors
    return found


# ---- JSON ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"{",
        b"nothing",
        b"{} {}",
        b"{},",
        b"{'a': 1}",
        b"{a: 1}",
        b'{"a": 01}',
        b'{"a": .5}',
        b'{"a": +1}',
        b'{"a": 0x1}',
        b'{"a": 1,}',
        b"[1,]",
        b'"line\nend"',
        b'"\\x41"',
        b"// note\n{}",
        b"NaN",
        b"[Infinity]",
        b"[-Infinity]",
        b"1e999",
        b"[-1e999]",
        b'{"a": 1, "a": 1}',
        b'{"a": {"b": 1, "b": 2}}',
        b'[{"\\u0061": 1, "a": 2}]',
        b"\xff",
        b'"\xc3"',
        b'"\xed\xa0\x80"',
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        '["王"]'.encode("gb18030"),
        b"9" * 5000,
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
    ids=lambda raw: repr(raw[:16]),
)
def test_what_is_not_exactly_json_is_refused(raw: bytes) -> None:
    with pytest.raises(Unreadable, match="bad_json"):
        read_json(raw)


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def test_depth_is_counted_through_lists_and_objects() -> None:
    assert read_json(nested(DEPTH_MAX)) is not None
    objects = b'{"a":' * DEPTH_MAX + b"1" + b"}" * DEPTH_MAX
    assert read_json(objects) is not None
    for raw in (nested(DEPTH_MAX + 1), b'{"a":' + objects + b"}", b"[1," + nested(DEPTH_MAX) + b"]"):
        with pytest.raises(Unreadable):
            read_json(raw)


def test_a_broad_letter_is_not_deep() -> None:
    assert len(read_json(b"[" + b",".join([b"[]"] * 10_000) + b"]")) == 10_000


LETTERS = st.text(st.characters(codec="utf-8"))
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(PLAIN)
def test_whatever_is_json_is_read_as_it_is(value: Any) -> None:
    raw = json.dumps(value, ensure_ascii=False).encode()
    try:
        assert read_json(raw) == value
    except Unreadable:
        assert json.dumps(value).count("[") + json.dumps(value).count("{") > DEPTH_MAX


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_without_repeating_them(raw: bytes) -> None:
    try:
        read_json(raw)
    except Unreadable as unreadable:
        facts = unreadable.facts
    else:
        facts = {}
    assert facts == {}


def test_half_a_character_is_no_text() -> None:
    """`\\ud800` alone is written in JSON and is no character; no field of ours may take it."""
    for raw in (b'"\\ud800"', b'{"a": ["x\\udfffy"]}', b'{"\\udc00": 1}'):
        try:
            value = read_json(raw)
        except Unreadable:
            continue
        with pytest.raises(UnicodeEncodeError):
            json.dumps(value, ensure_ascii=False).encode()
    assert refused(text="\ud800") and refused(code="\ud800")


# ---- The shape ----------------------------------------------------------------------------------------------------


def test_what_fits_is_taken_as_it_was_sent() -> None:
    letter = read(text="𠮷野家 <b>' OR 1=1--", code="a.B_c-1", count=-(2**63), language="en")
    assert (letter.text, letter.code, letter.count) == ("𠮷野家 <b>' OR 1=1--", "a.B_c-1", -(2**63))


def test_text_is_kept_in_its_composed_form() -> None:
    assert read(text="e\u0301 \u212b").text == "é Å"
    assert read(text="\u1100\u1161").text == "가"


@pytest.mark.parametrize(
    "character",
    [
        "\0",
        "\n",
        "\r",
        "\t",
        "\x1b",
        "\x7f",
        "\x85",
        "\u00ad",
        "\u200b",
        "\u200d",
        "\u200e",
        "\u202a",
        "\u202e",
        "\u2066",
        "\u2069",
        "\u2028",
        "\u2029",
        "\ufeff",
        "\ue000",
        "\U000e0041",
        "\U000f0000",
        "\ud800",
    ],
    ids=ascii,
)
def test_a_character_that_is_not_seen_or_turns_the_text_is_refused(character: str) -> None:
    for text in (character, f"王{character}明"):
        assert refused(text=text)[0]["field"] == "text"


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("text", "", "string_too_short"),
        ("text", "王" * 201, "string_too_long"),
        ("text", None, "string_type"),
        ("text", 1, "string_type"),
        ("text", ["字"], "string_type"),
        ("code", "", "string_pattern_mismatch"),
        ("code", "a b", "string_pattern_mismatch"),
        ("code", "A1\n", "string_pattern_mismatch"),
        ("code", "é", "string_pattern_mismatch"),
        ("code", "x" * 65, "string_pattern_mismatch"),
        ("code", "../x", "string_pattern_mismatch"),
        ("id", "00000000-0000-7000-8000-00000000000A", "value_error"),
        ("id", "00000000-0000-7000-8000-000000000001\n", "value_error"),
        ("id", "{00000000-0000-7000-8000-000000000001}", "value_error"),
        ("language", "zh-cn", "string_pattern_mismatch"),
        ("count", True, "int_type"),
        ("count", 1.0, "int_type"),
        ("count", "1", "int_type"),
        ("count", None, "int_type"),
        ("mood", "good", "extra_forbidden"),
    ],
)
def test_a_wrong_field_is_named_with_what_is_wrong(field: str, value: object, code: str) -> None:
    assert refused(**{field: value}) == [{"field": field, "code": code}]


def test_nothing_but_an_object_is_a_letter() -> None:
    values: list[Any] = [[], "text", 1, None, True]
    for value in values:
        with pytest.raises(Invalid) as refusal:
            read_model(Letter, value)
        assert refusal.value.facts["errors"] == [{"field": "", "code": "model_type"}]


def test_every_wrong_field_is_named_up_to_twenty() -> None:
    assert len(refused(code="a b", count="1", language="fr")) == 3
    assert len(refused(**{f"more_{n}": n for n in range(100)})) == ERRORS_SHOWN_MAX


@given(st.text(min_size=1, max_size=28))
def test_no_refusal_repeats_what_was_sent(text: str) -> None:
    # Between marks that stand in no word of ours, so that nothing is found by chance.
    secret = f"»{text}«"
    facts = str(refused(code=secret, count=secret, language=secret))
    assert "»" not in facts and "«" not in facts and secret not in facts


def test_what_was_read_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        read().text = "other"
