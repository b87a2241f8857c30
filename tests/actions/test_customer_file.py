"""Head office's customer file: taken whole or not at all, and a refusal names lines, never values."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from lobby_server.customers import store, wire
from lobby_server.customers.actions import DryRun, TakeFile, Taken, take_customer_file
from lobby_server.customers.rules import Customer, Tag
from lobby_server.customers.wire import read_customer_file
from lobby_server.kernel.actor import system
from lobby_server.kernel.errors import Conflict, Invalid
from lobby_server.kernel.house import House
from tests import make
from tests.make import Cast

DAY = "2026-11-24"
MATURING = {"name": "deposit_maturing", "value": {"matures_on": "2026-12-24"}, "as_of": DAY}


def line(number: int, **changes: Any) -> dict[str, Any]:
    """The line of one customer."""
    return {
        "customer_no": f"C100{number}",
        "ref": f"{number:016x}",
        "name": "欧阳娜娜",
        "tier": "gold",
        "tags": [MATURING],
        **changes,
    }


def file_of(*lines: Any, as_of: str = DAY, end: str = "\n", **trailer: Any) -> bytes:
    """A file whose count and sum are right unless told otherwise. A line is an object or its raw bytes."""
    header = {"feed": "customers", "as_of": as_of, "source": "hq-crm"}
    raw = [
        each if isinstance(each, bytes) else json.dumps(each, ensure_ascii="\\ud" in ascii(each)).encode()
        for each in (header, *lines)
    ]
    content = b"".join(each + end.encode() for each in raw)
    told = {"count": len(lines), "sha256": hashlib.sha256(content).hexdigest(), **trailer}
    return content + json.dumps(told).encode() + end.encode()


def take(house: House, raw: bytes, *, is_dry: bool = False) -> Taken:
    file = read_customer_file(raw)
    return house.works.run(take_customer_file, TakeFile(file, is_dry=is_dry), system(make.HERE))


def found(house: House, number: int) -> Customer | None:
    with house.database.read() as db:
        return store.find_by_number(db, house.keys, f"C100{number}")


def rows(house: House) -> dict[str, int]:
    tables = ("customer", "customer_tag", "feed_taken", "audit")
    with house.database.read() as db:
        return {name: db.scalar(sa.text(f"SELECT count(*) FROM {name}")) or 0 for name in tables}


# ---- Taken --------------------------------------------------------------------------------------------------------


def test_a_good_file_enters_its_customers_as_head_office_describes_them(house: House, cast: Cast) -> None:
    assert take(house, file_of(line(1), line(2, name="𠮷野", tags=[]))) == Taken(2, 0, is_known=False)
    first, second = found(house, 1), found(house, 2)
    assert first is not None and second is not None
    assert (first.name, first.tier, first.tier_as_of) == ("欧阳娜娜", "gold", date(2026, 11, 24))
    assert first.tags == (Tag("deposit_maturing", {"matures_on": "2026-12-24"}, "hq-crm", date(2026, 11, 24)),)
    assert (second.name, second.tags) == ("𠮷野", ())
    with house.database.read() as db:
        assert store.find_by_ref(db, house.keys, bytes.fromhex(f"{2:016x}")) == second


def test_a_later_file_changes_whom_it_names_and_leaves_the_others(house: House, cast: Cast) -> None:
    take(house, file_of(line(1), line(2)))
    before = found(house, 1)
    taken = take(house, file_of(line(1, tier="private", tags=[], name="欧阳"), line(3), as_of="2026-11-25"))
    assert taken == Taken(1, 1, is_known=False)
    changed = found(house, 1)
    assert before is not None and changed is not None
    assert (changed.id, changed.tier, changed.tags, changed.name) == (before.id, "private", (), "欧阳")
    untouched = found(house, 2)
    assert untouched is not None and untouched.tier_as_of == date(2026, 11, 24)


def test_the_same_file_again_changes_nothing_at_all(house: House, cast: Cast) -> None:
    raw = file_of(line(1))
    take(house, raw)
    before = rows(house)
    assert take(house, raw) == Taken(0, 0, is_known=True)
    assert rows(house) == before


def test_a_second_file_of_the_same_day_is_taken(house: House, cast: Cast) -> None:
    take(house, file_of(line(1)))
    assert take(house, file_of(line(1, tier="diamond"))) == Taken(0, 1, is_known=False)


def test_a_file_of_an_earlier_day_is_refused(house: House, cast: Cast) -> None:
    take(house, file_of(line(1)))
    before = rows(house)
    with pytest.raises(Conflict, match="file_older") as refused:
        take(house, file_of(line(1, tier="ordinary"), as_of="2026-11-23"))
    assert refused.value.facts == {"newest": DAY, "as_of": "2026-11-23"}
    assert rows(house) == before


def test_a_file_without_customers_is_a_file(house: House, cast: Cast) -> None:
    assert take(house, file_of()) == Taken(0, 0, is_known=False)


def test_a_dry_run_tells_the_same_and_keeps_nothing(house: House, cast: Cast) -> None:
    take(house, file_of(line(1)))
    before = rows(house)
    raw = file_of(line(1, tier="private"), line(2), as_of="2026-11-25")
    with pytest.raises(DryRun) as dry:
        take(house, raw, is_dry=True)
    assert dry.value.taken == Taken(1, 1, is_known=False)
    assert rows(house) == before
    assert take(house, raw) == Taken(1, 1, is_known=False)


def test_a_handle_that_belongs_to_somebody_else_is_refused_and_nothing_is_taken(house: House, cast: Cast) -> None:
    take(house, file_of(line(1), line(2)))
    before = rows(house)
    for raw in (
        file_of(line(3), line(4, ref=f"{1:016x}"), as_of="2026-11-25"),
        file_of(line(3), line(1, ref=f"{2:016x}"), line(2, ref=f"{1:016x}"), as_of="2026-11-25"),
    ):
        with pytest.raises(Conflict, match="ref_taken"):
            take(house, raw)
        assert rows(house) == before


def test_many_customers_fit_into_one_file(house: House, cast: Cast) -> None:
    many = [
        line(n, customer_no=f"C{n}", ref=f"{n:016x}") for n in range(10_000, 10_000 + 2 * store.ROWS_A_STATEMENT + 1)
    ]
    assert take(house, file_of(*many)).added == len(many)
    assert take(house, file_of(*many, as_of="2026-11-25")).changed == len(many)


def test_what_names_a_person_is_kept_sealed(house: House, cast: Cast) -> None:
    take(house, file_of(line(1)))
    with house.database.read() as db:
        stored = "\n".join(repr(row) for name in rows(house) for row in db.execute(sa.text(f"SELECT * FROM {name}")))
    assert "欧阳" not in stored and "C1001" not in stored


# ---- Wrong --------------------------------------------------------------------------------------------------------

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
    assert len(read_customer_file(file_of(line(1), line(2), end="\r\n")).customers) == 2


def test_a_file_whose_last_line_feed_is_missing_is_whole() -> None:
    assert read_customer_file(GOOD[:-1]) == read_customer_file(GOOD)


SECRET = "6225880137001234"
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


def test_every_wrong_line_is_named_up_to_fifty() -> None:
    wrong = [line(n, customer_no=f"C{n}", ref=f"{n:016x}", tier="x") for n in range(60)]
    with pytest.raises(Invalid) as refused:
        read_customer_file(file_of(*wrong))
    named: Any = refused.value.facts["lines"]
    assert refused.value.facts["count"] == 60
    assert [each["line"] for each in named] == list(range(2, 2 + wire.LINES_NAMED_MAX))


@pytest.mark.parametrize(("field", "code"), [("customer_no", "customer_no_twice"), ("ref", "ref_twice")])
def test_a_customer_who_stands_there_twice_is_named_at_the_second_place(field: str, code: str) -> None:
    second = line(3, **{field: line(1)[field]})
    for lines, place in (((line(1), line(2), second), 4), ((line(1), b"{", line(2), second), 5)):
        with pytest.raises(Invalid) as refused:
            read_customer_file(file_of(*lines))
        named: Any = refused.value.facts["lines"]
        assert {"line": place, "code": code, "errors": []} in named


def test_nothing_is_taken_when_one_line_of_many_is_wrong(house: House, cast: Cast) -> None:
    before = rows(house)
    with pytest.raises(Invalid, match="file_lines"):
        take(house, file_of(*(line(n) for n in range(9)), line(9, tier="x")))
    assert rows(house) == before


def test_a_file_that_is_too_long_is_not_even_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "FILE_BYTES_MAX", len(GOOD))
    assert len(read_customer_file(GOOD).customers) == 3
    with pytest.raises(Invalid, match="file_too_long"):
        read_customer_file(GOOD + b" ")
