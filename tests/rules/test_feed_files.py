"""Reading a file of head office: whole and right, or refused by line numbers and never by values."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from lobby_server.customers.wire import read_customer_file
from lobby_server.doors import feeds
from lobby_server.kernel.errors import Invalid
from tests.feeds import DAY, MATURING, RICH, file_of, line

GOOD = file_of(line(1), line(2), line(3))
PARTS = GOOD.splitlines(keepends=True)

BROKEN: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "file_cut"),
    "a line feed": (b"\n", "file_cut"),
    "one line": (PARTS[0], "file_cut"),
    "without a trailer": (b"".join(PARTS[:-1]), "file_cut"),
    "without a header": (b"".join(PARTS[1:]), "file_cut"),
    "cut in a line": (GOOD[: len(GOOD) // 2], "file_cut"),
    "cut in the trailer": (GOOD[:-10], "file_cut"),
    "a byte order mark": (b"\xef\xbb\xbf" + GOOD, "file_cut"),
    "in another code": (GOOD.decode().encode("utf-16"), "file_cut"),
    "of another feed": (GOOD.replace(b'"customers"', b'"staff"', 1), "file_cut"),
    "a header with more": (GOOD.replace(b'"source"', b'"x": 1, "source"', 1), "file_cut"),
    "a day that is none": (GOOD.replace(b"2026-11-24", b"2026-02-30", 1), "file_cut"),
    "two files in one": (GOOD + GOOD, "file_altered"),
    "a line out": (b"".join(PARTS[:2] + PARTS[3:]), "file_altered"),
    "a line twice": (b"".join([*PARTS[:2], PARTS[1], *PARTS[2:]]), "file_altered"),
    "two lines changed places": (b"".join([PARTS[0], PARTS[2], PARTS[1], *PARTS[3:]]), "file_altered"),
    "one letter": (GOOD.replace(b"gold", b"bold", 1), "file_altered"),
    "line ends of another system": (GOOD.replace(b"\n", b"\r\n"), "file_altered"),
    "an empty line": (GOOD.replace(b"\n", b"\n\n", 1), "file_altered"),
    "a wrong count": (file_of(line(1), count=2), "file_altered"),
    "a wrong sum": (file_of(line(1), sha256="0" * 64), "file_altered"),
    "a sum of another file": (file_of(line(1), sha256=hashlib.sha256(b"x").hexdigest()), "file_altered"),
    "a truth for a count": (file_of(line(1), count=True), "file_cut"),
    "something after the end": (GOOD + b"{}\n", "file_cut"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_file_that_is_not_whole_is_refused(how: str) -> None:
    raw, code = BROKEN[how]
    with pytest.raises(Invalid) as refused:
        read_customer_file(raw)
    assert refused.value.code == code


def test_any_one_byte_that_changed_on_the_way_is_found() -> None:
    missed = []
    for at in range(len(GOOD) - 1):
        altered = GOOD[:at] + bytes([GOOD[at] ^ 0x01]) + GOOD[at + 1 :]
        try:
            read_customer_file(altered)
        except Invalid:
            continue
        missed.append(altered[at - 5 : at + 5])
    assert missed == []


def test_a_file_with_line_ends_of_another_system_throughout_is_read() -> None:
    assert len(read_customer_file(file_of(line(1), line(2), end="\r\n")).lines) == 2


def test_a_file_whose_last_line_feed_is_missing_is_whole() -> None:
    assert read_customer_file(GOOD[:-1]) == read_customer_file(GOOD)


SECRET = "6225880137001237"
WRONG_LINES: dict[str, Any] = {
    "no JSON": b"{",
    "a value twice": b'{"customer_no":"C1","customer_no":"C1"}',
    "in another code": '{"name":"王"}'.encode("gb18030"),
    "a list": [SECRET],
    "a missing field": {"customer_no": "C1"},
    "a field more": line(9, id_number=SECRET),
    "an unknown tier": line(9, tier=SECRET),
    "no tier": line(9, tier=None),
    "a number with a space": line(9, customer_no=f"C {SECRET}"),
    "a number that is one": line(9, customer_no=9),
    "a short handle": line(9, ref="00"),
    "a handle in capitals": line(9, ref="ABCDEF0123456789"),
    "an empty name": line(9, name=""),
    "a long name": line(9, name="王" * 201),
    "a name with a line end": line(9, name=f"王\n{SECRET}"),
    "a name that turns around": line(9, name=f"王\u202e{SECRET}"),
    "a name with nothing in it": line(9, name="王\u200b"),
    "half a character": line(9, name="王\ud800"),
    "a tag twice": line(9, tags=[MATURING, MATURING]),
    "a tag without a day": line(9, tags=[{"name": "vulnerable", "value": {}}]),
    "a tag in capitals": line(9, tags=[{**MATURING, "name": "Vulnerable"}]),
    "a tag that is deep": line(9, tags=[{**MATURING, "value": {"a": {"b": SECRET}}}]),
    "a tag with half a figure": line(9, tags=[{**MATURING, "value": {"amount": 0.5}}]),
    "a card number for a name": line(9, name=SECRET),
    "a card number in a tag": line(9, tags=[{**MATURING, "value": {"card": "6225 8801 3700 1237"}}]),
    "an ID number for a token": line(9, credentials=[{"kind": "id_token", "token": "11010519491231002X"}]),
    "a card for a token": line(9, credentials=[{"kind": "card_token", "token": SECRET}]),
    "an amount for a band": line(9, accounts=[{"kind": "savings", "band": "130000", "currency": "CNY"}]),
    "an amount beside a band": line(9, accounts=[{"kind": "x", "band": "1m_6m", "currency": "CNY", "amount": 5}]),
    "a rating without a day": line(9, risk_rating=3),
    "a rating above five": line(9, risk_rating=6, rated_on=DAY),
    "an unknown purpose": line(9, consents=[{**RICH["consents"][0], "purpose": "everything"}]),
    "a moment without a zone": line(9, consents=[{**RICH["consents"][0], "given_at": "2026-03-01T02:00:00"}]),
    "a zero byte": b'{"customer_no": "C\x00"}',
    "a zero in letters": line(9, name="王\u0000"),
    "a long line": b" " * 20_000,
    "many tags": line(9, tags=[{**MATURING, "name": f"t{'x' * n}"} for n in range(31)] * 2),
}


def _raw(each: Any) -> bytes:
    """The bytes of a line; half a character stays the six letters that stand for it."""
    return each if isinstance(each, bytes) else json.dumps(each, ensure_ascii="\\ud800" in repr(each)).encode()


@pytest.mark.parametrize("how", WRONG_LINES)
def test_a_wrong_line_is_named_by_its_number_and_its_value_by_nothing(how: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_customer_file(file_of(line(1), WRONG_LINES[how], line(3)))
    assert refused.value.code == "file_lines"
    lines: Any = refused.value.facts["lines"]
    assert [each["line"] for each in lines] == [3]
    assert SECRET not in repr(refused.value.facts) and "王" not in repr(refused.value.facts)


def test_every_wrong_line_is_named_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "LINES_NAMED_MAX", 50)
    wrong = [line(n, customer_no=f"C{n}", ref=f"{n:016x}", tier="x") for n in range(60)]
    with pytest.raises(Invalid) as refused:
        read_customer_file(file_of(*wrong))
    named: Any = refused.value.facts["lines"]
    assert refused.value.facts["count"] == 60
    assert [each["line"] for each in named] == list(range(2, 2 + feeds.LINES_NAMED_MAX))


@pytest.mark.parametrize(
    ("field", "code"), [("customer_no", "customer_no_twice"), ("ref", "ref_twice"), ("credentials", "credential_twice")]
)
def test_a_customer_who_stands_there_twice_is_named_at_the_second_place(field: str, code: str) -> None:
    first = line(1, credentials=RICH["credentials"][:1])
    second = line(3, **{field: first[field]})
    for lines, place in (((first, line(2), second), 4), ((first, b"{", line(2), second), 5)):
        with pytest.raises(Invalid) as refused:
            read_customer_file(file_of(*lines))
        named: Any = refused.value.facts["lines"]
        assert {"line": place, "code": code, "errors": []} in named


def test_a_file_that_is_too_long_is_not_even_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "FILE_BYTES_MAX", len(GOOD))
    assert len(read_customer_file(GOOD).lines) == 3
    with pytest.raises(Invalid, match="file_too_long"):
        read_customer_file(GOOD + b" ")
